"""Sentences and sections for the check's reader: lines first, then stops; headings by their words."""

import re
from dataclasses import dataclass

from tools.checks.cues import cues

_BREAK = re.compile(r"(?<=[a-z0-9%)\]'\"])[.!?]+(?=\s|$)|;")
_BULLET = re.compile(r"\s*(?:[-•*·▪◦]|\d{1,2}[.)])\s*")
_HEADING = re.compile(r"^\s*#*\s*(?P<name>[a-z][a-z &/'-]{0,45}?)\s*(?P<colon>:|$)")
_INLINE = frozenset({"family", "allergies", "social", "medications", "history"})
"""Sections that end with their line when they are told on the heading's own line."""
_ABBREVIATION = re.compile(r"\b(?:dr|mr|mrs|ms|vs|st|no|approx|e\.g|i\.e)$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence: code points and the kind of section it stands in."""

    start: int
    end: int
    section: str


def segments(lower: str, text: str) -> tuple[Segment, ...]:
    """Split a document into sentences, each with the kind of its section ("" before any heading)."""
    parts: list[Segment] = []
    section = ""
    for start, end in _paragraphs(lower, text):
        name, body = _heading(lower, text, start, end)
        here = name if name is not None else section
        inline = name in _INLINE and bool(lower[body:end].strip())
        section = section if inline else here
        parts.extend(Segment(low, high, here) for low, high in _sentences(lower, body, end))
    return tuple(parts)


def _paragraphs(lower: str, text: str) -> list[tuple[int, int]]:
    """Lines, with hard-wrapped ones joined to the line they continue."""
    joined: list[tuple[int, int]] = []
    offset = 0
    for line in lower.splitlines(keepends=True):
        start, end = offset, offset + len(line)
        offset = end
        if not line.strip():
            continue
        if joined and _continues(lower, text, joined[-1], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _continues(lower: str, text: str, last: tuple[int, int], start: int) -> bool:
    gap = lower[last[0] : last[1]]
    if "\n" in gap.rstrip(" \t") and gap.endswith("\n\n"):
        return False
    previous = gap.rstrip()
    first = text[start : start + 1]
    return bool(previous) and last[1] == start and previous[-1] not in ".:;!?" and first.islower()


def _heading(lower: str, text: str, start: int, end: int) -> tuple[str | None, int]:
    """The section a line opens (None when it opens none) and where the rest of the line begins."""
    match = _HEADING.match(lower[start:end])
    if match is None:
        return None, start
    name = match.group("name").strip()
    kind = cues().sections.get(name)
    body = start + match.end()
    if kind is not None:
        return kind, body
    shout = text[start:end].strip()
    if not match.group("colon") and shout.isupper() and len(shout) > 3:
        return "other", body
    return None, start


def _sentences(lower: str, start: int, end: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    bullet = _BULLET.match(lower, start, end)
    low = bullet.end() if bullet else start
    for stop in _BREAK.finditer(lower, low, end):
        if _ABBREVIATION.search(lower, max(low, stop.start() - 6), stop.start()):
            continue
        if lower[low : stop.start()].strip():
            found.append((low, stop.end()))
        low = stop.end()
    if lower[low:end].strip():
        found.append((low, end))
    return found
