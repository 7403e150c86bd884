"""What a note claims of a mention: present or not, whose, when; by the scopes of cue phrases."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.text.cues import PARTING, RawCue, Scope, cue_tables, find_cues
from tools.text.kin import kin_scopes
from tools.text.records import Assertion, Experiencer, Temporality
from tools.text.tables import word_set

_STOPPERS = frozenset({";", "•", "|"})


def _limit(cues: list[RawCue], index: int, stop: int) -> int:
    """Where the next terminator, or a doubt not directly joined to a negation, ends the scope of a cue."""
    cue = cues[index]
    for other in cues[index + 1 :]:
        if other.kind == "terminator" and other.start >= cue.end:
            return other.start
        doubt = other.kind in {"uncertain", "hypothetical"} and other.direction == "forward"
        if cue.kind == "negation" and doubt and other.start > cue.end + 1:
            return other.start
    return stop


def _forward_end(cues: list[RawCue], index: int, norms: Sequence[str], stop: int) -> int:
    """Return the end of a forward scope: terminator, new clause, or for narrow cues the end of the phrase."""
    cue = cues[index]
    limit = _limit(cues, index, stop)
    if norms[cue.start] == "non":
        return min(limit, cue.end + 1)
    single = cue.end - cue.start == 1 or norms[cue.start] in {"status", "s"}
    doubt = cue.kind == "uncertain" and norms[cue.start] not in word_set("listing")
    narrow = doubt or (cue.kind == "historical" and single and norms[cue.start] in word_set("narrow past"))
    finite = cue_tables().finite
    comma = -1
    depth = 0
    for at in range(cue.end, limit):
        word = norms[at]
        depth += (word == "(") - (word == ")")
        if word in _STOPPERS or depth < 0 or (word == ":" and _new_label(norms, at, cue, limit)):
            return at
        if word == ",":
            comma = at
            if narrow and not _or_follows(norms, at + 1, limit):
                return at
        elif word in finite and at > cue.end:
            if comma >= 0:
                return comma
            if cue.kind in {"negation", "historical"}:
                return at
    return limit


def _new_label(norms: Sequence[str], at: int, cue: RawCue, limit: int) -> bool:
    """A colon begins another item, unless it is the cue's own ("Denies: ...") or a time of day."""
    return at > cue.end + 1 and at + 1 < limit and not norms[at + 1].isdigit()


def _or_follows(norms: Sequence[str], at: int, limit: int) -> bool:
    for word in norms[at : min(limit, at + 6)]:
        if word in {"or", "v", "vs", "versus"}:
            return True
        if word in {"and", "with", ".", ";"}:
            return False
    return False


def _backward_start(cues: list[RawCue], index: int, norms: Sequence[str], start: int) -> int:
    """Return the start of a backward scope: the beginning of its clause, across a list."""
    cue = cues[index]
    floor = start
    for other in cues[:index]:
        if other.kind == "terminator" and other.end <= cue.start:
            floor = other.end
    at = cue.start
    if norms[cue.start] in word_set("near evaluation"):
        floor = max(floor, cue.start - 3)
    broad = cue.kind == "historical"
    finite = cue_tables().finite
    chunk_end = cue.start
    while at > floor:
        word = norms[at - 1]
        if word in _STOPPERS or (word in PARTING and cue.start - at > 1 and not broad):
            return at
        if not broad and word in finite and at < cue.start:
            return at
        if word == "," and not broad and not _joins(norms, at, chunk_end):
            return at
        if word == ",":
            chunk_end = at - 1
        at -= 1
    return floor


def _joins(norms: Sequence[str], at: int, end: int) -> bool:
    """Tell whether the chunk after a comma goes on with a list: it begins with and/or, or is short."""
    return at >= end or norms[at] in {"and", "or"} or end - at <= 3


def scopes_of(norms: Sequence[str], start: int, stop: int) -> list[Scope]:
    """Return the scopes of all cues among tokens ``start``..``stop`` of one sentence."""
    cues = find_cues(norms, start, stop)
    scopes = kin_scopes(norms, start, stop, cues)
    for index, cue in enumerate(cues):
        if cue.direction == "forward":
            end = _forward_end(cues, index, norms, stop)
            scopes.append(Scope(cue.start + 1, end, cue.kind, cue.start, cue.end))
        elif cue.direction == "backward":
            begin = _backward_start(cues, index, norms, start)
            scopes.append(Scope(begin, cue.start, cue.kind, cue.start, cue.end))
    return scopes


@dataclass(slots=True, frozen=True)
class Verdict:
    """Assertion, time and person of one mention, with the scopes that decided."""

    assertion: Assertion
    temporality: Temporality
    experiencer: Experiencer
    relative: str | None
    scopes: tuple[Scope, ...]


_PLAIN = Verdict("present", "recent", "patient", None, ())


def judge(scopes: list[Scope], start: int, end: int) -> Verdict:
    """Judge the mention at tokens ``start``..``end`` by the scopes that cover its beginning.

    A cue inside the mention itself ("pneumonia vaccine") says nothing about it.
    """
    nearest: dict[str, Scope] = {}
    for scope in scopes:
        if scope.start <= start < scope.end and not start <= scope.cue_start < scope.cue_end <= end:
            known = nearest.get(scope.kind)
            if known is None or abs(scope.cue_start - start) < abs(known.cue_start - start):
                nearest[scope.kind] = scope
    if not nearest:
        return _PLAIN
    over = tuple(nearest.values())
    kinds = nearest.keys()
    assertion: Assertion = "present"
    if "negation" in kinds:
        assertion = "absent"
    elif "hypothetical" in kinds:
        assertion = "hypothetical"
    elif "uncertain" in kinds:
        assertion = "uncertain"
    experiencer: Experiencer = "family" if "family" in kinds else "other" if "other" in kinds else "patient"
    relative = next((s.detail for s in over if s.kind == "family"), None)
    temporality: Temporality = "historical" if "historical" in kinds else "recent"
    return Verdict(assertion, temporality, experiencer, relative, over)
