"""From the form as a person left it to edits of the proposal: what differs from the coding that was shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

from pydantic import ValidationError

from agent.coding import CodedLine, Coding
from tools.amend import Edit, Quote
from tools.amend.edits import (
    AddDiagnosis,
    AddLine,
    CiteDiagnosis,
    CiteLine,
    MoveDiagnosis,
    RemoveDiagnosis,
    RemoveLine,
    ReplaceDiagnosis,
    SetCode,
    SetModifiers,
    SetPointers,
    SetUnits,
)


class ChangeError(Exception):
    """A field of the form can not be read: which one, and what it takes."""


class FormFields(Protocol):
    """The submitted form: several values a name, in the order of the rows."""

    def getlist(self, key: str, /) -> Sequence[object]:
        """All values of a field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: the number it was shown under (new rows: beyond the last one), and its fields."""

    label: int
    code: str
    quote: str
    modifiers: tuple[str, ...] = ()
    units: str = "1"
    pointers: str = ""

    @property
    def cited(self) -> tuple[Quote, ...]:
        """The words the person cites."""
        return (Quote(quote=self.quote),) if self.quote else ()


def edits_of(coding: Coding, form: FormFields) -> tuple[Edit, ...]:
    """The edits that lead from the coding that was shown to the form.

    Diagnoses come first (codes, new ones, removals, order), lines after them; the desk's numbers mean the
    proposal as the edits before have left it.

    Raises:
        ChangeError: a number that is none, or a pointer to a diagnosis that is not there.
    """
    diagnoses = _rows(form, "dx", ())
    lines = _rows(form, "line", ("modifiers", "units", "pointers"))
    try:
        return (*_diagnosis_edits(coding, diagnoses), *_line_edits(coding, lines, diagnoses))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ChangeError(f"{first['loc'][-1]}: {first['msg']}") from None


def _rows(form: FormFields, kind: str, more: tuple[str, ...]) -> list[Row]:
    names = ("from", "code", "quote", *more)
    columns = [[str(v).strip() for v in form.getlist(f"{kind}_{name}")] for name in names]
    if len({len(column) for column in columns}) != 1:
        raise ChangeError("The form is not complete; reload the page.")
    found = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    return [_row(values) for values in found if values["code"]]


def _row(values: Mapping[str, str]) -> Row:
    return Row(
        label=_whole(values["from"], "row"),
        code=values["code"].upper(),
        quote=values["quote"],
        modifiers=tuple(values.get("modifiers", "").upper().replace(",", " ").split()),
        units=values.get("units", "1"),
        pointers=values.get("pointers", ""),
    )


def _diagnosis_edits(coding: Coding, rows: list[Row]) -> Iterable[Edit]:
    before = {d.sequence: d.code for d in coding.diagnoses}
    kept = [r for r in rows if r.label in before]
    for row in kept:
        if row.code != before[row.label]:
            yield ReplaceDiagnosis(diagnosis=row.label, code=row.code, evidence=row.cited)
        elif row.cited:
            yield CiteDiagnosis(diagnosis=row.label, evidence=row.cited)
    new = [r for r in rows if r.label not in before]
    for row in new:
        yield AddDiagnosis(code=row.code, evidence=row.cited)
    labels = {r.label for r in rows}
    for gone in sorted(set(before) - labels, reverse=True):
        yield RemoveDiagnosis(diagnosis=gone)
    order = [n for n in before if n in labels] + [r.label for r in new]
    yield from _moves(order, [r.label for r in rows])


def _moves(order: list[int], wanted: list[int]) -> Iterable[Edit]:
    order = list(order)
    for place, label in enumerate(wanted):
        here = order.index(label)
        if here != place:
            order.insert(place, order.pop(here))
            yield MoveDiagnosis(diagnosis=here + 1, to=place + 1)


def _line_edits(coding: Coding, rows: list[Row], diagnoses: list[Row]) -> Iterable[Edit]:
    before = {s.line: s for s in coding.service_lines}
    places = {r.label: n for n, r in enumerate(diagnoses, 1)}
    known = {d.sequence for d in coding.diagnoses} | set(places)
    for row in rows:
        if row.label in before:
            yield from _kept_line(before[row.label], row, places, known)
    labels = {r.label for r in rows}
    for gone in sorted(set(before) - labels, reverse=True):
        yield RemoveLine(line=gone)
    for row in rows:
        if row.label not in before:
            yield AddLine(
                code=row.code,
                pointers=_pointers(row, places, known),
                evidence=row.cited,
                modifiers=row.modifiers,
                units=_units(row),
            )


def _kept_line(line: CodedLine, row: Row, places: Mapping[int, int], known: set[int]) -> Iterable[Edit]:
    number = line.line
    if row.code != line.code:
        yield SetCode(line=number, code=row.code, evidence=row.cited)
    elif row.cited:
        yield CiteLine(line=number, evidence=row.cited)
    if row.modifiers != tuple(m.code for m in line.modifiers):
        yield SetModifiers(line=number, modifiers=row.modifiers)
    if (units := _units(row)) != line.units:
        yield SetUnits(line=number, units=units)
    wanted = _pointers(row, places, known)
    if wanted != tuple(places[p] for p in line.pointers if p in places):
        yield SetPointers(line=number, pointers=wanted)


def _pointers(row: Row, places: Mapping[int, int], known: set[int]) -> tuple[int, ...]:
    labels = [_whole(text, f"pointer of {row.code}") for text in row.pointers.replace(",", " ").split()]
    strange = next((label for label in labels if label not in known), None)
    if strange is not None:
        raise ChangeError(f"{row.code} points to diagnosis {strange}, which is not there.")
    return tuple(places[label] for label in labels if label in places)


def _units(row: Row) -> Decimal:
    try:
        units = Decimal(row.units)
    except InvalidOperation:
        units = Decimal("NaN")
    if not units.is_finite():
        raise ChangeError(f"Units of {row.code} are not a number.")
    return units


def _whole(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise ChangeError(f"A {what} is not a number.")
    return int(text)
