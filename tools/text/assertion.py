"""What a note claims of a mention: present or not, whose, when; by the scopes of cue phrases."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tools.text.records import Assertion, Experiencer, Temporality
from tools.text.tables import mapping, one_of, rows, word_set
from tools.text.tokens import key
from tools.text.trie import Trie

_KINDS = frozenset(
    {
        "negation",
        "pseudo",
        "uncertain",
        "hypothetical",
        "historical",
        "historical_pseudo",
        "terminator",
    }
)
_CONTRACTIONS = (
    "isn't",
    "wasn't",
    "aren't",
    "weren't",
    "doesn't",
    "don't",
    "didn't",
    "hasn't",
    "haven't",
    "hadn't",
    "won't",
    "can't",
)
_DIRECTIONS = frozenset({"forward", "backward", "none"})
_STOPPERS = frozenset({";", "•", "|"})
_CLOSERS = frozenset({".", ",", ";", ")", "!", "?"})
_PARTING = frozenset({":", "-", "–", "=", "—"})


@dataclass(slots=True, frozen=True)
class Scope:
    """Tokens ``start``..``end`` are under a cue (tokens ``cue_start``..``cue_end``) of this kind."""

    start: int
    end: int
    kind: str
    cue_start: int
    cue_end: int
    detail: str = ""


@dataclass(slots=True, frozen=True)
class _Cue:
    start: int
    end: int
    kind: str
    direction: str


@dataclass(slots=True, frozen=True)
class _Tables:
    cues: Trie[tuple[str, str]]
    relatives: Trie[str]
    finite: frozenset[str]
    reporting: frozenset[str]
    kin: frozenset[str]


@cache
def _tables() -> _Tables:
    cues: Trie[tuple[str, str]] = Trie()
    for line, row in rows("cues.csv", ("phrase", "kind", "direction")):
        kind = one_of(row["kind"], _KINDS, "cues.csv", line)
        value = (kind, one_of(row["direction"], _DIRECTIONS, "cues.csv", line))
        cues.add(row["phrase"], value)
        if row["phrase"].startswith("not "):
            for short in _CONTRACTIONS:
                cues.add(short + row["phrase"][3:], value)
    uses: dict[str, set[str]] = {"finite": set(), "report": set(), "kin": set()}
    for line, row in rows("verbs.csv", ("verb", "use")):
        uses[one_of(row["use"], frozenset(uses), "verbs.csv", line)].update(key(row["verb"])[:1])
    return _Tables(
        cues,
        Trie(mapping("relatives.csv", ("word", "relative")).items()),
        frozenset(uses["finite"]),
        frozenset(uses["report"]),
        frozenset(uses["kin"]),
    )


def _find_cues(norms: Sequence[str], start: int, stop: int) -> list[_Cue]:
    found = [_Cue(a, b, k, d) for a, b, (k, d) in _tables().cues.scan(norms, start, stop)]
    return [_turned(cue, norms, start, stop) for cue in found]


def _turned(cue: _Cue, norms: Sequence[str], start: int, stop: int) -> _Cue:
    """A bare "no", "negative" or "denied" that closes its clause looks backward ("Fever: no")."""
    if (
        cue.kind != "negation"
        or cue.end - cue.start != 1
        or norms[cue.start] not in word_set("lone negations")
        or cue.start == start
    ):
        return cue
    if norms[cue.start] == "none" and norms[cue.start - 1] in _PARTING:
        return _Cue(cue.start, cue.end, "negation", "backward")
    closes = cue.end >= stop or norms[cue.end] in _CLOSERS
    if not closes or norms[cue.start - 1] in {",", "."}:
        return cue
    if norms[cue.start] in {"no", "none"} and norms[cue.start - 1] not in _PARTING:
        return cue
    return _Cue(cue.start, cue.end, "negation", "backward")


def _limit(cues: list[_Cue], index: int, stop: int) -> int:
    """Where the next terminator, or a doubt not directly joined to a negation, ends the scope of a cue."""
    cue = cues[index]
    for other in cues[index + 1 :]:
        if other.kind == "terminator" and other.start >= cue.end:
            return other.start
        doubt = other.kind in {"uncertain", "hypothetical"} and other.direction == "forward"
        if cue.kind == "negation" and doubt and other.start > cue.end + 1:
            return other.start
    return stop


def _forward_end(cues: list[_Cue], index: int, norms: Sequence[str], stop: int) -> int:
    """Return the end of a forward scope: terminator, new clause, or for narrow cues the end of the phrase."""
    cue = cues[index]
    limit = _limit(cues, index, stop)
    if norms[cue.start] == "non":
        return min(limit, cue.end + 1)
    single = cue.end - cue.start == 1 or norms[cue.start] in {"status", "s"}
    narrow = cue.kind == "uncertain" or (
        cue.kind == "historical" and single and norms[cue.start] in word_set("narrow past")
    )
    finite = _tables().finite
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


def _new_label(norms: Sequence[str], at: int, cue: _Cue, limit: int) -> bool:
    """A colon begins another item, unless it is the cue's own ("Denies: ...") or a time of day."""
    return at > cue.end + 1 and at + 1 < limit and not norms[at + 1].isdigit()


def _or_follows(norms: Sequence[str], at: int, limit: int) -> bool:
    for word in norms[at : min(limit, at + 6)]:
        if word in {"or", "v", "vs", "versus"}:
            return True
        if word in {"and", "with", ".", ";"}:
            return False
    return False


def _backward_start(cues: list[_Cue], index: int, norms: Sequence[str], start: int) -> int:
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
    finite = _tables().finite
    chunk_end = cue.start
    while at > floor:
        word = norms[at - 1]
        if word in _STOPPERS or (word in _PARTING and cue.start - at > 1 and not broad):
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


def _kin_scopes(norms: Sequence[str], start: int, stop: int, cues: list[_Cue]) -> list[Scope]:
    scopes: list[Scope] = []
    tables = _tables()
    for low, high, relative in tables.relatives.scan(norms, start, stop):
        kind = "other" if relative == "*" else "family"
        history = norms[high - 1] in {"of", "for", "history", "fhx"} or high - low > 3
        window = norms[high : min(stop, high + 4)]
        if low > start and norms[low - 1] in {"with", "by"}:
            continue
        if not history and any(word in tables.reporting for word in window[:2]):
            continue
        if history or any(word in tables.kin for word in window[:3]):
            end = _kin_end(norms, high, stop, cues)
            scopes.append(Scope(high, end, kind, low, high, relative))
        elif _after_in(norms, low, start):
            scopes.append(Scope(_clause_start(norms, low, start, cues), low, kind, low, high, relative))
    return scopes


def _kin_end(norms: Sequence[str], at: int, stop: int, cues: list[_Cue]) -> int:
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


def _after_in(norms: Sequence[str], low: int, start: int) -> bool:
    at = low - 1
    while at > start and norms[at] in word_set("possessives"):
        at -= 1
    return at >= start and norms[at] in {"in", "("}


def _clause_start(norms: Sequence[str], low: int, start: int, cues: list[_Cue]) -> int:
    floor = start
    for cue in cues:
        if cue.kind == "terminator" and cue.end <= low:
            floor = cue.end
    for at in range(low - 1, floor, -1):
        if norms[at] in {",", ";"} and "and" not in norms[at:low] and "or" not in norms[at:low]:
            return at + 1
    return floor


def scopes_of(norms: Sequence[str], start: int, stop: int) -> list[Scope]:
    """Return the scopes of all cues among tokens ``start``..``stop`` of one sentence."""
    cues = _find_cues(norms, start, stop)
    scopes = _kin_scopes(norms, start, stop, cues)
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


def relatives() -> Trie[str]:
    """Return the words for relatives; those that are not kin ("roommate") have the value ``*``."""
    return _tables().relatives


def finite_verbs() -> frozenset[str]:
    """Return the finite verbs that make a clause, in normal form."""
    return _tables().finite
