"""Drugs injected here: the drug code with units from the dose, and its administration (Claims Processing Manual 17; CPT 96372)."""

import math
import re
from collections.abc import Generator, Sequence
from decimal import Decimal

from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
ROUTE = re.compile(r"\b(?:im|intramuscular\w*|subcutaneous\w*|subq|sc|sq)\b")
GIVEN = re.compile(r"\b(?:given|administered|injected)\b")
HERE = re.compile(
    r"\b(?:today|here|in[- ](?:the |our )?(?:office|clinic)|by the nurse|deltoid|gluteal|gluteus)\b"
)
NOT_TODAY = re.compile(r"\b(?:will|next|last|due|declined|refused|hospital|emergency)\b")
DOSE = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(mg|mcg|units?|g|grams?|gm)\b(?!/)")
IN_MG = {
    "mg": Decimal(1),
    "mcg": Decimal("0.001"),
    "g": Decimal(1000),
    "gram": Decimal(1000),
    "grams": Decimal(1000),
    "gm": Decimal(1000),
}
MINIMUM_SCORE = 0.3
SAME_DRUG = 0.75
INJECTION = "96372"


def inject(case: Case) -> Stage:
    """Lines for drugs that were injected under the skin or into a muscle today."""
    given = [(m, case.sentence(m).lower()) for m in case.of("medication") if _is_given(case, m)]
    if not given:
        return ()
    queries = [str(m.generic or m.concept) for m, _ in given]
    (found,) = yield (Ask(tool="search_codes", args={"queries": queries, "system": "hcpcs"}),)
    results = found.data.get("results", ())
    chosen = [
        next((h for h in r["hits"] if h["code"][0] in "JQ" and h["score"] >= MINIMUM_SCORE), None)
        for r in results
    ]
    codes = list(dict.fromkeys([INJECTION, *(h["code"] for h in chosen if h)]))
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": codes, "system": "hcpcs"}),)
    facts = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    lines = [x for (m, text), h in zip(given, chosen, strict=False) if h and (x := _drug(m, text, h, facts))]
    return (*lines, *_administration(lines, facts))


def _is_given(case: Case, seen: Seen) -> bool:
    text = case.sentence(seen).lower()
    said = ROUTE.search(text) and GIVEN.search(text) and HERE.search(text) and not NOT_TODAY.search(text)
    return (
        bool(said) and seen.assertion == "present" and seen.experiencer == "patient" and "vaccin" not in text
    )


def _drug(seen: Seen, text: str, hit: Json, facts: dict[str, Json]) -> Line | None:
    known = facts.get(hit["code"])
    unit = (known or {}).get("drug_unit")
    dose = DOSE.search(text, max(0, text.find(str(seen.text).lower())))
    if (
        known is None
        or not unit
        or dose is None
        or (
            hit["score"] < SAME_DRUG
            and str(seen.generic or seen.concept).split()[0][:6] not in str(unit["drug"]).lower()
        )
    ):
        return None
    units = _units(dose[1], dose[2], unit)
    why = f"{seen.text} {dose[0]} injected today"
    return (
        Line(code=hit["code"], seen=(seen,), rationale=why, facts=known, units=units, said=text)
        if units
        else None
    )


def _units(amount: str, measure: str, unit: Json) -> int | None:
    """Each begun unit counts; None when dose and unit can not be compared."""
    given, each, of = Decimal(amount.replace(",", "")), Decimal(unit["amount"]), str(unit["unit"])
    if measure in IN_MG and of in IN_MG:
        given, each = given * IN_MG[measure], each * IN_MG[of]
    elif measure.rstrip("s") != of.rstrip("s"):
        return None
    return math.ceil(given / each)


def _administration(lines: Sequence[Line], facts: dict[str, Json]) -> tuple[Line, ...]:
    if not lines or INJECTION not in facts:
        return ()
    seen = tuple(s for line in lines for s in line.seen)
    why = "injection under the skin or into a muscle, given here today"
    return (
        Line(
            code=INJECTION,
            seen=seen,
            rationale=why,
            facts=facts[INJECTION],
            units=len(lines),
            said=lines[0].said,
        ),
    )
