"""ICD-10-CM: which codes exist and are billable, their tree, and their instruction notes with inheritance."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Final

from knowledge.editions import Editions
from knowledge.errors import UnknownCodeError
from knowledge.ranges import CodeRange, parse_refs, satisfies
from knowledge.store import Store

TABLE: Final = "icd10cm"


@dataclass(frozen=True, kw_only=True, slots=True)
class IcdCode:
    """One code of the tabular list.

    ``code`` carries its dot. ``needs`` says in a coder's words what makes a header billable ("5th character",
    "7th character: A, D or S"), None for a billable code. ``parent`` is None for a category.
    """

    code: str
    display: str
    billable: bool
    parent: str | None
    chapter: int
    block: str
    needs: str | None
    edition: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IcdNote:
    """One line of an instruction note; ``origin`` is the code, section or chapter that carries it."""

    text: str
    origin: str
    refs: tuple[CodeRange, ...]
    lead: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IcdNotes:
    """All notes in force at a code: its own first, then those of its ancestors, section and chapter."""

    excludes1: tuple[IcdNote, ...] = ()
    excludes2: tuple[IcdNote, ...] = ()
    includes: tuple[IcdNote, ...] = ()
    inclusion_terms: tuple[IcdNote, ...] = ()
    code_first: tuple[IcdNote, ...] = ()
    use_additional: tuple[IcdNote, ...] = ()
    code_also: tuple[IcdNote, ...] = ()
    notes: tuple[IcdNote, ...] = ()
    seventh_note: tuple[IcdNote, ...] = ()
    seventh: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExcludesRow:
    """Two codes that an Excludes1 note keeps apart: the note stands at ``origin`` over ``code``."""

    code: str
    excluded: str
    origin: str
    text: str
    edition: str


def dotted(code: str) -> str:
    """Bring a code as people type it ("e119", "E11.9 ") to the form of the tabular list ("E11.9")."""
    bare = code.strip().upper().replace(".", "")
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


class IcdTable:
    """The tabular list; every look-up takes a date of service (None means the newest edition)."""

    def __init__(self, store_of: Callable[[str], Store], editions: Editions) -> None:
        """Read each edition from the store that ``store_of`` names for it."""
        self._store_of = store_of
        self._editions = editions
        self._row = lru_cache(maxsize=65536)(self._load)
        self._kids = lru_cache(maxsize=16384)(self._load_children)
        self._noted = lru_cache(maxsize=16384)(self._load_notes)
        self._conflict = lru_cache(maxsize=65536)(self._find_conflict)

    def edition(self, on: date | None = None) -> str:
        """Name the edition that answers for a date of service."""
        if on is None:
            return self._editions.newest(TABLE).edition
        return self._editions.choose(TABLE, on).edition.edition

    def get(self, code: str, on: date | None = None) -> IcdCode:
        """Look a code up.

        Raises:
            UnknownCodeError: the edition that answers for the date does not hold the code.
        """
        edition = self.edition(on)
        found = self._row(edition, code)
        if found is None:
            raise UnknownCodeError(f"{dotted(code)} is not in ICD-10-CM {edition}")
        return found

    def find(self, code: str, on: date | None = None) -> IcdCode | None:
        """Look a code up; None where the edition does not hold it."""
        return self._row(self.edition(on), code)

    def children(self, code: str, on: date | None = None) -> tuple[IcdCode, ...]:
        """List the codes directly below a code, in tabular order."""
        return self._kids(self.edition(on), dotted(code))

    def ancestors(self, code: str, on: date | None = None) -> tuple[IcdCode, ...]:
        """List the headers above a code, nearest first, up to its category."""
        found = self.get(code, on)
        return self.ancestors_in(found.edition, found)

    def in_edition(self, edition: str, code: str) -> IcdCode | None:
        """Look a code up in a named edition."""
        return self._row(edition, code)

    def children_in(self, edition: str, code: str) -> tuple[IcdCode, ...]:
        """List the codes directly below a code of a named edition."""
        return self._kids(edition, code)

    def ancestors_in(self, edition: str, found: IcdCode) -> tuple[IcdCode, ...]:
        """List the headers above a code of a named edition, nearest first."""
        out: list[IcdCode] = []
        row: IcdCode | None = found
        while row is not None and row.parent:
            row = self._row(edition, row.parent)
            if row is not None:
                out.append(row)
        return tuple(out)

    def notes_in(self, edition: str, code: str) -> IcdNotes:
        """Return the notes in force at a code of a named edition."""
        return self._noted(edition, code)

    def descendants(self, code: str, on: date | None = None) -> tuple[IcdCode, ...]:
        """List every billable code below a code, in tabular order (the code itself when billable)."""
        found = self.get(code, on)
        if found.billable:
            return (found,)
        return tuple(
            leaf for child in self.children(found.code, on) for leaf in self.descendants(child.code, on)
        )

    def section(self, code: str, on: date | None = None) -> tuple[str, str]:
        """Return id and title of the section that holds a code."""
        found = self.get(code, on)
        return found.block, self._titles[found.edition, found.block]

    def chapter_title(self, number: int, on: date | None = None) -> str:
        """Return the title of a chapter."""
        return self._titles[self.edition(on), f"chapter {number}"]

    def headings(self, edition: str, code: IcdCode) -> tuple[str, str]:
        """Return the titles of a code's section and chapter in a named edition."""
        return self._titles[edition, code.block], self._titles[edition, f"chapter {code.chapter}"]

    @cached_property
    def _titles(self) -> dict[tuple[str, str], str]:
        query = "SELECT edition, id, title FROM icd_place WHERE edition = ?"
        return {(e, i): t for one in self._names for e, i, t in self._store_of(one).rows(query, (one,))}

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(edition.edition for edition in self._editions.all(TABLE))

    @cached_property
    def _ranks(self) -> dict[str, dict[str, int]]:
        """Place of every category in tabular order (C4A stands between C43 and C44)."""
        out: dict[str, dict[str, int]] = {}
        query = "SELECT code FROM icd_code WHERE edition = ? AND parent = '' ORDER BY place"
        for edition in self._names:
            rows = self._store_of(edition).rows(query, (edition,))
            out[edition] = {code: rank for rank, (code,) in enumerate(rows)}
        return out

    def notes(self, code: str, on: date | None = None) -> IcdNotes:
        """Return all notes in force at a code, its own and the inherited ones.

        Raises:
            UnknownCodeError: the edition that answers for the date does not hold the code.
        """
        found = self.get(code, on)
        return self._noted(found.edition, found.code)

    def excludes1_conflict(self, a: str, b: str, on: date | None = None) -> ExcludesRow | None:
        """Find an Excludes1 note, own or inherited, that keeps two codes apart, in either direction.

        Guideline section I.A.12.a. Notes that narrow their reference in words that have no rule are left out.
        Codes below the note's own origin are not kept apart by it.
        """
        return self._conflict(self.edition(on), dotted(a), dotted(b))

    def in_ranges(self, code: str, ranges: Iterable[CodeRange], on: date | None = None) -> bool:
        """Tell whether a code lies in any of the ranges, in tabular order."""
        edition, bare = self.edition(on), dotted(code).replace(".", "")
        return any(self._inside(edition, bare, ref) for ref in ranges)

    def _inside(self, edition: str, bare: str, ref: CodeRange) -> bool:
        ranks = self._ranks[edition]
        here, low, high = (ranks.get(c[:3]) for c in (bare, ref.low, ref.high))
        if here is None or low is None or high is None or not low <= here <= high:
            return False
        if here == low and bare[: len(ref.low)] < ref.low:
            return False
        if here == high and bare[: len(ref.high)] > ref.high:
            return False
        return satisfies(bare, ref)

    def _find_conflict(self, edition: str, a: str, b: str) -> ExcludesRow | None:
        if self._row(edition, a) is None or self._row(edition, b) is None:
            return None
        for code, other in ((a, b), (b, a)):
            above = self._origins(edition, other)
            for note in self._noted(edition, code).excludes1:
                refs = [ref for ref in note.refs if ref.exact]
                if note.origin in above or not refs:
                    continue
                if any(self._inside(edition, other.replace(".", ""), ref) for ref in refs):
                    return ExcludesRow(
                        code=code, excluded=other, origin=note.origin, text=note.text, edition=edition
                    )
        return None

    def _origins(self, edition: str, code: str) -> tuple[str, ...]:
        """Code, ancestors, section, chapter: the places whose notes are in force at the code."""
        row = self._row(edition, code)
        if row is None:
            return ()
        out = [row.code]
        while row is not None and row.parent:
            out.append(row.parent)
            row = self._row(edition, row.parent)
        if row is not None:
            out += [row.block, f"chapter {row.chapter}"]
        return tuple(out)

    def _load(self, edition: str, code: str) -> IcdCode | None:
        query = (
            "SELECT code, display, billable, parent, chapter, block, needs FROM icd_code"
            " WHERE edition = ? AND code = ?"
        )
        rows = self._store_of(edition).rows(query, (edition, dotted(code)))
        return _icd_code(rows[0], edition) if rows else None

    def _load_children(self, edition: str, code: str) -> tuple[IcdCode, ...]:
        query = (
            "SELECT code, display, billable, parent, chapter, block, needs FROM icd_code"
            " WHERE edition = ? AND parent = ? ORDER BY place"
        )
        return tuple(_icd_code(row, edition) for row in self._store_of(edition).rows(query, (edition, code)))

    def _load_notes(self, edition: str, code: str) -> IcdNotes:
        kinds: dict[str, list[IcdNote]] = {}
        sevenths: dict[str, str] = {}
        for origin in self._origins(edition, code):
            query = "SELECT kind, text, lead FROM icd_note WHERE edition = ? AND origin = ? ORDER BY place"
            for kind, text, lead in self._store_of(edition).rows(query, (edition, origin)):
                note = IcdNote(text=text, origin=origin, refs=parse_refs(text), lead=lead)
                kinds.setdefault(kind, []).append(note)
            if not sevenths:
                query = (
                    "SELECT char, meaning FROM icd_seventh WHERE edition = ? AND origin = ? ORDER BY place"
                )
                sevenths = dict(self._store_of(edition).rows(query, (edition, origin)))
        return IcdNotes(seventh=MappingProxyType(sevenths), **{k: tuple(v) for k, v in kinds.items()})


def _icd_code(row: sqlite3.Row | tuple[str, str, int, str, int, str, str | None], edition: str) -> IcdCode:
    code, display, billable, parent, chapter, block, needs = row
    return IcdCode(
        code=code,
        display=display,
        billable=bool(billable),
        parent=parent or None,
        chapter=chapter,
        block=block,
        needs=needs,
        edition=edition,
    )
