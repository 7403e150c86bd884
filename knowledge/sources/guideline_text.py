"""The official ICD-10-CM guidelines cut into sections by their ids, from the text of the PDF.

The numbering is rebuilt, because the text of a PDF breaks it: a number may stand alone with its title lines below, two
numbers may precede their titles, and lists within a section are numbered like sections. A heading counts where its mark
is the next one of its level, and, on the levels that the table of contents lists, where its title stands there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from knowledge.errors import TableError

_TITLE: Final = "ICD-10-CM Official Guidelines for Coding and Reporting"
_SPAN: Final = re.compile(r"\((\w+ \d{1,2}, 20\d\d)\s*(?:-|\u2013|\xe2\x80\x93)+\s*(\w+ \d{1,2}, 20\d\d)\)")
_SECTION: Final = re.compile(r"^Section (IV|III|II|I)\. +(\S.*)$")
_APPENDIX: Final = re.compile(r"^Appendix I\s*$")
_LEADERS: Final = re.compile(r"\s*\.{4,}.*$")
_MARKS: Final = (
    re.compile(r"^([A-Z])\.(?:\s+(\S.*))?$"),
    re.compile(r"^(\d{1,2})\.(?:\s+(\S.*))?$"),
    re.compile(r"^([a-z])\.(?:\s+(\S.*))?$"),
    re.compile(r"^(\d{1,2})\)(?:\s*(\S.*))?$"),
    re.compile(r"^\(([a-z])\)(?:\s*(\S.*))?$"),
    re.compile(r"^\(([ivx]+)\)(?:\s*(\S.*))?$"),
)
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_ALONE: Final = re.compile(r"^(?:\d{1,2}[.)]|[A-Za-z]\.)$")
_HEADING: Final = re.compile(r"^(?:[A-Z\u201c\"'(]|\d(?:st|nd|rd|th) )")
_SHORT: Final = 8
_LONG: Final = 90
_LISTED: Final = 3
"""Levels that the table of contents lists without fail: letter, number, small letter."""


@dataclass(kw_only=True, slots=True)
class Section:
    """One section: its official id (``I.C.9.a.2``), heading and own text, that of its subsections left out."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text on one line."""
        return " ".join(" ".join(self.lines).split())


def span_of(head: str) -> tuple[date, date] | None:
    """First and last day of a set of guidelines by its title page, or None where it is none."""
    if _TITLE not in " ".join(head[:400].split()):
        return None
    found = _SPAN.search(head)
    if found is None:
        return None
    try:
        first, last = (datetime.strptime(day, "%B %d, %Y").date() for day in found.groups())  # noqa: DTZ007
    except ValueError:
        return None
    return first, last


def cut(text: str, name: str) -> list[Section]:
    """Cut the guidelines into their sections, in order.

    Args:
        text: the whole text, table of contents included.
        name: how to call the file in an error.

    Raises:
        TableError: no table of contents, no body, a section that the contents list and the body lacks.
    """
    lines = list(_without_furniture(text.splitlines()))
    starts = [n for n, line in enumerate(lines) if (m := _SECTION.match(line)) and m[1] == "I"]
    if len(starts) < 2:
        raise TableError(f"{name}: no table of contents before Section I: cut off, or not the guidelines?")
    contents = _contents(lines[starts[0] : starts[1]])
    body = _Cutter(contents).cut(lines[starts[1] :])
    missing = [
        place for place in ("I", "II", "III", "IV") if not any(s.id.split(".")[0] == place for s in body)
    ]
    if missing:
        raise TableError(f"{name}: Section {', '.join(missing)} is missing: cut off?")
    return body


def _without_furniture(lines: Sequence[str]) -> Iterator[str]:
    """Lines without the footers of pages and empty ones."""
    footer = re.compile(rf"^{re.escape(_TITLE)}\s*$|^FY 20\d\d\s*$|^Page \d+ of \d+\s*$")
    for line in lines:
        clean = " ".join(line.split())
        if clean and not footer.match(clean):
            yield clean


def _contents(lines: Sequence[str]) -> dict[str, tuple[int, str]]:
    """The titles that the table of contents lists, in a form that survives broken spacing, with level and mark."""
    out: dict[str, tuple[int, str]] = {}
    pending = (0, "")
    for line in (*lines, *_joined(lines)):
        title = _LEADERS.sub("", line)
        found = next(((n, m) for n, mark in enumerate(_MARKS, 1) if (m := mark.match(title))), None)
        here = pending if found is None else (found[0], found[1][1])
        out.setdefault(_folded(line), here)
        pending = here if found is not None and not found[1][2] else (0, "")
    out.pop("", None)
    return out


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines of the contents, each with what it goes on with: a line without leaders is not yet at its end."""
    held = ""
    for line in lines:
        whole = f"{held} {line}".strip()
        if _ALONE.match(line) or _LEADERS.search(line):
            yield whole
            held = ""
        else:
            held = whole
    if held:
        yield held


def _folded(title: str) -> str:
    for mark in _MARKS:
        found = mark.match(title)
        if found is not None:
            title = found[2] or ""
            break
    return re.sub(r"[^a-z0-9]", "", _LEADERS.sub("", title).lower())


def _with_titles_below(section: Section, all_of_them: Sequence[Section]) -> Section:
    """A heading without text of its own says what its subsections are about."""
    if not section.text:
        below = (s.title for s in all_of_them if s.id.rpartition(".")[0] == section.id)
        section.lines.append("; ".join(below) or section.title)
    return section


class _Cutter:
    """Walks the body; holds the mark last met on each level."""

    def __init__(self, contents: dict[str, tuple[int, str]]) -> None:
        self._contents = contents
        self._at: list[str] = []
        self._out: list[Section] = []

    def cut(self, lines: Sequence[str]) -> list[Section]:
        number = 0
        while number < len(lines):
            line = lines[number]
            if _APPENDIX.match(line):
                break
            number += self._take(line, lines[number + 1 : number + 4])
        return [_with_titles_below(section, self._out) for section in self._out]

    def _take(self, line: str, after: Sequence[str]) -> int:
        """Take one line, or a heading with the lines of its title; returns how many were taken."""
        roman = _SECTION.match(line)
        if roman is not None and roman[1] not in self._at[:1]:
            self._at = [roman[1]]
            return self._open(roman[2], after)
        for level, mark in enumerate(_MARKS, start=1):
            found = mark.match(line)
            if found is None or not self._is_next(level, found[1]):
                continue
            title, taken = (found[2], 0) if found[2] else (after[0] if after else "", 1)
            if _ALONE.match(title):
                continue  # two numbers stand before their titles: the titles open their sections
            if not (self._is_listed(level, title, after[taken:]) or self._goes_on(level, found[1], title)):
                continue
            return self._descend(level, found[1], title, after[taken:]) + taken
        listed, place = self._contents.get(_folded(line), (0, ""))
        if listed and len(line) > _SHORT and self._is_next(listed, place):
            return self._descend(listed, place, line, after)
        if self._out and not _ALONE.match(line):
            self._out[-1].lines.append(line)
        return 1

    def _descend(self, level: int, mark: str, title: str, after: Sequence[str]) -> int:
        self._at = [*self._at[:level], *[""] * (level - len(self._at)), mark]
        return self._open(title, after)

    def _open(self, title: str, after: Sequence[str]) -> int:
        """Begin a section; a title that goes on in the next line takes it along."""
        taken = 1
        if after and _folded(title + after[0]) in self._contents:
            title, taken = f"{title} {after[0]}", 2
        self._out.append(Section(id=".".join(part for part in self._at if part), title=title))
        return taken

    def _is_next(self, level: int, mark: str) -> bool:
        """Whether a mark follows the last one of its level, or opens the level below the section at hand."""
        if not self._at or (level > len(self._at) and not self._opens(level)):
            return False
        last = self._at[level] if level < len(self._at) else ""
        return mark in _following(level, last)

    def _opens(self, level: int) -> bool:
        """Levels may be left out below a section (II.A, then 1), but never above the small letter of chapters."""
        return level == len(self._at) or (level == len(self._at) + 1 and level >= 4)

    def _is_listed(self, level: int, title: str, after: Sequence[str]) -> bool:
        if level > _LISTED:
            return bool(_HEADING.match(title))
        plain = _folded(title)
        if plain in self._contents or (after and plain + _folded(after[0]) in self._contents):
            return True
        return len(plain) > 3 and any(listed.startswith(plain) for listed in self._contents)

    def _goes_on(self, level: int, mark: str, title: str) -> bool:
        """Whether an unlisted heading is the very next of a row of headings: the contents list leaves some out."""
        last = self._at[level] if level < len(self._at) else ""
        heading = title[:1].isupper() and len(title) < _LONG and not title.endswith((".", ";"))
        return heading and bool(last) and mark == _following(level, last)[0]


def _following(level: int, last: str) -> tuple[str, ...]:
    if level in {2, 4}:
        start = int(last) if last else 0
        return (str(start + 1), str(start + 2)) if last else ("1",)
    if level == 6:
        place = _ROMAN.index(last) if last in _ROMAN else -1
        return (_ROMAN[min(place + 1, len(_ROMAN) - 1)],)
    if not last:
        return ("A",) if level == 1 else ("a",)
    return (chr(ord(last) + 1), chr(ord(last) + 2)) if level == 3 else (chr(ord(last) + 1),)
