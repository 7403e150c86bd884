"""CaseView: one coded encounter as its output folder tells it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from agent import vault
from agent.coding import CodedDiagnosis, CodedLine, Coding
from agent.replay.recorded import of_kind, recorded_facts
from agent.trace import TraceError, TraceEvent, load_trace
from tools.encounter import EncounterFacts

Json = dict[str, Any]


@dataclass(frozen=True)
class CaseView:
    """What was coded and how.

    Attributes:
        coding: the result (coding.json).
        events: the decision trace.
        where: the folder, for messages.
        against: an earlier run of the same encounter, when one was given to compare with.
    """

    coding: Coding
    events: tuple[TraceEvent, ...]
    where: str = ""
    against: "CaseView | None" = None

    @cached_property
    def facts(self) -> EncounterFacts:
        """What was gathered."""
        return recorded_facts(self.events)

    @cached_property
    def mentions(self) -> tuple[Json, ...]:
        """Everything the note's reader found, as the coder was told (the last reading counts)."""
        read = [e for e in of_kind(self.events, "answer") if e.data["tool"] == "read_note" and e.data["ok"]]
        if not read:
            return ()
        return tuple(m for d in orjson.loads(read[-1].data["content"])["documents"] for m in d["mentions"])

    def diagnosis(self, code: str) -> CodedDiagnosis | None:
        """The diagnosis with this code."""
        return next((d for d in self.coding.diagnoses if d.code == code), None)

    def lines(self, code: str) -> tuple[CodedLine, ...]:
        """The lines with this code."""
        return tuple(x for x in self.coding.service_lines if x.code == code)

    def on_claim(self, code: str) -> bool:
        """Whether the code is billed."""
        return self.diagnosis(code) is not None or bool(self.lines(code))


def load_view(out: Path, against: Path | None = None) -> CaseView:
    """The case of an output folder.

    Args:
        out: the folder ``superbill code`` wrote.
        against: the folder of another run of the same encounter.

    Raises:
        TraceError: a file is missing, altered, or of another encounter.
    """
    view = CaseView(_coding(out), load_trace(out), str(out))
    if against is None:
        return view
    other = CaseView(_coding(against), load_trace(against), str(against))
    if other.coding.encounter_id != view.coding.encounter_id:
        raise TraceError(f"{against}: is of another encounter than {out}; give two runs of the same one")
    return CaseView(view.coding, view.events, view.where, other)


def _coding(out: Path) -> Coding:
    path = out / "coding.json"
    try:
        return Coding.model_validate(orjson.loads(vault.read(path)))
    except OSError as error:
        raise TraceError(f"{path}: can not be read ({error.strerror}); give an output folder") from error
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise TraceError(f"{path}: is no coding of this version; code the encounter again") from error
