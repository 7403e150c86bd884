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
    place_of_service: str = ""
    pointers: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""
    confidence: float | None = None


class Element(_Part):
    """An element of decision making."""

    level: str = ""


class Visit(_Part):
    """The problem-oriented visit; its elements are None where the solver gives none."""

    code: str
    basis: str = ""
    problems: Element | None = None
    data: Element | None = None
    risk: Element | None = None
    explanation: str = ""


class Rejected(_Part):
    """A candidate that was turned down."""

    code: str
    reason: str = ""
    rule: str = ""


class Query(_Part):
    """A question to the provider."""

    question: str
    why: str = ""


class Opportunity(_Part):
    """A service that may be billable with more documentation."""

    code: str
    documented: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Finding(_Part):
    """A verdict of the self-check."""

    rule: str
    level: str
    codes: tuple[str, ...] = ()
    line: int | None = None
    override: dict[str, Any] | None = None


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
    queries: tuple[Query, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    findings: tuple[Finding, ...] = ()
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
