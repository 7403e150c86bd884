"""Examples as the lines of training files: Bedrock conversations, preferences, records for reinforcement fine-tuning.

The prompt is the one that ``eval run --solver model_alone`` asks, so that what is trained is what is measured.
"""

import re
import string
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final, Literal

import orjson

from evals.solvers.model_alone import PROMPT, Said
from evals.train.records import Example, TrainError

Json = dict[str, Any]
Format = Literal["bedrock-conversation-2024", "tool-traces", "preferences", "reinforcement"]
FORMATS: Final[tuple[Format, ...]] = (
    "bedrock-conversation-2024",
    "tool-traces",
    "preferences",
    "reinforcement",
)
SCHEMA: Final = "bedrock-conversation-2024"
_MARK: Final = "Encounter: "
RESERVED: Final = re.compile(r"(?m)^(User|Bot|Assistant|System):|<(image|video)>|\[EOS\]")
"""What Nova reads as its own marks (fine-tuning guide): it may stand in no text."""


@cache
def _parts() -> tuple[str, string.Template]:
    """The prompt's task, and what is filled in for each encounter."""
    task, mark, rest = PROMPT.read_text(encoding="utf-8").partition(_MARK)
    if not mark:
        raise TrainError(f"{PROMPT.name} has no line {_MARK!r}; the export can not tell task from encounter")
    return task.strip(), string.Template(mark + rest)


def system_text() -> str:
    """The task, as the system message."""
    return _parts()[0]


def user_text(example: Example) -> str:
    """The encounter, as the user's message."""
    told = orjson.dumps(example.context).decode()
    return unreserved(_parts()[1].substitute(context=told, note=example.note).strip())


def unreserved(text: str) -> str:
    """The text with the model's own marks written so that they are none."""
    return RESERVED.sub(lambda m: f"{m[1]} -" if m[1] else f"({m[0].strip('<>[]')})", text)


def answer_text(said: Said) -> str:
    """A coding as the model is to write it: the asked JSON; a quote that there is none of is left out."""
    body = said.model_dump(mode="json")
    for row in (*body["diagnoses"], *body["lines"]):
        if not row["quote"]:
            del row["quote"]
    return unreserved(orjson.dumps(body).decode())


def conversation(example: Example) -> Iterator[Json]:
    """Supervised fine-tuning: the coding to learn. A negative example has none and is left out."""
    if example.chosen is not None:
        yield {
            "schemaVersion": SCHEMA,
            "system": [{"text": system_text()}],
            "messages": [
                {"role": "user", "content": [{"text": user_text(example)}]},
                {"role": "assistant", "content": [{"text": answer_text(example.chosen)}]},
            ],
        }


def preferences(example: Example) -> Iterator[Json]:
    """Pairs, where there is a right coding and a wrong one; else the one with its verdict (``label``)."""
    prompt = [{"role": "system", "content": system_text()}, {"role": "user", "content": user_text(example)}]
    if example.chosen is not None and example.rejected:
        for wrong in example.rejected:
            yield {
                "prompt": prompt,
                "chosen": [_assistant(example.chosen)],
                "rejected": [_assistant(wrong)],
                "why": list(example.why),
            }
    else:
        said = (
            [(example.chosen, True)] if example.chosen is not None else [(w, False) for w in example.rejected]
        )
        for coding, right in said:
            yield {
                "prompt": prompt,
                "completion": [_assistant(coding)],
                "label": right,
                "why": list(example.why),
            }


def _assistant(said: Said) -> Json:
    return {"role": "assistant", "content": answer_text(said)}


def reinforcement(example: Example) -> Iterator[Json]:
    """Reinforcement fine-tuning: the prompt, and the gold that the grader Lambda scores an answer by."""
    if example.chosen is not None:
        yield {
            "id": example.id,
            "messages": [
                {"role": "system", "content": system_text()},
                {"role": "user", "content": user_text(example)},
            ],
            "reference_answer": {"context": example.context, "gold": gold(example)},
        }


def gold(example: Example) -> Json:
    """The coding to learn in the shape of an eval case's gold; wrong codes of the same visit must not come back.

    Raises:
        TrainError: the example has none.
    """
    said = example.chosen
    if said is None:
        raise TrainError("a negative example has no gold")
    codes = [d.code for d in said.diagnoses]
    wrong = {d.code for r in example.rejected for d in r.diagnoses} | {
        x.code for r in example.rejected for x in r.lines
    }
    right = {*codes, *(x.code for x in said.lines)}
    found: Json = {
        "icd10": {"must": codes, "may": codes, "first": codes[0] if codes else None},
        "em": {"codes": [said.em]} if said.em else None,
        "lines": [
            {"code": x.code, "modifiers": list(x.modifiers), "units": x.units}
            for x in said.lines
            if x.code != said.em
        ],
        "links": {x.code: list(x.diagnoses) for x in said.lines if x.diagnoses},
    }
    if wrong - right:
        found["must_not"] = sorted(wrong - right)
    return found


def held_out(examples: Sequence[Example]) -> Iterator[Json]:
    """The test split as eval cases, for the gate before a model is promoted."""
    for one in examples:
        if one.split == "test" and one.chosen is not None:
            yield {
                "id": f"held-out-{one.id}",
                "note": one.note,
                "context": one.context,
                "gold": gold(one),
                "dataset": "held_out",
            }


RENDER: Final[dict[str, Callable[[Example], Iterator[Json]]]] = {
    "bedrock-conversation-2024": conversation,
    "preferences": preferences,
    "reinforcement": reinforcement,
}


def faults(line: Json) -> list[str]:
    """What Bedrock would refuse in a line of a conversation file; empty when it is well formed."""
    messages = line.get("messages", [])
    roles = [m["role"] for m in messages]
    wanted = ["user", "assistant"] * (len(roles) // 2)
    found = [] if roles and roles == wanted else ["turns do not go from user to assistant by turns"]
    if line.get("schemaVersion") != SCHEMA:
        found.append("schemaVersion is not the constant")
    texts = [b["text"] for m in messages for b in m["content"] if "text" in b]
    if any(RESERVED.search(t) for t in (*texts, *(s["text"] for s in line.get("system", [])))):
        found.append("a text holds one of the model's own marks")
    if any(not b for m in messages for b in (m["content"],)):
        found.append("a turn is empty")
    return found
