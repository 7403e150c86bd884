"""Modifiers whose criteria are data: a documented modifier is added when a row of data/modifier_evidence.csv is met for a line.

The shape of a row (one criterion; several rows may give one modifier, each is enough by itself; the first row of the file wins
over a later one that excludes it, such as 78 over 58):

* ``modifier``: what is added. Whether it fits the code is asked of the tool modifier_rules afterwards (applies_to of
  knowledge/data/2026/modifiers.csv); nothing of that is told again here.
* ``lines``: names of tests of knowledge/modifiers.py (``em``, ``lab``, ``drug`` ...), joined by ``|``; the line passes one of them. Empty: any
  line that the modifier fits. ``codes``: only these codes, joined by ``|``; empty: any.
* ``scope``: where it must be said: ``line`` (the sentence of the service and the one after it), ``section`` (the section of the
  service) or ``note`` (anywhere).
* ``said``: a regular expression (case does not matter), searched sentence by sentence; the first sentence that holds it is the evidence.
  ``also``: a second one that has to be found in the scope too; empty: none.
* ``unless``: a regular expression that forbids the modifier when any sentence of the scope holds it; empty: none.
* ``payers``: kinds of payer it is for (``medicare|medicare_advantage``); empty: every payer. ``not_payers``: kinds it is never for.
* ``places``: places of service it needs; empty: any.
* ``needs``: what else has to be so, joined by ``|``, each the name of a test in ``NEEDS``: ``global_period`` (an earlier operation of this practice
  whose global period holds the day, by the history or as the note tells it), ``done_today`` (the history holds the same code on this
  day), ``edit`` (only where an NCCI edit that a modifier may pass joins the line to another: read by agent/coder/edits.py alone),
  ``not_lab`` (no laboratory test), ``means_both`` (the code means both sides), ``sex_edit``
  (the code is for the other sex than the record names).
* ``why``: what is shown to the reader; the words that met the row are added behind it in quotation marks.
* ``source``: where the criterion is published.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from agent.coder.case import Case
from agent.coder.conversation import Json
from agent.coder.earlier import Earlier
from agent.coder.lines import Line
from agent.coder.postoperative import in_global_period
from agent.coder.spoken import sentences
from knowledge.errors import TableError
from knowledge.modifiers import TESTS
from knowledge.procedures import Procedure
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "modifier_evidence.csv"
EDIT = "edit"
LABORATORY = frozenset({"lab", "pathology"})
HEARING = frozenset({"92551", "92552", "92553", "92555", "92556", "92557", "92567", "92568", "92570"})
SCOPES = frozenset({"line", "section", "note"})
LONGEST = 120
"""Most characters of a sentence that a reason quotes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One row; the module's text tells each column."""

    modifier: str
    lines: tuple[str, ...]
    codes: tuple[str, ...]
    scope: str
    said: str
    also: str
    unless: str
    payers: tuple[str, ...]
    not_payers: tuple[str, ...]
    places: tuple[str, ...]
    needs: tuple[str, ...]
    why: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """A criterion that a line meets, with the sentence that says so."""

    criterion: Criterion
    words: str

    @property
    def modifier(self) -> str:
        """What the line gets."""
        return self.criterion.modifier

    @property
    def why(self) -> str:
        """What is shown to the reader: the criterion and the words of the record that met it."""
        return f'{self.criterion.why}: "{self.words}"'


def documented(case: Case, line: Line, earlier: Earlier, *, on_edit: bool = False) -> Iterator[Met]:
    """Every criterion that the line meets, in the order of the table; with ``on_edit`` only those an edit calls for, else none of them."""
    for row in criteria():
        if (EDIT in row.needs) == on_edit and (met := meets(case, line, row, earlier)):
            yield met


def meets(case: Case, line: Line, row: Criterion, earlier: Earlier) -> Met | None:
    """The criterion with its evidence where the line, the payer, the place, the history and the words of the record meet it."""
    if not (_fits(line, row) and _circumstances(case, row) and _needs(case, line, row, earlier)):
        return None
    told = [text for text in _scope(case, line, row.scope) if text.strip()]
    if row.unless and any(_find(row.unless, text) for text in told):
        return None
    said = next((text for text in told if _find(row.said, text)), None)
    if said is None or (row.also and not any(_find(row.also, text) for text in told)):
        return None
    return Met(criterion=row, words=_quoted(said, row.said))


def _fits(line: Line, row: Criterion) -> bool:
    if row.codes and line.code not in row.codes:
        return False
    return not row.lines or any(TESTS[test](procedure_of(line.facts)) for test in row.lines)


def _circumstances(case: Case, row: Criterion) -> bool:
    place = str(case.encounter.get("place_of_service") or "")
    payer = (not row.payers or case.payer in row.payers) and case.payer not in row.not_payers
    return payer and (not row.places or place in row.places)


def _needs(case: Case, line: Line, row: Criterion, earlier: Earlier) -> bool:
    return all(NEEDS[name](case, line, earlier) for name in row.needs)


def _scope(case: Case, line: Line, scope: str) -> Iterator[str]:
    if scope == "note":
        yield from (text for _, text in sentences(case))
        return
    own = {(s.document, s.sentence) for s in line.seen}
    sections = {(s.document, s.section) for s in line.seen}
    for seen, text in sentences(case):
        if scope == "section":
            if (seen.document, seen.section) in sections:
                yield text
        elif {(seen.document, seen.sentence), (seen.document, seen.sentence - 1)} & own:
            yield text


def _find(pattern: str, text: str) -> "re.Match[str] | None":
    return re.search(pattern, text, re.IGNORECASE)


def _quoted(text: str, pattern: str) -> str:
    """The sentence on one line; of a long one the part around the words."""
    flat = " ".join(text.split())
    found = _find(pattern, flat)
    if len(flat) <= LONGEST or found is None:
        return flat[:LONGEST]
    start = max(0, min(found.start(), len(flat) - LONGEST))
    return flat[start : start + LONGEST]


def procedure_of(facts: Json) -> Procedure:
    """What look_up_codes told of a code, as the row that the tests of knowledge/modifiers.py take."""
    told: Json = {**facts, "title": facts.get("display", "")}
    return Procedure(**{name: _value(told.get(name), kind) for name, kind in _columns().items()})


def _value(told: Any, kind: object) -> Any:
    if kind is Decimal:
        return Decimal(str(told or 0))
    if told is None:
        return "" if kind is str else None
    return tuple(told) if isinstance(told, list) else told


def _in_global_period(case: Case, line: Line, earlier: Earlier) -> bool:
    return bool(earlier.running) or in_global_period(case)


def _done_today(case: Case, line: Line, earlier: Earlier) -> bool:
    return line.code in earlier.today


def _means_both(line: Line) -> bool:
    """The schedule pays the code for both sides (bilateral indicator 2), or it is a hearing test, which is of both ears."""
    return line.facts.get("bilateral") == "2" or line.code in HEARING


def _other_sex(case: Case, line: Line) -> bool:
    """The tables hold the code for one sex, and the record names the other."""
    meant, told = line.facts.get("sex"), case.encounter.get("sex")
    return bool(meant and told in {"male", "female"} and told != meant)


NEEDS: Mapping[str, Callable[[Case, Line, Earlier], bool]] = {
    "global_period": _in_global_period,
    "done_today": _done_today,
    "not_lab": lambda case, line, earlier: line.facts.get("category") not in LABORATORY,
    "means_both": lambda case, line, earlier: _means_both(line),
    "sex_edit": lambda case, line, earlier: _other_sex(case, line),
    EDIT: lambda case, line, earlier: True,
}


@cache
def _columns() -> dict[str, object]:
    return get_type_hints(Procedure)


@cache
def criteria() -> tuple[Criterion, ...]:
    """The table of criteria.

    Raises:
        TableError: a row names an unknown test, scope or need, lacks a field, or holds a pattern that is none.
    """
    rows = read_csv(TABLE, Criterion)
    for row in rows:
        if fault := _fault(row):
            raise TableError(f"{TABLE.name}: {row.modifier} {fault}")
    return rows


def _fault(row: Criterion) -> str:
    strays = [n for n in row.lines if n not in TESTS] + [n for n in row.needs if n not in NEEDS]
    if strays:
        return f"names {strays[0]}, which is unknown"
    if row.scope not in SCOPES:
        return f"has the scope {row.scope!r}"
    if not (row.said and row.why and row.source):
        return "lacks said, why or source"
    return _broken((row.said, row.also, row.unless))


def _broken(patterns: Sequence[str]) -> str:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            return f"holds a pattern that can not be read ({error})"
    return ""
