"""The yearly addenda of the Alphabetic Index (text of CDC/NCHS): what is added, deleted and revised.

A line is an action in a column of its own, then dashes for the level, the title, and what the entry says: a code, or
"see ...". A line without an action continues the one before. "No Change" lines only say where the others stand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from knowledge.errors import TableError
from knowledge.find.walk import key
from knowledge.sources.index_xml import IndexRow

Action = Literal["No Change", "Add", "Delete", "Revise from", "Revise to"]

_ACTIONS: Final[tuple[Action, ...]] = ("No Change", "Revise from", "Revise to", "Delete", "Add")
_LINE: Final = re.compile(rf"({'|'.join(_ACTIONS)})\s+(\S.*)")
_INDENT: Final = " " * 8
_TITLE: Final = re.compile(r"ICD-10-CM INDEX to DISEASES and INJURIES", re.IGNORECASE)
_YEAR: Final = re.compile(r"\s*(20\d\d) Addenda\s*", re.IGNORECASE)
_LEVEL: Final = re.compile(r"((?:- ?)*)(.*)")
_CODE: Final = re.compile(r"\s+([A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?(?:\.?-)?)(?:\s+\[([^\]]*)\])?$")
_SEE: Final = re.compile(r"\s+(?:-\s*)?\(?(see(?: also)?)\s+([^()]*(?:\([^()]*\)[^()]*)*?)\)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of the addenda; ``line`` is where it starts in the file."""

    action: Action
    level: int
    title: str
    code: str
    see: str
    see_also: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Addenda:
    """The addenda of one fiscal year."""

    version: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """An Index brought to the next year: its rows, how many changes were made, and those that found no place."""

    rows: tuple[IndexRow, ...]
    made: int
    unplaced: tuple[Change, ...]


def read_addenda(path: Path) -> Addenda:
    """Read the addenda of the Alphabetic Index.

    Raises:
        TableError: another file, a line without an action, or a revision that is half there (file, line, reason).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path.name}: not UTF-8 text: {error}") from error
    return parse_addenda(text, path.name)


def parse_addenda(text: str, name: str) -> Addenda:
    """Parse the text of the addenda.

    Raises:
        TableError: as ``read_addenda``.
    """
    lines = text.splitlines()
    year = _YEAR.fullmatch(lines[1]) if len(lines) > 1 and _TITLE.search(lines[0]) else None
    if year is None:
        raise TableError(
            f"{name}:1: not the addenda of the Alphabetic Index: the first lines name index and year"
        )
    changes = tuple(_change(*entry, name) for entry in _entries(lines[2:], name))
    if not changes:
        raise TableError(f"{name}: holds no change: cut off after its title")
    _check(changes, name)
    return Addenda(version=year[1], changes=changes)


def _entries(lines: Iterable[str], name: str) -> Iterator[tuple[Action, str, int]]:
    """Join continued lines: (action, text, line)."""
    held: tuple[Action, str, int] | None = None
    for number, line in enumerate(lines, 3):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip())
        action = next((one for one in _ACTIONS if found and found[1] == one), None)
        if found is not None and action is not None:
            if held is not None:
                yield held
            held = (action, found[2], number)
        elif held is not None and line.startswith(_INDENT):
            held = (held[0], f"{held[1]} {line.strip()}", held[2])
        else:
            raise TableError(f"{name}:{number}: {line.strip()[:40]!r} starts with none of the actions")
    if held is not None:
        yield held


def _change(action: Action, text: str, line: int, name: str) -> Change:
    found = _LEVEL.fullmatch(text)
    dashes, rest = (found[1], found[2]) if found else ("", text)
    code = _CODE.search(rest)
    rest = rest[: code.start()] if code else rest
    see = _SEE.search(rest)
    rest = rest[: see.start()] if see else rest
    if not rest.strip():
        raise TableError(f"{name}:{line}: an entry without a title")
    return Change(
        action=action,
        level=dashes.count("-"),
        title=" ".join(rest.split()),
        code=code[1] if code else "",
        see=see[2].strip() if see and see[1] == "see" else "",
        see_also=see[2].strip() if see and see[1] != "see" else "",
        line=line,
    )


def _check(changes: Sequence[Change], name: str) -> None:
    """Revisions come in pairs of one level; levels do not jump below what stands above."""
    level = -1
    before: Change | None = None
    for change in changes:
        half = before is not None and before.action == "Revise from"
        if half != (change.action == "Revise to"):
            raise TableError(f"{name}:{change.line}: a revision needs both its lines, from and to")
        if change.level > level + 1:
            raise TableError(f"{name}:{change.line}: level {change.level} follows level {level}")
        if half and before is not None and before.level != change.level:
            raise TableError(f"{name}:{change.line}: a revision changes its level")
        level, before = change.level, change
    if before is not None and before.action == "Revise from":
        raise TableError(f"{name}:{before.line}: a revision needs both its lines, from and to: cut off")


def apply(rows: Sequence[IndexRow], addenda: Addenda) -> Applied:
    """Bring an Index to the year of its addenda.

    A change whose place is not in the Index is not made but given back in ``unplaced``.
    """
    return _Editor(rows).run(addenda.changes)


class _Editor:
    """An Index under change: an ordered table of paths."""

    def __init__(self, rows: Sequence[IndexRow]) -> None:
        self._rows: dict[tuple[str, ...], list[IndexRow]] = {}
        for row in rows:
            self._rows.setdefault(_path_key(row.path), []).append(row)
        self._unplaced: list[Change] = []
        self._made = 0

    def run(self, changes: Sequence[Change]) -> Applied:
        path: list[str] = []
        keyed: list[str] = []
        source: tuple[tuple[str, ...], Change] | None = None
        for change in changes:
            del path[change.level :], keyed[change.level :]
            path.append(change.title)
            keyed.append(key(change.title))
            where = tuple(keyed)
            if change.action == "Revise from":
                source = (where, change)
            elif change.action == "Revise to" and source is not None:
                self._count(self._revise(source[0], where, path, change), source[1])
            elif change.action == "Add":
                self._count(self._add(where, tuple(path), change), change)
            elif change.action == "Delete":
                self._count(self._delete(where), change)
        rows = sorted((row for same in self._rows.values() for row in same), key=_order)
        numbered = tuple(replace(row, number=number) for number, row in enumerate(rows, 1))
        return Applied(rows=numbered, made=self._made, unplaced=tuple(self._unplaced))

    def _count(self, made: bool, change: Change) -> None:
        self._made += made
        if not made:
            self._unplaced.append(change)

    def _revise(self, old: tuple[str, ...], new: tuple[str, ...], path: list[str], change: Change) -> bool:
        """Change an entry; a new title is carried to all that stands below it."""
        same = self._rows.get(old)
        if same is None:
            return False
        if old == new:
            self._rows[old] = [
                _said(replace(same[0], path=(*same[0].path[:-1], path[-1])), change),
                *same[1:],
            ]
            return True
        del self._rows[old]
        self._rows[new] = [_said(replace(same[0], path=(*same[0].path[:-1], path[-1])), change)]
        size = len(old)
        for below in [one for one in self._rows if one[:size] == old]:
            rows = self._rows.pop(below)
            title = path[-1]
            moved = [replace(r, path=(*r.path[: size - 1], title, *r.path[size:])) for r in rows]
            self._rows[(*new, *below[size:])] = moved
        return True

    def _delete(self, where: tuple[str, ...]) -> bool:
        """Take an entry out with all that stands below it."""
        if where not in self._rows:
            return False
        size = len(where)
        for path in [one for one in self._rows if one[:size] == where]:
            del self._rows[path]
        return True

    def _add(self, where: tuple[str, ...], path: tuple[str, ...], change: Change) -> bool:
        above = self._rows.get(where[:-1]) if len(where) > 1 else []
        if above is None or where in self._rows:
            return False
        parent = above[0].path if above else ()
        row = IndexRow(number=0, level=len(path) - 1, path=(*parent, path[-1]))
        self._rows[where] = [_said(row, change)]
        return True


def _said(row: IndexRow, change: Change) -> IndexRow:
    return replace(row, code=change.code, see=change.see, see_also=change.see_also)


def _path_key(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(key, path))


def _order(row: IndexRow) -> tuple[str, ...]:
    return _path_key(row.path)
