"""What requests carry and answers hold."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.state import Reason
from tools.amend import Edit

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Sha = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Body(BaseModel):
    """A JSON object without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class Submission(Body):
    """An encounter to code.

    ``encounter`` is a FHIR R4 Bundle, ``{"note": text}`` with ``context``, or ``Encounter/<id>`` of the configured
    FHIR server; ``context`` has the keys of ``superbill code --context``.
    """

    encounter: dict[str, Any] | str
    context: dict[str, Any] | None = None


class DecisionBody(Body):
    """A person's decision on the claim with this hash; ``edits`` with amend, ``rule`` with override."""

    action: Literal["approve", "reject", "amend", "override"]
    claim_sha256: Sha
    reason: Annotated[str, Field(max_length=2000)] = ""
    edits: Annotated[tuple[Edit, ...], Field(max_length=50)] = ()
    rule: Annotated[str, Field(max_length=80)] = ""


class PreviewBody(Body):
    """Edits to try; nothing is changed."""

    edits: Annotated[tuple[Edit, ...], Field(min_length=1, max_length=50)]


class Question(Body):
    """A question about an encounter, as typed."""

    question: Annotated[str, Field(min_length=1, max_length=1000)]


class AnswerBody(Body):
    """A physician's answer to a query."""

    text: Text


class DismissBody(Body):
    """Why a query need not be asked."""

    reason: Text


class EncounterStatus(BaseModel):
    """Where an encounter stands; ``status`` is queued, running or failed until it is coded."""

    id: str
    status: Literal["queued", "running", "failed", "emitted", "held", "blocked", "rejected"]
    error: str | None = None
    claim_sha256: str | None = None
    reasons: tuple[Reason, ...] = ()
    artifacts: dict[str, str] = {}


class Row(BaseModel):
    """A row of the worklist."""

    id: str
    status: str
    reasons: tuple[Reason, ...]
    date_of_service: str
    payer: str
    amount: str
    leased_by: str | None


class Worklist(BaseModel):
    """A page of the worklist."""

    items: tuple[Row, ...]


class QueryRow(BaseModel):
    """A question to a provider."""

    id: str
    encounter: str
    question: str
    why: str
    status: str
    answer: str | None


class Queries(BaseModel):
    """Questions to the providers."""

    items: tuple[QueryRow, ...]


class Said(BaseModel):
    """An answer in chat: its text, its machine-readable facts, and whether the question was understood."""

    text: str
    understood: bool
    facts: dict[str, Any]


class Fault(BaseModel):
    """An error: one line for people."""

    error: str
