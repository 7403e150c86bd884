"""The check's own reader: where a term stands in the documents and whether it is said of the patient, now and for sure.

It shares no code with ``tools/text`` (a fault there must not blind the check too) and works differently: an index of
stems, word windows, and cue phrases around the place found.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache

from tools.checks.cues import Cues, cues
from tools.checks.segments import Segment, segments
from tools.checks.stems import Token, stem, tokens


class Status(IntEnum):
    """How a term is said; the higher one counts when a document says it more than once."""

    ABSENT = 0
    NEGATED = 1
    FAMILY = 2
    HYPOTHETICAL = 3
    UNCERTAIN = 4
    HISTORICAL = 5
    PRESENT = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place where all stems of a term stand together: document, code points, status and section."""

    document: str
    start: int
    end: int
    sentence: int
    status: Status
    section: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One document: its text, lower-cased copy of the same length, sentences and tokens."""

    id: str
    text: str
    lower: str
    segments: tuple[Segment, ...]
    tokens: tuple[Token, ...]
    sentence_of: tuple[int, ...]
    index: Mapping[str, tuple[int, ...]]

    def sentence_at(self, offset: int) -> int:
        """The number of the sentence that holds an offset."""
        return _segment_at(self, offset)

    def around(self, sentence: int, reach: int) -> str:
        """The lower-cased sentence with ``reach`` sentences on either side."""
        first, last = max(0, sentence - reach), min(len(self.segments) - 1, sentence + reach)
        return self.lower[self.segments[first].start : self.segments[last].end]

    def status(self, sentence: int, start: int, end: int) -> Status:
        """How the words of a span are said."""
        return _status(self, sentence, start, end)

    def bounds(self, sentence: int) -> tuple[int, int]:
        """The code points of a sentence."""
        segment = self.segments[sentence]
        return segment.start, segment.end


@dataclass(frozen=True)
class Reading:
    """All documents of a request, ready to be asked for terms."""

    pages: tuple[Page, ...]
    _memo: dict[tuple[frozenset[str], int], tuple[Place, ...]] = field(default_factory=dict, repr=False)

    def find(self, term: Iterable[str], slack: int = 3) -> tuple[Place, ...]:
        """Find where all stems of a term stand in one sentence, at most ``slack`` other words between them.

        Args:
            term: the stems of the term.
            slack: how many words that do not belong to the term may stand among its words.

        Returns:
            The places in reading order, each with the status of what is said there.
        """
        key = (frozenset(term), slack)
        if key not in self._memo:
            self._memo[key] = tuple(place for page in self.pages for place in _find(page, key[0], slack))
        return self._memo[key]

    def says(self, term: str, slack: int = 3) -> Status:
        """Return the best status with which a term in words is said anywhere."""
        places = self.find((t.stem for t in tokens(term)), slack)
        return max((place.status for place in places), default=Status.ABSENT)

    def status_of(self, pattern: re.Pattern[str]) -> Status:
        """Return the best status with which a pattern over lower-cased text matches anywhere."""
        best = Status.ABSENT
        for page in self.pages:
            for match in pattern.finditer(page.lower):
                sentence = page.sentence_at(match.start())
                best = max(best, page.status(sentence, match.start(), match.end()))
                if best is Status.PRESENT:
                    return best
        return best

    def has(self, stems: Iterable[str]) -> bool:
        """Whether every one of the stems occurs somewhere in one document, however said."""
        wanted = tuple(stems)
        return any(all(s in page.index for s in wanted) for page in self.pages)

    def sentence(self, document: str, offset: int) -> str:
        """Return the sentence that holds an offset, "" when the document is not there."""
        page = self.page(document)
        if page is None or not page.segments:
            return ""
        start, end = page.bounds(_segment_at(page, offset))
        return page.text[start:end]

    def status_at(self, document: str, start: int, end: int) -> Status | None:
        """Return how the words of a span are said, None when the document is not there."""
        page = self.page(document)
        if page is None or not page.segments:
            return None
        return _status(page, _segment_at(page, start), start, end, whole=True)

    def page(self, document: str) -> Page | None:
        """The page of a document, None when it is not there."""
        return next((page for page in self.pages if page.id == document), None)

    def around(self, place: Place, reach: int = 0) -> str:
        """Return the lower-cased sentence of a place, with ``reach`` sentences on either side."""
        page = self.page(place.document)
        if page is None:
            return ""
        return page.around(place.sentence, reach)

    @cached_property
    def text(self) -> str:
        """All documents, lower-cased, one after the other."""
        return "\n".join(page.lower for page in self.pages)


def read(documents: Mapping[str, str]) -> Reading:
    """Read documents given as id and text; nothing is remembered between calls."""
    return Reading(pages=tuple(_page(name, text) for name, text in documents.items()))


def stems_of(term: str) -> tuple[str, ...]:
    """Return the stems of a term in words."""
    return tuple(token.stem for token in tokens(term))


def _page(name: str, text: str) -> Page:
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    parts = segments(lower, text)
    starts = [part.start for part in parts]
    found = tokens(lower)
    index: dict[str, list[int]] = {}
    for position, token in enumerate(found):
        index.setdefault(token.stem, []).append(position)
    return Page(
        id=name,
        text=text,
        lower=lower,
        segments=parts,
        tokens=found,
        sentence_of=tuple(max(0, bisect_right(starts, token.start) - 1) for token in found),
        index={s: tuple(positions) for s, positions in index.items()},
    )


def _segment_at(page: Page, offset: int) -> int:
    starts = [segment.start for segment in page.segments]
    return max(0, bisect_right(starts, offset) - 1)


def _find(page: Page, term: frozenset[str], slack: int) -> Iterator[Place]:
    if not term or any(s not in page.index for s in term):
        return
    rarest = min(term, key=lambda s: (len(page.index[s]), s))
    width = len(term) + slack
    done: set[int] = set()
    for position in page.index[rarest]:
        group = _group(page, term, position, width)
        if group is None or group[0] in done:
            continue
        done.add(group[0])
        start, end = page.tokens[group[0]].start, page.tokens[group[1]].end
        sentence = page.sentence_of[position]
        yield Place(
            document=page.id,
            start=start,
            end=end,
            sentence=sentence,
            status=_status(page, sentence, start, end),
            section=page.segments[sentence].section,
        )


def _group(page: Page, term: frozenset[str], position: int, width: int) -> tuple[int, int] | None:
    """The first and last token of the tightest group around a position, inside its sentence."""
    sentence = page.sentence_of[position]
    chosen = [position]
    for wanted in term:
        near = [
            p for p in page.index[wanted] if abs(p - position) < width and page.sentence_of[p] == sentence
        ]
        if not near:
            return None
        chosen.append(min(near, key=lambda p: abs(p - position)))
    first, last = min(chosen), max(chosen)
    return (first, last) if last - first < width else None


def _status(page: Page, sentence: int, start: int, end: int, *, whole: bool = False) -> Status:
    """How a span is said; a denial inside it counts, in a ``whole`` passage only one it begins with."""
    low, high = page.bounds(sentence)
    before, after = page.lower[low:start], page.lower[end:high]
    known = cues()
    section = page.segments[sentence].section
    if section == "family" or _family(known, before, after, page.lower[low:high]):
        return Status.FAMILY
    inside = known.pseudo.sub(" ", page.lower[start:end])
    if _negated(known, before, after) or _denies(known, inside, whole=whole):
        return Status.NEGATED
    if _near(known.hypothetical_before, known, before, 12) or _follows(known.hypothetical_after, after, 2):
        return Status.HYPOTHETICAL
    if _near(known.uncertain_before, known, before, 8) or _follows(known.uncertain_after, after, 3):
        return Status.UNCERTAIN
    if section == "history" or _near(known.historical_before, known, before, 5):
        return Status.HISTORICAL
    return Status.HISTORICAL if known.historical_after.search(_head(after, 8)) else Status.PRESENT


def _denies(known: Cues, inside: str, *, whole: bool) -> bool:
    found = known.negation_before.match(inside) if whole else known.negation_before.search(inside)
    return found is not None


_BARE = "evidence|signs?|symptoms?|history|indications?|diagnos[ei]s|presence|suspicion|concerns?|cases?|complaints?|features?|findings?"
_PRESUPPOSED = re.compile(
    rf"(?:[\w-]+ )?(?!(?:{_BARE})\b)(?:(?:{_BARE}) (?:of|for) (?:[\w-]+ ){{0,3}}?)?(?!(?:{_BARE})\b)[\w-]+ "
    r"(?:in|of|from|around|over|at|near|within|surrounding|to) (?:this|these|his|her|their|the) (?:[\w-]+ ?){0,2}"
)
"""Between a denial and a place: what is denied lies in or at the place, which is thereby affirmed ("no drainage from the ulcer")."""
_FEMALE = ("mother", "mom", "sister", "grandmother", "aunt", "wife", "daughter", "half-sister")
_MALE = ("father", "dad", "brother", "grandfather", "uncle", "husband", "son", "half-brother")
_TELLS = re.compile(
    r"\b(?:reports?|reported|states?|stated|says|said|notes|noted|noticed|describes?|brought|concerned|worried|observed|"
    r"helps?|helping|changes|changing|dresses)\b"
)
_BROUGHT = re.compile(
    r"\b(?:brought in|brought|accompanied|here|presents?|presented|comes?|came)\b[^.]*\b(?:by|with)\b"
)


def _helper(relative: str, before: str, between: str) -> bool:
    """Whether a relative only tells of the patient, brings or helps them: what follows is then the patient's."""
    other = _OTHER.get(relative.removesuffix("'s"))
    owned = bool(other and re.search(rf"\b{other}\b", between))
    brought = bool(_BROUGHT.search(before)) and bool(re.search(r"\b(?:for|with|because|due)\b", between))
    return (
        owned
        or brought
        or (bool(_TELLS.search(between)) and not re.search(r"\bhistory\b|\bfamily\b", between))
    )


_OTHER = {**dict.fromkeys(_FEMALE, "his"), **dict.fromkeys(_MALE, "her")}


def _family(known: Cues, before: str, after: str, whole: str) -> bool:
    found = list(known.family_words.finditer(before))
    if found:
        last = found[-1]
        if _helper(last.group(), before[: last.start()], before[last.end() :]):
            return False
        return known.family_patient.search(before, last.end()) is None
    head = known.family_words.search(_head(after, 6))
    return bool(head and known.family_patient.search(whole) is None)


def _scope(known: Cues, before: str) -> str:
    """The part of a sentence before a place that still governs it: after the last turn of the sentence."""
    turns = list(known.end.finditer(before))
    return before[turns[-1].end() :] if turns else before


def _negated(known: Cues, before: str, after: str) -> bool:
    scope = known.pseudo.sub(" ", _scope(known, before))
    cue = None
    for cue in known.negation_before.finditer(scope):  # noqa: B007 - the last one is meant
        pass
    if cue is not None:
        between = scope[cue.end() :]
        if _PRESUPPOSED.fullmatch(f"{between.strip()} "):
            return bool(known.negation_after.match(_head(after, 4)))
        listed = "," in between or " or " in between or " nor " in between or cue.group().startswith("den")
        if len(between.split()) <= (40 if listed else 6):
            return True
    return bool(known.negation_after.match(_head(after, 4)))


def _near(pattern: re.Pattern[str], known: Cues, before: str, reach: int) -> bool:
    scope = _scope(known, before)
    return any(len(scope[m.end() :].split()) <= reach for m in pattern.finditer(scope))


def _follows(pattern: re.Pattern[str], after: str, reach: int) -> bool:
    return pattern.search(_head(after, reach)) is not None


@lru_cache(maxsize=4096)
def _head(after: str, count: int) -> str:
    return " ".join(re.split(r"[;:.]", after, maxsplit=1)[0].split()[:count])


__all__ = ["Place", "Reading", "Status", "read", "stem", "stems_of"]
