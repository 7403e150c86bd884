"""Code ranges as the tabular list writes them: "(E08.-)", "(N18.1-N18.6)", "(T36-T65)", lists."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CODE: Final = r"[A-Z][0-9A-Z][0-9A-Z](?:\.[0-9A-Z]{0,4})?"
_BRACKET: Final = re.compile(r"\(([^()]*)\)")
_HAS_CODE: Final = re.compile(r"\b[A-Z][0-9][0-9A-Z]\b|\b[A-Z][0-9][0-9A-Z]\.|\bQA0\b")
_CHARACTER: Final = re.compile(
    r"(fifth or sixth?|fourth|4th|fifth|5th|sixth|6th|seventh|7th|final) characters?\s+"
    r"([0-9A-Z](?:-[0-9A-Z])?(?:(?:,| or) [0-9A-Z])*)$"
)
_ENDING: Final = re.compile(
    r"(?:final characters? )?([-.])?([0-9A-Z]{2,3})(?:-\.?([0-9A-Z]{2,3}))?(?: or \.([0-9A-Z]{2,3}))?$"
)
_POSITION: Final = {"fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "6th": 6, "seventh": 7, "7th": 7}


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeRange:
    """A code, category or range, both ends included with all their subdivisions, dots removed.

    ``part`` and ``values`` narrow it to codes with certain characters: ``part`` is "" (no narrowing), "4" to
    "7" (that position), "5or6" (the 6th character, or the 5th where the 6th is a placeholder), "final" (the
    last of the first six) or "after-dot" / "ending" (what follows the dot starts, or ends, with a value).
    ``exact`` is False where the text narrows the range in words that have no rule.
    """

    low: str
    high: str
    part: str = ""
    values: tuple[str, ...] = ()
    exact: bool = True

    def __str__(self) -> str:
        span = self.low if self.low == self.high else f"{self.low}-{self.high}"
        return f"{span} [{self.part}: {', '.join(self.values)}]" if self.part else span


@lru_cache(maxsize=32768)
def parse_refs(text: str) -> tuple[CodeRange, ...]:
    """Find the code ranges that a note's text refers to in its brackets.

    Args:
        text: one line of an Includes, Excludes, Code first, Use additional or Code also note.

    Returns:
        The ranges in the order of the text; none where the text names no code.
    """
    found: list[CodeRange] = []
    for inside in _BRACKET.findall(text):
        if _HAS_CODE.search(inside):
            found.extend(_ranges(inside))
    return tuple(found)


def _ranges(inside: str) -> list[CodeRange]:
    head, separator, condition = inside.partition("with ")
    part, values, exact = _condition(condition.strip()) if separator else ("", (), True)
    spans = re.sub(r"\s*-+\s*(?=[A-Z][0-9A-Z]{2})", "~", head)
    out = []
    for item in re.split(r"[,;]|\band\b|\bor\b", spans):
        ends = re.findall(_CODE, item)
        if not ends:
            continue
        low, high = ends[0].replace(".", ""), ends[1 if "~" in item and len(ends) > 1 else 0].replace(".", "")
        out.append(CodeRange(low=low, high=high, part=part, values=values, exact=exact))
    return out


def _condition(text: str) -> tuple[str, tuple[str, ...], bool]:
    character = _CHARACTER.match(text)
    if character:
        word = character[1]
        part = "5or6" if word.startswith("fifth or") else word if word == "final" else str(_POSITION[word])
        return part, _values(character[2]), True
    ending = _ENDING.match(text)
    if ending:
        part = "ending" if ending[1] == "-" else "after-dot"
        low, high = ending[2], ending[3]
        values = tuple(f"{n:02d}" for n in range(int(low), int(high) + 1)) if high else (low,)
        return part, values + ((ending[4],) if ending[4] else ()), True
    return "", (), False


def _values(text: str) -> tuple[str, ...]:
    out: list[str] = []
    for item in re.split(r",? or |, ", text):
        low, _, high = item.strip().partition("-")
        out.extend(chr(n) for n in range(ord(low), ord(high or low) + 1))
    return tuple(out)


def satisfies(bare: str, ref: CodeRange) -> bool:
    """Tell whether a code (dot removed) meets the character condition of a range."""
    if not ref.part:
        return True
    if ref.part == "5or6":
        char = bare[5:6] if bare[5:6] not in {"", "X"} else bare[4:5]
        return char in ref.values
    if ref.part == "final":
        return bare[:6].rstrip("X")[-1:] in ref.values
    if ref.part == "after-dot":
        return bare[3:].startswith(ref.values)
    if ref.part == "ending":
        return bare.endswith(ref.values)
    return bare[int(ref.part) - 1 : int(ref.part)] in ref.values
