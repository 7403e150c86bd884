"""Sections of a note, by any common heading style, from the heading tables."""

import re
from dataclasses import dataclass
from functools import cache
from typing import cast, get_args

from tools.text.lines import Line, split_lines
from tools.text.records import Section, SectionKind
from tools.text.tables import mapping, one_of, rows

_KINDS = frozenset(get_args(SectionKind))
_ASSESSED = frozenset({"assessment", "plan", "assessment_plan"})
_LISTS = frozenset({"pmh", "psh", "family_history", "social_history", "medications", "allergies"})
_SOAP = frozenset({"s", "o", "a", "p"})
_EDGE = " \t*_#:.-–—=|•"
_MIDLINE = re.compile(
    r"(?:(?<=[.;!?])\s+|(?<=\s\|\s)|(?<=\s{3}))(?P<name>[A-Z][\w/&' -]{0,40}?)\s?:(?=\s|\*|$)"
)
_WORD = re.compile(r"[^\W\d_]")
_MAX_HEADING = 60
_DICTATED = frozenset({"assessment and plan", "assessment", "plan", "impression", "impression and plan"})


@dataclass(slots=True, frozen=True)
class Heading:
    """A heading found: where it begins, where its body begins, its name as written and its kind."""

    start: int
    body: int
    name: str
    kind: SectionKind


@cache
def _headings() -> dict[str, tuple[tuple[SectionKind, frozenset[str]], ...]]:
    table: dict[str, tuple[tuple[SectionKind, frozenset[str]], ...]] = {}
    for line, row in rows("sections.csv", ("heading", "kind", "within")):
        kind = cast("SectionKind", one_of(row["kind"], _KINDS, "sections.csv", line))
        within = frozenset(row["within"].split("|")) if row["within"] else frozenset()
        table[row["heading"]] = (*table.get(row["heading"], ()), (kind, within))
    return table


def labels() -> dict[str, str]:
    """Return the sub-labels inside sections ("medical treatment", "skin") and the role of each."""
    return mapping("labels.csv", ("label", "role"))


def plain(name: str) -> str:
    """Return a heading as the tables spell it: lower case, single spaces, no decoration."""
    return " ".join(name.strip(_EDGE).lower().replace("’", "").replace("'", "").split())


class _Finder:
    """Walks the lines of one note once and collects its headings."""

    def __init__(self, text: str, lines: list[Line]) -> None:
        self.text = text
        self.lines = lines
        self.kind: SectionKind = "other"
        self.found: list[Heading] = []
        names = [plain(text[li.body : li.end].partition(":")[0][:_MAX_HEADING]) for li in lines]
        self.counts: dict[str, int] = {}
        for name in names:
            self.counts[name] = self.counts.get(name, 0) + 1
        self.soap = len(_SOAP & set(names)) >= 2 or bool(re.search(r"(?:^|\s)S:\s.*\sO:\s", text, re.DOTALL))

    def kind_of(self, name: str) -> SectionKind | None:
        """Return the kind that this heading opens where we are, or None."""
        for kind, within in _headings().get(name, ()):
            if not within or self.kind in within or (self.soap and "soap" in within):
                return kind
        return None

    def is_label(self, name: str, written: str, line: Line) -> bool:
        """Tell whether a heading's name is only a sub-label here (a problem's own "Plan:")."""
        if name not in labels() or self.kind not in _ASSESSED or line.lead == "hash":
            return False
        if written.isupper() and len(written) > 2 and line.lead == "":
            return False
        if self.kind == "assessment" and name in {"plan", "treatment", "management"}:
            return line.lead == "bullet" or self.counts.get(name, 0) > 1
        if self.kind != "assessment_plan" and name in {"assessment", "plan"}:
            return self.counts.get(name, 0) > 1
        return True

    def add(self, start: int, body: int, name: str, kind: SectionKind) -> None:
        """Record a heading."""
        self.found.append(Heading(start, body, name.strip(_EDGE), kind))
        self.kind = kind

    def line_heading(self, line: Line) -> bool:
        """Record the heading that a line begins with or consists of, if any."""
        content = self.text[line.body : line.end]
        for separator in (":", " - ", " – ", " — "):
            at = content.find(separator, 0, _MAX_HEADING)
            if at > 0 and self._try(line, content[:at], line.body + at + len(separator)):
                return True
        whole = content.strip()
        if len(whole) > _MAX_HEADING:
            return False
        if whole.endswith(".") and not whole.isupper():
            return plain(whole) in _DICTATED and self._try(line, whole, line.end)
        return self._try(line, whole, line.end) or self._unknown(line, whole)

    def _try(self, line: Line, written: str, body: int) -> bool:
        name = plain(written)
        kind = self.kind_of(name)
        if kind is None or self.is_label(name, written.strip(_EDGE), line) or self._is_item(kind, line):
            return False
        while body < line.end and self.text[body] in "*_: \t":
            body += 1
        self.add(line.start, body, written, kind)
        return True

    def _is_item(self, kind: SectionKind, line: Line) -> bool:
        """A later number of the assessment's list is one of its items ("2. Immunizations: ..."), not a section."""
        return self.kind in _ASSESSED and kind not in _ASSESSED and (line.number or 0) > 1

    def _unknown(self, line: Line, whole: str) -> bool:
        """A line all in capitals that no table knows opens a section of kind other."""
        name = whole.strip(_EDGE)
        if self.kind in _ASSESSED or line.lead in {"bullet", "number"} or plain(name) in labels():
            return False
        if self.kind in _LISTS or whole.endswith(".") or (" " not in name and len(name) < 9):
            return False
        if not name.isupper() or len(_WORD.findall(name)) < 4 or len(name.split()) > 6 or "," in name:
            return False
        self.add(line.start, line.end, whole, "other")
        return True

    def midline(self, line: Line) -> None:
        """Record headings with a colon inside a line, after the end of a sentence."""
        if ":" not in self.text[line.body : line.end]:
            return
        for match in _MIDLINE.finditer(self.text, line.body, line.end):
            name = plain(match["name"])
            kind = self.kind_of(name)
            if kind is None or (name in labels() and self.kind in _ASSESSED and name not in {"plan", "p"}):
                continue
            self.add(match.start("name"), match.end(), match["name"], kind)

    def run(self) -> list[Heading]:
        """Return all headings in order."""
        for line in self.lines:
            self.line_heading(line)
            self.midline(line)
        return self.found


def find_sections(text: str, lines: list[Line] | None = None) -> tuple[Section, ...]:
    """Divide a note into sections that follow each other without gap.

    Text before the first heading, and a note without headings, is of kind ``other``.
    """
    found = _Finder(text, split_lines(text) if lines is None else lines).run()
    if not found or text[: found[0].start].strip():
        found = [Heading(0, 0, "", "other"), *found]
    sections: list[Section] = []
    for index, heading in enumerate(found):
        end = found[index + 1].start if index + 1 < len(found) else len(text)
        start = 0 if index == 0 else heading.start
        sections.append(
            Section(name=heading.name, kind=heading.kind, start=start, body=min(heading.body, end), end=end)
        )
    return tuple(sections)
