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
    """The lines; a drug's with its number, quantity and unit where one drug and one number stand together, or one record tells its number."""
    drugs = [x for x in lines if x.facts.get("category") == "drug"]
    for line in lines:
        if line not in drugs:
            yield line
            continue
        found = [(s, t) for s, t in _beside(case, line) if NDC.search(t)]
        alone = not any(_place(x) == _place(line) for x in drugs if x is not line)
        told = _told(found[0][1]) if len(found) == 1 and alone else None
        if not found:
            found, others = _recorded(case, line), {_name(x) for x in drugs if x is not line}
            told = _given(case, line, found[0][1]) if len(found) == 1 and _name(line) not in others else None
        yield replace(line, drug=told, seen=_cited(line, found[0][0])) if told else line


def _beside(case: Case, line: Line) -> Iterator[tuple[Seen, str]]:
    """The sentence of the drug; the next too where it begins with the number."""
    document, number = _place(line)
    for seen, text in sentences(case):
        if seen.document != document or number is None:
            continue
        if seen.sentence == number or (seen.sentence == number + 1 and NDC.match(text.lstrip(" (-"))):
            yield seen, text


def _recorded(case: Case, line: Line) -> list[tuple[Seen, str]]:
    """Sentences elsewhere in the document that name the drug and a number, such as the record of its vial."""
    document, _ = _place(line)
    name = re.compile(rf"\b{re.escape(_name(line))}\b", re.IGNORECASE) if _name(line) else None
    told = [(s, t) for s, t in sentences(case) if s.document == document and NDC.search(t)]
    return [(s, t) for s, t in told if name and name.search(t)]


def _name(line: Line) -> str:
    return str((line.facts.get("drug_unit") or {}).get("drug") or "").partition(" ")[0].lower()


def _given(case: Case, line: Line, record: str) -> Drug | None:
    """The number of the record with the milligrams of the drug's own sentence: a vial's size is not what was given."""
    numbers = list(NDC.finditer(record))
    amounts = {m[1] for m in WEIGHT.finditer(case.sentence(line.seen[0]))}
    if len(numbers) != 1 or len(amounts) != 1:
        return None
    return Drug(ndc=numbers[0][1], quantity=amounts.pop(), unit="ME")


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
