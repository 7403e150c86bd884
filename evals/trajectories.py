"""Trajectories of a run, one folder a case, also of failures; as cassettes they replay without a model.

``trajectory.json`` says which solver and model it was and what its replies depend on (``Basis``), ``coding.json`` is the
answer, ``trace.jsonl`` the steps. A cassette whose basis is not today's is stale and is refused.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from evals.case import EvalCase, SolvedCase
from evals.results import CaseResult
from knowledge.records import Record

if TYPE_CHECKING:
    from agent.trace import TraceEvent
    from knowledge.bookshelf import Bookshelf

FOLDER = "trajectories"


class StaleCassetteError(Exception):
    """A recording can not be replayed: the message says which case, what changed, and what to do."""


class Basis(Record):
    """What recorded replies depend on: prompts by name, the tools as a model is told them, the shipped tables."""

    prompts: dict[str, str]
    tools: str
    tables: str

    def agree(self, today: "Basis", case: str, *, over_changes: bool) -> None:
        """Refuse a recording that was made on another basis; changed tables alone may be replayed over.

        Raises:
            StaleCassetteError: prompts or tools have changed, or tables have and ``over_changes`` is false.
        """
        names = sorted(
            n for n in {*self.prompts, *today.prompts} if self.prompts.get(n) != today.prompts.get(n)
        )
        changed = [f"prompt {n}" for n in names] + (["the tools"] if self.tools != today.tools else [])
        if changed:
            raise StaleCassetteError(f"{case}: recorded before {', '.join(changed)} changed; record it again")
        if self.tables != today.tables and not over_changes:
            raise StaleCassetteError(
                f"{case}: recorded over other tables ({self.tables}, now {today.tables}); record it again, or "
                "replay with --over-changes to see what moves"
            )


def basis_of(shelf: "Bookshelf") -> Basis:
    """Today's basis."""
    from agent.prompts import prompt_hashes

    return Basis(prompts=prompt_hashes(), tools=_tools(), tables=shelf.store.path.stem.rpartition("-")[2])


@cache
def _tools() -> str:
    from langchain_core.utils.function_calling import convert_to_openai_tool

    from tools import load_tools

    said = [convert_to_openai_tool(tool) for tool in load_tools()]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def folder_name(case_id: str) -> str:
    """A case's id as the name of a folder; what a file system may not take is replaced, and a digest keeps names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", case_id)[:80].lstrip(".")
    return plain if plain == case_id else f"{plain}-{hashlib.sha256(case_id.encode()).hexdigest()[:8]}"


def save_trajectory(
    out: Path,
    case: EvalCase,
    result: CaseResult,
    *,
    answer: SolvedCase | None,
    steps: Iterable[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> None:
    """Write one case's folder under ``out/trajectories``; ``about`` are solver, model, basis and limits of the run."""
    folder = out / FOLDER / folder_name(case.id)
    folder.mkdir(parents=True, exist_ok=True)
    if answer is not None:
        (folder / "coding.json").write_bytes(orjson.dumps(answer.coding, option=orjson.OPT_INDENT_2))
    (folder / "trace.jsonl").write_bytes(_trace(steps))
    told = {"id": case.id, **about, "status": result.status, "seconds": result.seconds, "failure": None}
    if result.failure is not None:
        told["failure"] = result.failure.model_dump(mode="json")
    (folder / "trajectory.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def _trace(steps: Iterable[Mapping[str, Any]]) -> bytes:
    """An agent's events as ``superbill trace`` reads them (sealed); other solvers' steps as they are."""
    from agent.trace import TraceEvent, dump_trace

    rows = list(steps)
    if rows and "facts" in {row.get("event") for row in rows}:
        return dump_trace(TraceEvent.model_validate(row) for row in rows)
    return b"".join(orjson.dumps(row, default=str) + b"\n" for row in rows)


@dataclass(frozen=True, kw_only=True)
class Cassette:
    """A recorded run of the agent on one case."""

    basis: Basis
    events: tuple["TraceEvent", ...]


def load_cassette(out: Path, case_id: str) -> Cassette:
    """The recording of a case under the folder of a run.

    Raises:
        StaleCassetteError: there is none, it is of a failure, or it can not be read.
    """
    from agent.trace import TraceError, load_trace

    folder = out / FOLDER / folder_name(case_id)
    try:
        told = orjson.loads((folder / "trajectory.json").read_bytes())
        return Cassette(basis=Basis.model_validate(told["basis"]), events=load_trace(folder / "trace.jsonl"))
    except OSError as error:
        raise StaleCassetteError(f"{case_id}: no trajectory in {out}; record it again") from error
    except (KeyError, ValidationError, TraceError, orjson.JSONDecodeError) as error:
        raise StaleCassetteError(
            f"{case_id}: its trajectory can not be replayed ({type(error).__name__})"
        ) from error
