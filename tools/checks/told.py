"""How documents tell of a service: done, ordered, refused, elsewhere, or not at all."""

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache

from knowledge.bookshelf import Bookshelf
from knowledge.procedures import Procedure
from tools.checks.cues import cues
from tools.checks.reading import Place, Reading, Status
from tools.checks.stems import stem, tokens
from tools.checks.tables import CueGroup, title_words
from tools.checks.tables_services import modalities, regions, service_cue

_NOTE_IS_ENOUGH = frozenset(
    [
        "em_new",
        "em_established",
        "em_consult",
        "em_hospital",
        "em_emergency",
        "em_nursing",
        "em_home",
        "telehealth",
        "em_addon",
        "quality",
        "supply",
        "prolonged",
        "obstetric",
        "virtual",
        "dialysis",
        "anesthesia",
        "specimen",
    ]
)
_IN_OFFICE = re.compile(
    r"in[- ](?:the |our )?(?:office|clinic)|point[- ]of[- ]care|\bpoc\b|finger ?stick|dipstick|\brapid\b|here today|done here|"
    r"our (?:own )?(?:lab|analy)|today.{0,40}(?:\d|positive|negative|normal)|cartridge"
)
_RESULT = re.compile(
    r"\d|positive|negative|normal|trace|detected|elevated|high|low|within|\bwas\b|\bis\b|show|reveal"
)


_DEEDS = frozenset(stem(word) for word in ("given", "administered", "performed", "done", "administration"))
"""Words that tell the deed, not the service: the reader judges the deed by itself."""


class Done(IntEnum):
    """How a service is spoken of; the higher one counts."""

    SILENT = 0
    REFUSED = 1
    ORDERED = 2
    ELSEWHERE = 3
    DONE = 4


def note_is_enough(row: Procedure) -> bool:
    """Whether the note of the visit itself documents the service (visits, add-ons, supplies)."""
    return row.category in _NOTE_IS_ENOUGH and service_cue(row.code, row.family, "") is None


def done_places(bookshelf: Bookshelf, reading: Reading, row: Procedure) -> Iterator[tuple[Done, str]]:
    """Yield how each mention of a service is told, with its lower-cased sentence."""
    terms, patterns = _words_of(bookshelf, row)
    modality = modalities().get(row.family.partition("_")[0]) if row.category == "imaging" else None
    cue = service_cue(row.code, row.family, row.category)
    groups = (
        cue.groups[:1] if cue else (CueGroup(terms=terms, patterns=(modality,) if modality else patterns),)
    )
    for group in groups:
        for stems in group.terms:
            for place in reading.find(stems, 2):
                yield _event(reading, place, row), reading.around(place)
        for pattern in group.patterns:
            for page in reading.pages:
                for match in pattern.finditer(page.lower):
                    told = _event_at(reading, page.id, match.start(), match.end(), row)
                    yield told, page.around(page.sentence_at(match.start()), 0)


def done_state(bookshelf: Bookshelf, reading: Reading, row: Procedure) -> Done:
    """Return how the documents speak of a service."""
    cue = service_cue(row.code, row.family, row.category)
    if cue is not None:
        states = [_group_state(reading, group, row) for group in cue.groups]
        return min(states)
    modality = modalities().get(row.family.partition("_")[0]) if row.category == "imaging" else None
    if modality is not None:
        return _image_state(reading, modality, row)
    if row.category == "lab":
        return _laboratory_state(list(done_places(bookshelf, reading, row)))
    terms, patterns = _words_of(bookshelf, row)
    return _group_state(reading, CueGroup(terms=terms, patterns=patterns), row)


def _laboratory_state(told: list[tuple[Done, str]]) -> Done:
    """A test is done here when a mention gives its result or says so; one sent out anywhere counts as sent out."""
    if any(state is Done.DONE and _IN_OFFICE.search(text) for state, text in told):
        return Done.DONE
    away = [state for state, _ in told if state in {Done.ORDERED, Done.ELSEWHERE}]
    if away:
        return max(away)
    shown = [state for state, text in told if state is not Done.DONE or _RESULT.search(text)]
    return max(shown, default=Done.ORDERED if told else Done.SILENT)


def _group_state(reading: Reading, group: CueGroup, row: Procedure) -> Done:
    best = Done.SILENT
    for stems in group.terms:
        for place in reading.find(stems, 2):
            best = max(best, _event(reading, place, row))
    for pattern in group.patterns:
        for page in reading.pages:
            for match in pattern.finditer(page.lower):
                best = max(best, _event_at(reading, page.id, match.start(), match.end(), row))
    return best


def _image_state(reading: Reading, modality: re.Pattern[str], row: Procedure) -> Done:
    """An image is named by its kind and, in the same or a neighbouring sentence, its body region."""
    region = regions().get(row.region)
    best = Done.SILENT
    for page in reading.pages:
        for match in modality.finditer(page.lower):
            if region is None or region.search(page.around(page.sentence_at(match.start()), 2)):
                best = max(best, _event_at(reading, page.id, match.start(), match.end(), row))
    return best


def _event(reading: Reading, place: Place, row: Procedure) -> Done:
    return _event_at(reading, place.document, place.start, place.end, row)


def _event_at(reading: Reading, document: str, start: int, end: int, row: Procedure) -> Done:
    page = reading.page(document)
    if page is None:
        return Done.SILENT
    sentence = page.sentence_at(start)
    low, high = page.bounds(sentence)
    section = page.segments[sentence].section
    before, after = page.lower[low:start], page.lower[end:high]
    if (
        section in {"family", "allergies", "instructions"}
        or page.status(sentence, start, end) is Status.FAMILY
    ):
        return Done.SILENT
    return _told(before, after, section)


def _told(before: str, after: str, section: str) -> Done:
    known = cues()
    tail = " ".join(re.split(r"[;:]", before)[-1].split()[-9:])
    head = " ".join(after.split()[:9])
    done = known.done.search(head) or known.done.search(tail)
    if known.refused.search(tail) and not known.done.search(head):
        return Done.REFUSED
    if known.refused.match(head.removeprefix("was ").removeprefix("is ")) or re.match(
        r"\W*(?:was |is )?(?:declined|refused|deferred)", head
    ):
        return Done.REFUSED
    ordered = known.ordered.search(tail) or known.ordered.search(" ".join(head.split()[:6]))
    if known.elsewhere.search(tail) or known.elsewhere.search(" ".join(head.split()[:6])):
        return (
            Done.DONE
            if re.search(r"\btoday\b|in (?:the )?office|in-office|in clinic", before + after)
            else Done.ELSEWHERE
        )
    if ordered and not done:
        return Done.ORDERED
    if ordered and re.search(r"\b(?:will|order\w*|schedul\w*|refer\w*|recommend\w*|send|sent)\b", tail):
        return (
            Done.DONE
            if re.search(
                r"\btoday\b.{0,30}\b(?:show|reveal|normal|result|interpret)|in (?:the )?office",
                before + after,
            )
            else Done.ORDERED
        )
    return Done.DONE


@lru_cache(maxsize=4096)
def _words_of(
    bookshelf: Bookshelf, row: Procedure
) -> tuple[tuple[frozenset[str], ...], tuple[re.Pattern[str], ...]]:
    """The terms and patterns by which a note may name a service: table cues, vocabulary, drug names, title."""
    named = (frozenset(t.stem for t in tokens(word)) - _DEEDS for word in _names(bookshelf).get(row.code, ()))
    terms = [stems for stems in named if stems]
    patterns = [re.compile(rf"(?<![a-z]){re.escape(cue.lower())}") for cue in row.requires]
    unit = bookshelf.procedures.drug_unit(row.code)
    if unit is not None:
        terms += [frozenset({t.stem}) for t in tokens(unit.drug.lower()) if len(t.stem) > 4]
    meaning = (
        frozenset(t.stem for t in tokens(re.split(r"[,(;]", row.title.lower())[0])) - title_words().filler
    )
    if len(meaning) > 1 or not (terms or patterns):
        terms.append(meaning)
    return tuple(dict.fromkeys(terms)), tuple(patterns)


@lru_cache(maxsize=4)
def _names(bookshelf: Bookshelf) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    vocabulary = bookshelf.vocabulary
    for test in vocabulary.tests:
        for code in test.codes:
            found.setdefault(code, []).append(test.term)
    for service in vocabulary.services:
        for code in service.codes:
            found.setdefault(code, []).append(service.term)
    for drug in vocabulary.medications:
        for code in drug.hcpcs:
            found.setdefault(code, []).extend((drug.name, drug.generic))
    return {code: tuple(dict.fromkeys(terms)) for code, terms in found.items()}
