"""Vital signs, dates, spans of time and minutes spent."""

import re
from functools import cache

from tools.text.draft import Draft, Scene
from tools.text.signals import Signal, of
from tools.text.tables import mapping, word_set
from tools.text.trie import Trie

_NUMBER = re.compile(
    r"[\s:=,(|*-]*(?:(?:is|was|of|at|today|in|clinic|office|the|to|be|noted|approximately|about|elevated|up|this|visit|"
    r"currently|now|has|been|found|measured|down|index|reading|repeat|initial|by|stable|above|below|goal|well|controlled|a)[\s:=,(|-]+){0,6}"
    r"(?P<value>\d{1,3}\s?/\s?\d{2,3}|\d{1,3}(?:\.\d+)?(?:\s?(?:['’]|ft|feet)\s?\d{0,2}(?:\.\d+)?)?)\s?"
    r"(?P<unit>%|°?\s?[FC]\b|degrees\s[FC]|kg/m2|kg/m²|kg|"
    r"lbs?\b|pounds|mmHg|mm\sHg|bpm|beats per minute|/min|"
    r"cm|inches|in\b|[\"”])?",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"(?P<value>\d{1,3}\s?/\s?\d{2,3}|\d{1,3}(?:\.\d+)?)\s?(?:[a-z%°/0-9²]{1,8})?", re.IGNORECASE
)
_RULE = re.compile(r"[\s|:+-]*")
_MINUTES = re.compile(
    r"(?<![\d.])(\d{1,3})(?:\s?(?:-|–|to)\s?\d{1,3})?[\s-]*(?:minutes?|mins?)\b", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?<![\d/.])(?:(?P<m>0?[1-9]|1[0-2])/(?:(?P<d>0?[1-9]|[12]\d|3[01])/)?(?P<y>(?:19|20)\d\d|(?<=/)\d\d)(?![\d/])"
    r"|(?P<iso>(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    r"|(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?\s(?P<md>\d{1,2})(?:st|nd|rd|th)?,?\s"
    r"(?P<my>(?:19|20)\d\d))"
)
_DIGIT = re.compile(r"\d")
_SPELL = re.compile(
    r"\b(?:for\s+)?(?:the\s+)?(?:past\s+|last\s+|approximately\s+|about\s+|over\s+)*"
    r"(?:\d+(?:\.\d+)?(?:\s?(?:-|–|to)\s?\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|"
    r"a few|few|a couple of|couple of)[\s-]+(?:hour|day|week|month|year)s?(?:\s+ago|\s+history)?(?![\w-])",
    re.IGNORECASE,
)


@cache
def _vitals() -> Trie[str]:
    return Trie(mapping("vitals.csv", ("term", "vital")).items())


def _plausible(vital: str, value: str) -> bool:
    if vital == "blood pressure":
        return "/" in value
    return "/" not in value


def vitals(scene: Scene, sentence: int) -> list[Draft]:
    """Return the vital signs that are given with a number."""
    low, high = scene.bounds[sentence]
    tokens = scene.tokens
    drafts: list[Draft] = []
    stop = scene.spans[sentence].end
    for first, last, vital in _vitals().scan(tokens.norms, low, high):
        match = _NUMBER.match(scene.text, tokens.ends[last - 1], min(stop, tokens.ends[last - 1] + 80))
        if match is None or not _plausible(vital, match["value"]):
            below = _in_column(scene.text, tokens.starts[first])
            if below is not None and _plausible(vital, below):
                draft = Draft(first, last, sentence, "vital", vital)
                draft.value = below
                drafts.append(draft)
            continue
        end = last
        while end < high and tokens.starts[end] < match.end():
            end += 1
        draft = Draft(first, end, sentence, "vital", vital)
        draft.value = match["value"].replace(" ", "")
        draft.unit = " ".join(match["unit"].split()) if match["unit"] else None
        drafts.append(draft)
    return drafts


def _in_column(text: str, start: int) -> str | None:
    """The number that stands in the row below, in the column of a table's head; None where this is no head of a table."""
    low = text.rfind("\n", 0, start) + 1
    head, *rows = text[low : low + 600].split("\n")[:3]
    names = _cells(head)
    row = next((r for r in rows if not _RULE.fullmatch(r)), "")
    values = _cells(row)
    if len(names) < 2 or len(names) != len(values):
        return None
    place = next((n for n, (_, end) in enumerate(names) if low + end > start), 0)
    found = _CELL.fullmatch(row[slice(*values[place])])
    return found["value"].replace(" ", "") if found else None


def _cells(line: str) -> list[tuple[int, int]]:
    """Where the cells of a line stand that parts them by bars, tabs or wide gaps."""
    return [m.span() for m in re.finditer(r"[^\s|]+(?: [^\s|]+)*", line)]


def _tokens_of(scene: Scene, sentence: int, start: int, end: int) -> tuple[int, int]:
    low, high = scene.bounds[sentence]
    starts, ends = scene.tokens.starts, scene.tokens.ends
    first = low
    while first < high and ends[first] <= start:
        first += 1
    last = first
    while last < high and starts[last] < end:
        last += 1
    return first, last


def minutes_spent(scene: Scene, sentence: int, signals: list[Signal]) -> list[Draft]:
    """Return minutes that the note says were spent, and on what."""
    span = scene.spans[sentence]
    drafts: list[Draft] = []
    purposes = of(signals, "purpose")
    if not of(signals, "spent") and all(purpose.value == "total time" for purpose in purposes):
        return drafts
    matches = list(_MINUTES.finditer(scene.text, span.start, span.end))
    for place, match in enumerate(matches, 1):
        first, last = _tokens_of(scene, sentence, match.start(), match.end())
        if last <= first or scene.tokens.norms[max(0, first - 1)] in {"every", "within"}:
            continue
        draft = Draft(first, last, sentence, "time", "time spent")
        draft.minutes = int(match[1])
        until = _tokens_of(scene, sentence, *matches[place].span())[0] if place < len(matches) else None
        draft.purpose = _purpose(purposes, last, until)
        drafts.append(draft)
    return drafts


def _purpose(purposes: list[Signal], last: int, until: int | None) -> str | None:
    """What minutes were spent on: said behind them, before the next minutes of the sentence when there are any."""
    near = [p for p in purposes if until is not None and last <= p.start < until] or purposes
    specific = [p for p in near if p.value != "total time"]
    after = [p for p in specific if p.start >= last] or specific
    chosen = after[0] if after else (near[0] if near else None)
    return chosen.value if chosen else None


def dates(scene: Scene, sentence: int) -> list[Draft]:
    """Return dates (value ISO, or year-month) and spells of time ("3 weeks ago")."""
    span = scene.spans[sentence]
    drafts: list[Draft] = []
    if _DIGIT.search(scene.text, span.start, span.end) is None and not _spells(scene, sentence):
        return drafts
    for match in _DATE.finditer(scene.text, span.start, span.end):
        value = _iso(match)
        first, last = _tokens_of(scene, sentence, match.start(), match.end())
        if last > first and value is not None:
            drafts.append(Draft(first, last, sentence, "time", "date", value=value))
    spells = _SPELL.finditer(scene.text, span.start, span.end) if _spells(scene, sentence) else ()
    for match in spells:
        words = match.group().lower()
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        first, last = _tokens_of(scene, sentence, start, match.end())
        if last > first and not any(d.first < last and first < d.last for d in drafts):
            concept = "ago" if words.endswith("ago") else "duration"
            drafts.append(Draft(first, last, sentence, "time", concept, value=" ".join(words.split())))
    return drafts


def _spells(scene: Scene, sentence: int) -> bool:
    low, high = scene.bounds[sentence]
    return not word_set("time units").isdisjoint(scene.tokens.norms[low:high])


def _iso(match: re.Match[str]) -> str | None:
    if match["iso"]:
        return match["iso"]
    if match["mon"]:
        month = _MONTHS.index(match["mon"].lower()[:3]) + 1
        return f"{match['my']}-{month:02d}-{int(match['md']):02d}"
    if not match["d"] and len(match["y"]) == 2:
        return None
    year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
    stem = f"{year}-{int(match['m']):02d}"
    return f"{stem}-{int(match['d']):02d}" if match["d"] else stem
