"""What was thrown away of a single-dose vial: a line of its own with JW (Medicare Claims Processing Manual chapter 17, section 40)."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from agent.coder.case import Case
from agent.coder.lines import Line
from agent.coder.spoken import MEDICARE, sentences

SINGLE = re.compile(r"single[- ](?:dose|use)", re.IGNORECASE)
DISCARDED = re.compile(
    r"\b(?P<n>\d+(?:\.\d+)?) ?(?P<unit>mg|mcg|g)\b(?: (?:was|were|of (?:it|the vial)|remaining|left|then)){0,4} (?:discarded|wasted|thrown away)\b|"
    r"\b(?:discarded|wasted|threw away)(?: the remaining)? (?P<n2>\d+(?:\.\d+)?) ?(?P<unit2>mg|mcg|g)\b",
    re.IGNORECASE,
)
MILLIGRAMS = {"mg": Decimal(1), "mcg": Decimal("0.001"), "g": Decimal(1000)}


def discarded(case: Case, line: Line) -> Iterator[Line]:
    """The line of what was discarded of a drug's single-dose vial, with its units; none where no amount is told, or to another payer."""
    unit = line.facts.get("drug_unit") or {}
    if (
        line.facts.get("category") != "drug"
        or case.payer not in MEDICARE
        or unit.get("unit") not in MILLIGRAMS
    ):
        return
    near = [(s, t) for s, t in sentences(case) if _beside(line, s.document, s.sentence)]
    if not any(SINGLE.search(text) for _, text in near):
        return
    for seen, text in near:
        if found := DISCARDED.search(text):
            amount = (
                Decimal(found["n"] or found["n2"]) * MILLIGRAMS[(found["unit"] or found["unit2"]).lower()]
            )
            units = math.ceil(amount / (Decimal(str(unit["amount"])) * MILLIGRAMS[unit["unit"]]))
            why = f'discarded of a single-dose vial: "{" ".join(text.split())}"'
            yield replace(
                line, seen=(seen,), units=units, rationale=why, said=text, modifiers=(("JW", why),),
                drug=line.drug and replace(line.drug, quantity=f"{amount.normalize():f}", unit="ME"),
            )  # fmt: skip
            return


def _beside(line: Line, document: str, sentence: int) -> bool:
    """The sentence of the drug, or one of the two after it."""
    return any(s.document == document and 0 <= sentence - (s.sentence or 0) <= 2 for s in line.seen)
