"""Whose condition it is: the scopes of words for relatives and other people."""

from collections.abc import Sequence

from tools.text.cues import RawCue, Scope, cue_tables
from tools.text.tables import word_set


def kin_scopes(norms: Sequence[str], start: int, stop: int, cues: list[RawCue]) -> list[Scope]:
    """Return the scopes of relatives and other people; one who only reports has none."""
    scopes: list[Scope] = []
    tables = cue_tables()
    for low, high, relative in tables.relatives.scan(norms, start, stop):
        kind = "other" if relative == "*" else "family"
        history = norms[high - 1] in {"of", "for", "history", "fhx"} or high - low > 3
        window = norms[high : min(stop, high + 4)]
        if _before(norms, low, start) in {"with", "by"}:
            continue
        if not history and any(word in tables.reporting for word in window[:2]):
            continue
        if history or any(word in tables.kin for word in window[:3]):
            end = _kin_end(norms, high, stop, cues)
            scopes.append(Scope(high, end, kind, low, high, relative))
        elif _after_in(norms, low, start):
            scopes.append(Scope(_clause_start(norms, low, start, cues), low, kind, low, high, relative))
    return scopes


def _kin_end(norms: Sequence[str], at: int, stop: int, cues: list[RawCue]) -> int:
    for cue in cues:
        if (
            cue.start >= at
            and cue.kind == "terminator"
            and norms[cue.start] in {"but", "however", "and", ";"}
        ):
            return cue.start
    for position in range(at, stop):
        if norms[position] == ";" or (norms[position] in {"she", "he", "patient"} and position > at + 1):
            return position
    return stop


def _before(norms: Sequence[str], low: int, start: int) -> str:
    """The word before a relative and its possessive: one who brings a child, or comes with a patient, has nothing."""
    at = low - 1
    while at > start and norms[at] in word_set("possessives"):
        at -= 1
    return norms[at] if at >= start else ""


def _after_in(norms: Sequence[str], low: int, start: int) -> bool:
    return _before(norms, low, start) in {"in", "("}


def _clause_start(norms: Sequence[str], low: int, start: int, cues: list[RawCue]) -> int:
    floor = start
    for cue in cues:
        if cue.kind == "terminator" and cue.end <= low:
            floor = cue.end
    for at in range(low - 1, floor, -1):
        if norms[at] in {",", ";"} and "and" not in norms[at:low] and "or" not in norms[at:low]:
            return at + 1
    return floor
