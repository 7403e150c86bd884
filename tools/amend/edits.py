"""Edits: the small operations by which a person (or a what-if) changes a proposal.

Edits are applied one after the other; numbers mean the proposal as the edits before have left it.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from knowledge.records import Record


class EditError(Exception):
    """An edit can not be made: which one, why, what to do."""


class Quote(Record):
    """What a person cites: exact words of a document, or a reference of the history.

    ``document`` may be left out when the words stand in one document only; ``start`` when they stand there once or
    the first place is meant.
    """

    quote: str | None = None
    document: str | None = None
    start: int | None = None
    reference: str | None = None


class AddDiagnosis(Record):
    """A diagnosis that was missed; at the end unless ``at`` names its sequence."""

    op: Literal["add_diagnosis"] = "add_diagnosis"
    code: str
    evidence: tuple[Quote, ...]
    at: int | None = None
    rationale: str = ""


class RemoveDiagnosis(Record):
    """Take a diagnosis off; lines that point to it point to the others only."""

    op: Literal["remove_diagnosis"] = "remove_diagnosis"
    diagnosis: int


class ReplaceDiagnosis(Record):
    """Another code in the same place; without new evidence the old stays and is judged again."""

    op: Literal["replace_diagnosis"] = "replace_diagnosis"
    diagnosis: int
    code: str
    evidence: tuple[Quote, ...] = ()


class MoveDiagnosis(Record):
    """Another place in the sequence; pointers follow."""

    op: Literal["move_diagnosis"] = "move_diagnosis"
    diagnosis: int
    to: int


class CiteDiagnosis(Record):
    """More evidence for a diagnosis."""

    op: Literal["cite_diagnosis"] = "cite_diagnosis"
    diagnosis: int
    evidence: tuple[Quote, ...] = Field(min_length=1)


class AddLine(Record):
    """A service that was missed."""

    op: Literal["add_line"] = "add_line"
    code: str
    pointers: tuple[int, ...]
    evidence: tuple[Quote, ...]
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    place_of_service: str | None = None
    minutes: int | None = None
    rationale: str = ""


class RemoveLine(Record):
    """Take a line off; the E/M decision goes with its line."""

    op: Literal["remove_line"] = "remove_line"
    line: int


class SetCode(Record):
    """Another code on a line; on the line of the E/M the decision's code follows."""

    op: Literal["set_code"] = "set_code"
    line: int
    code: str
    evidence: tuple[Quote, ...] = ()


class SetModifiers(Record):
    """All modifiers of a line, in order."""

    op: Literal["set_modifiers"] = "set_modifiers"
    line: int
    modifiers: tuple[str, ...]


class SetUnits(Record):
    """Units of a line."""

    op: Literal["set_units"] = "set_units"
    line: int
    units: Decimal = Field(gt=0)


class SetPointers(Record):
    """Which diagnoses a line points to, best first."""

    op: Literal["set_pointers"] = "set_pointers"
    line: int
    pointers: tuple[int, ...] = Field(min_length=1, max_length=4)


class SetPlace(Record):
    """Place of service of a line, None for the encounter's."""

    op: Literal["set_place"] = "set_place"
    line: int
    place_of_service: str | None = Field(pattern=r"^[0-9]{2}$")


class CiteLine(Record):
    """More evidence for a line."""

    op: Literal["cite_line"] = "cite_line"
    line: int
    evidence: tuple[Quote, ...] = Field(min_length=1)


class SetEm(Record):
    """The level of the problem-oriented E/M: decision and line together; basis and minutes when they change."""

    op: Literal["set_em"] = "set_em"
    code: str
    basis: Literal["mdm", "time"] | None = None
    minutes: int | None = None


Edit = Annotated[
    AddDiagnosis
    | RemoveDiagnosis
    | ReplaceDiagnosis
    | MoveDiagnosis
    | CiteDiagnosis
    | AddLine
    | RemoveLine
    | SetCode
    | SetModifiers
    | SetUnits
    | SetPointers
    | SetPlace
    | CiteLine
    | SetEm,
    Field(discriminator="op"),
]


def read_edits(data: bytes | str, where: str = "edits") -> tuple[Edit, ...]:
    """Edits of JSON: one object, or a list of them.

    Raises:
        EditError: not JSON, an unknown operation, or a wrong field; the message names it.
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    listed = text if text.lstrip().startswith("[") else f"[{text}]"
    try:
        return TypeAdapter(tuple[Edit, ...]).validate_json(listed)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(p) for p in first["loc"])
        raise EditError(f"{where}: {place or 'edit'}: {first['msg']}") from None
