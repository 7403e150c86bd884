"""The national drug code of a drug given here, as the record tells it beside the drug (837P loop 2410; 21 CFR 207.33)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.coder.case import Case, Seen
from agent.coder.lines import Drug, Line
from agent.coder.spoken import sentences

NDC = re.compile(
    r"\bNDC\W{0,3}(?:(?:no|number)\b\W{0,3})?(\d{4}-\d{4}-\d{2}|\d{5}-(?:\d{3}-\d{2}|\d{4}-\d{1,2})|\d{11})(?![\d-])",
    re.IGNORECASE,
)
VOLUME = re.compile(r"(?<![\d/.])(\d+(?:\.\d+)?)\s*(?:ml|cc)\b", re.IGNORECASE)
WEIGHT = re.compile(r"(?<![\d/.])(\d+(?:\.\d+)?)\s*mg\b(?!/)", re.IGNORECASE)
MEASURES = ((VOLUME, "ML"), (WEIGHT, "ME"))


def with_drug_codes(case: Case, lines: Sequence[Line]) -> Iterator[Line]:
    """The lines; a drug's with its number, quantity and unit where one drug and one number stand together."""
    drugs = [x for x in lines if x.facts.get("category") == "drug"]
    for line in lines:
        found = [(s, t) for s, t in _beside(case, line) if NDC.search(t)] if line in drugs else []
        alone = not any(_place(x) == _place(line) for x in drugs if x is not line)
        told = _told(found[0][1]) if len(found) == 1 and alone else None
        yield replace(line, drug=told, seen=_cited(line, found[0][0])) if told else line


def _beside(case: Case, line: Line) -> Iterator[tuple[Seen, str]]:
    """The sentence of the drug; the next too where it begins with the number."""
    document, number = _place(line)
    for seen, text in sentences(case):
        if seen.document != document or number is None:
            continue
        if seen.sentence == number or (seen.sentence == number + 1 and NDC.match(text.lstrip(" (-"))):
            yield seen, text


def _place(line: Line) -> tuple[str, int | None]:
    return line.seen[0].document, line.seen[0].sentence


def _told(text: str) -> Drug | None:
    """Number, quantity and unit: the amount that stands after the number, else the one before it; millilitres before milligrams."""
    numbers = list(NDC.finditer(text))
    if len(numbers) != 1:
        return None
    found = numbers[0]
    for part in (text[found.end() :], text[: found.start()]):
        for measure, unit in MEASURES:
            amounts = {m[1] for m in measure.finditer(part)}
            if len(amounts) == 1:
                return Drug(ndc=found[1], quantity=amounts.pop(), unit=unit)
    return None


def _cited(line: Line, seen: Seen) -> tuple[Seen, ...]:
    return line.seen if any(s.raw == seen.raw for s in line.seen) else (*line.seen, seen)
