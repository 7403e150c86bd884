"""The part of coding.json that is scored, read leniently: keys that are not scored are ignored."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Evidence(_Part):
    """One piece of evidence of any kind."""

    kind: str
    text: str = ""
    document: str = ""
    start: int = -1
    end: int = -1
    segment: str = ""
    reference: str = ""


class Diagnosis(_Part):
    """A diagnosis of the answer."""

    sequence: int
    code: str
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""
    confidence: float | None = None


class Modifier(_Part):
    """A modifier of a line."""

    code: str


class Line(_Part):
    """A service line of the answer; ``pointers`` are diagnosis sequences, best first."""

    line: int = 0
    code: str
    modifiers: tuple[Modifier, ...] = ()
    units: float = 1.0
    pointers: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""
    confidence: float | None = None


class Visit(_Part):
    """The problem-oriented visit."""

    code: str
    explanation: str = ""


class Rejected(_Part):
    """A candidate that was turned down."""

    code: str
    reason: str = ""
    rule: str = ""


class Reason(_Part):
    """Why a person must look."""

    kind: str
    text: str = ""


class Review(_Part):
    """The review block."""

    required: bool = False
    reasons: tuple[Reason, ...] = ()


class Answer(_Part):
    """What is scored of a coded encounter."""

    status: str = ""
    date_of_service: str | None = None
    editions: dict[str, str] = {}
    diagnoses: tuple[Diagnosis, ...] = ()
    service_lines: tuple[Line, ...] = ()
    em: Visit | None = None
    rejected: tuple[Rejected, ...] = ()
    review: Review = Review()

    @property
    def codes(self) -> tuple[str, ...]:
        """The diagnosis codes, in order."""
        return tuple(d.code for d in self.diagnoses)

    def pointed(self, line: Line) -> tuple[str, ...]:
        """The diagnosis codes a line points to, best first."""
        by_sequence = {d.sequence: d.code for d in self.diagnoses}
        return tuple(by_sequence[p] for p in line.pointers if p in by_sequence)


def read_answer(coding: Mapping[str, Any]) -> Answer:
    """Read a result in the shape of coding.json.

    Raises:
        pydantic.ValidationError: a scored key has another shape.
    """
    return Answer.model_validate(dict(coding))


EMPTY = Answer()
