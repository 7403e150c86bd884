"""The model alone: one prompt, one JSON answer, no tools and no self-check; what the agent adds is the difference."""

import re
import string
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel, ConfigDict

from evals.case import BrokenSolverError, EvalCase, SolvedCase
from evals.scorers.visits import is_visit

PROMPT = Path(__file__).parents[1] / "templates" / "model_alone.md"


class NoAnswerError(Exception):
    """The model's reply holds no JSON object of the asked shape."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SaidDiagnosis(_Said):
    """A diagnosis as the model gave it."""

    code: str
    quote: str = ""


class SaidLine(_Said):
    """A line as the model gave it."""

    code: str
    modifiers: tuple[str, ...] = ()
    units: float = 1
    diagnoses: tuple[str, ...] = ()
    quote: str = ""


class SaidRejected(_Said):
    """A candidate the model turned down."""

    code: str
    reason: str = ""


class Said(_Said):
    """The model's whole answer."""

    diagnoses: tuple[SaidDiagnosis, ...] = ()
    em: str | None = None
    lines: tuple[SaidLine, ...] = ()
    rejected: tuple[SaidRejected, ...] = ()
    queries: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelAlone:
    """Asks a chat model once a case."""

    model: BaseChatModel
    spec: str

    def __call__(self, case: EvalCase) -> SolvedCase:
        """Code one case.

        Raises:
            BrokenSolverError: the model's provider failed, or its reply is no answer; the steps hold the reply.
        """
        started = time.perf_counter()
        prompt = prompt_of(case)
        reply = self.model.invoke([HumanMessage(prompt)])
        seconds = time.perf_counter() - started
        steps = ({"event": "prompt", "text": prompt}, {"event": "reply", "text": str(reply.text)})
        try:
            said = read_reply(str(reply.text))
        except NoAnswerError as error:
            raise BrokenSolverError(steps) from error
        coding = as_coding(said, case)
        return SolvedCase(coding=coding, seconds=seconds, usage=self._usage(reply), steps=steps)

    def _usage(self, reply: AIMessage) -> dict[str, float]:
        from agent.models.prices import cost_usd

        used = reply.usage_metadata
        if not used:
            return {}
        cost = Decimal(0) if self.spec == "rules" else cost_usd(self.spec, reply)
        return {
            "input_tokens": used["input_tokens"],
            "output_tokens": used["output_tokens"],
            "cost_usd": float(cost),
        }


def prompt_of(case: EvalCase) -> str:
    """The task with a case's context and note filled in."""
    template = string.Template(PROMPT.read_text(encoding="utf-8"))
    return template.substitute(context=orjson.dumps(case.context).decode(), note=case.note)


def read_reply(text: str) -> Said:
    """The JSON object of a reply, with or without a code fence around it.

    Raises:
        NoAnswerError: there is none, or a key has another shape.
    """
    found = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        return Said.model_validate(orjson.loads(found.group() if found else ""))
    except ValueError as error:
        raise NoAnswerError("no JSON object of the asked shape") from error


def as_coding(said: Said, case: EvalCase) -> dict[str, Any]:
    """The answer in the shape of coding.json; a quotation that is not in the note becomes evidence that fails."""
    place = {d.code: n for n, d in reversed(list(enumerate(said.diagnoses, 1)))}
    visit = said.em or next((line.code for line in said.lines if is_visit(line.code)), None)
    return {
        "status": "draft",
        "date_of_service": case.context.get("date_of_service"),
        "diagnoses": [
            {"sequence": n, "code": d.code, "evidence": _evidence(d.quote, case.note)}
            for n, d in enumerate(said.diagnoses, 1)
        ],
        "service_lines": [
            {
                "line": n,
                "code": line.code,
                "modifiers": [{"code": m} for m in line.modifiers],
                "units": line.units,
                "pointers": [place[d] for d in line.diagnoses if d in place],
                "evidence": _evidence(line.quote, case.note),
            }
            for n, line in enumerate(said.lines, 1)
        ],
        "em": {"code": visit} if visit else None,
        "rejected": [r.model_dump() for r in said.rejected],
        "queries": [{"question": q} for q in said.queries],
    }


def _evidence(quote: str, note: str) -> list[dict[str, Any]]:
    if not quote:
        return []
    start = note.find(quote)
    end = start + len(quote) if start >= 0 else -1
    return [{"kind": "note", "document": "note", "text": quote, "start": start, "end": end}]
