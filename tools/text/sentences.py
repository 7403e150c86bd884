"""Sentences, list items and table lines, robust to abbreviations, with exact offsets."""

import re
from dataclasses import dataclass
from functools import cache

from tools.text.lines import Line
from tools.text.records import Section
from tools.text.sections import labels, plain
from tools.text.tables import mapping

_END = re.compile(r"[.!?]+[\"”’')\]]*(?=\s|$)|(?<=[a-z)])\.(?=[A-Z][a-z])")
_LABEL = re.compile(r"[*_]{0,3}(?P<name>[A-Za-z][A-Za-z/&,’' -]{1,40}?)[*_]{0,3}\s?:(?=\s|\*|$)")
_WORD_BEFORE = re.compile(r"[^\s(\[]+$")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]?$")
_CONTINUES = re.compile(r"[a-z(,;]|\d+\s?(?:mg|mcg|ml|mm|cm|%)")
_MAX_SENTENCE = 1000


@dataclass(slots=True)
class Span:
    """A sentence under construction, with the line it began on and the role of its item's label."""

    start: int
    end: int
    section: int
    line: int
    label: str = ""
    body: int = 0
    first: bool = False


@cache
def _abbreviations() -> dict[str, str]:
    return mapping("abbreviations.csv", ("abbreviation", "ends"))


def _ends_here(text: str, at: int, end: int, stop: int) -> bool:
    """Tell whether the punctuation at ``at`` really ends a sentence."""
    if text[at] != ".":
        return True
    rest = text[end:stop].lstrip()
    if not rest:
        return True
    before = _WORD_BEFORE.search(text, max(0, at - 24), at)
    word = before.group().lower() if before else ""
    follower = rest[0]
    ends = _abbreviations().get(word)
    if ends is not None:
        return ends == "capital" and follower.isupper()
    if before and _INITIALS.fullmatch(before.group()):
        return len(word) > 1 and follower.isupper()
    return not follower.islower() or (len(word) > 2 and word.isalpha())


def _pieces(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Split one run of text (a line or joined lines) at its sentence ends."""
    found: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, stop):
        if _ends_here(text, match.start(), match.end(), stop) or match.end() - begin > _MAX_SENTENCE:
            found.append((begin, match.end()))
            begin = match.end()
    if begin < stop:
        found.append((begin, stop))
    trimmed: list[tuple[int, int]] = []
    for low, high in found:
        piece = text[low:high]
        left = low + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        while right - left > _MAX_SENTENCE:
            cut = text.rfind(" ", left + _MAX_SENTENCE // 2, left + _MAX_SENTENCE)
            cut = cut if cut > 0 else left + _MAX_SENTENCE
            trimmed.append((left, cut))
            left = cut + 1 if text[cut] == " " else cut
        if right > left:
            trimmed.append((left, right))
    return trimmed


def _runs(text: str, lines: list[Line], sections: tuple[Section, ...]) -> list[tuple[int, int, int, int]]:
    """Return (start, stop, section, line index) of text that belongs together: a line, or wrapped lines."""
    runs: list[tuple[int, int, int, int]] = []
    at = 0
    for number, line in enumerate(lines):
        start = line.start
        while at + 1 < len(sections) and sections[at + 1].start <= start:
            at += 1
        while start < line.end:
            section = sections[at]
            start = max(start, section.body) if section.start >= line.start else start
            stop = min(line.end, section.end)
            if start < stop:
                runs.append((max(start, min(line.body, stop)), stop, at, number))
            if section.end >= line.end or at + 1 >= len(sections):
                break
            at += 1
            start = sections[at].start
    return runs


def _wraps(text: str, runs: list[tuple[int, int, int, int]], lines: list[Line], index: int) -> bool:
    """Tell whether run ``index`` continues the one before it (hard-wrapped prose)."""
    start, stop, section, number = runs[index]
    before = runs[index - 1]
    if section != before[2] or number != before[3] + 1 or lines[number].lead:
        return False
    tail = text[before[0] : before[1]].rstrip()
    if not tail or tail[-1] in ".!?:;" or len(tail) < 40:
        return False
    if lines[number].start - lines[before[3]].end > 2:
        return False
    return bool(_CONTINUES.match(text, start, stop)) or len(tail) >= 72


def find_sentences(text: str, lines: list[Line], sections: tuple[Section, ...]) -> list[Span]:
    """Return the sentences of all section bodies in order; none crosses a list item or a section."""
    runs = _runs(text, lines, sections)
    spans: list[Span] = []
    index = 0
    while index < len(runs):
        start, stop, section, number = runs[index]
        while index + 1 < len(runs) and _wraps(text, runs, lines, index + 1):
            index += 1
            stop = runs[index][1]
        _label_pieces(text, _pieces(text, start, stop), section, number, spans)
        index += 1
    return spans


def _label_pieces(
    text: str, pieces: list[tuple[int, int]], section: int, number: int, spans: list[Span]
) -> None:
    role = ""
    table = labels()
    for order, (start, stop) in enumerate(pieces):
        match = _LABEL.match(text, start, stop)
        body = start
        if match:
            found = table.get(plain(match["name"]))
            if found is not None:
                role, body = found, match.end()
        spans.append(Span(start, stop, section, number, role, body, order == 0))
