"""Cue phrases of assertion: the tables, and the cues found in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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
_CLOSERS = frozenset({".", ",", ";", ")", "!", "?"})
PARTING = frozenset({":", "-", "–", "=", "—"})


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
class RawCue:
    """A cue phrase at tokens ``start``..``end``, the way it works and where to."""

    start: int
    end: int
    kind: str
    direction: str


@dataclass(slots=True, frozen=True)
class CueTables:
    """The compiled tables of cues, relatives and verbs."""

    cues: Trie[tuple[str, str]]
    relatives: Trie[str]
    finite: frozenset[str]
    reporting: frozenset[str]
    kin: frozenset[str]


@cache
def cue_tables() -> CueTables:
    """Load and compile the tables, once per process."""
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
    return CueTables(
        cues,
        Trie(mapping("relatives.csv", ("word", "relative")).items()),
        frozenset(uses["finite"]),
        frozenset(uses["report"]),
        frozenset(uses["kin"]),
    )


def find_cues(norms: Sequence[str], start: int, stop: int) -> list[RawCue]:
    """Return the cues among tokens ``start``..``stop``, in order."""
    found = [RawCue(a, b, k, d) for a, b, (k, d) in cue_tables().cues.scan(norms, start, stop)]
    found = [_turned(cue, norms, start, stop) for cue in found]
    return sorted(found + _choices(norms, start, stop), key=lambda cue: cue.start)


def _choices(norms: Sequence[str], start: int, stop: int) -> list[RawCue]:
    """What possible causes or a differential "include" is uncertain, however far the verb is."""
    for at in range(start, stop):
        if norms[at] in {"include", "included"}:
            open_words = word_set("open question")
            if any(word in open_words for word in norms[start:at]):
                return [RawCue(at, at + 1, "uncertain", "forward")]
    return []


def _turned(cue: RawCue, norms: Sequence[str], start: int, stop: int) -> RawCue:
    """A bare "no", "negative" or "denied" that closes its clause looks backward ("Fever: no")."""
    if (
        cue.kind != "negation"
        or cue.end - cue.start != 1
        or norms[cue.start] not in word_set("lone negations")
        or cue.start == start
    ):
        return cue
    if norms[cue.start] == "none" and norms[cue.start - 1] in PARTING:
        return RawCue(cue.start, cue.end, "negation", "backward")
    closes = cue.end >= stop or norms[cue.end] in _CLOSERS
    if not closes or norms[cue.start - 1] in {",", "."}:
        return cue
    if norms[cue.start] in {"no", "none"} and norms[cue.start - 1] not in PARTING:
        return cue
    return RawCue(cue.start, cue.end, "negation", "backward")


def relatives() -> Trie[str]:
    """Return the words for relatives; those that are not kin ("roommate") have the value ``*``."""
    return cue_tables().relatives


def finite_verbs() -> frozenset[str]:
    """Return the finite verbs that make a clause, in normal form."""
    return cue_tables().finite
