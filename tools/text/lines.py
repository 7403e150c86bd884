"""Lines of a note and what stands before their words: bullet, number, hash."""

import re
from dataclasses import dataclass
from typing import Literal

Lead = Literal["", "bullet", "number", "hash"]

_LEAD = re.compile(
    r"[^\S\n]*(?:(?P<hash>\#{1,6}(?=\s|\d|[A-Za-z]))|(?P<bullet>[•●▪◦‣·○■□➢✓\-–—*+>](?![*\-])(?=\s|[A-Z•]))"
    r"|(?P<number>\(?\d{1,2}[.)](?=\s|[A-Za-z*])|\#\d{1,2}[.):]?(?=\s)|[A-Za-z][)](?=\s)))?(?:[^\S\n]+[-–•*](?=\s))?[^\S\n]*[*_]{0,3}"
)
_DIGITS = re.compile(r"\d+")
_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


@dataclass(slots=True, frozen=True)
class Line:
    """One line: ``start``/``end`` without its break, ``body`` where its words begin, and its lead."""

    start: int
    end: int
    body: int
    lead: Lead
    number: int | None
    indent: int


def _line(text: str, start: int, end: int) -> Line:
    match = _LEAD.match(text, start, end)
    if match is None:  # pragma: no cover - the pattern matches the empty string
        return Line(start, end, start, "", None, 0)
    lead: Lead = ""
    number: int | None = None
    if match["number"]:
        digits = _DIGITS.search(match["number"])
        lead = "number" if digits else "bullet"
        number = int(digits.group()) if digits else None
    elif match["hash"]:
        lead = "hash"
    elif match["bullet"]:
        lead = "bullet"
    body = match.end()
    lead_start = start + len(match.group()) - len(match.group().lstrip())
    return Line(start, end, min(body, end), lead, number, lead_start - start)


def split_lines(text: str) -> list[Line]:
    """Return the lines that hold anything but white space, in order."""
    lines: list[Line] = []
    start = 0
    for match in _BREAK.finditer(text):
        if text[start : match.start()].strip():
            lines.append(_line(text, start, match.start()))
        start = match.end()
    if text[start:].strip():
        lines.append(_line(text, start, len(text)))
    return lines
