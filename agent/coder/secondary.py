"""Codes that go with what was decided: long-term drugs, tobacco, and the external cause of an injury.

Guidelines I.C.4.a.3 and I.C.21.c.3 (long-term drugs with the condition they treat), I.C.5.b.3 and the tabular's "use additional
code" (tobacco), I.C.20 (external cause: how, what doing, where; never first).
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.additional import additional, statuses
from agent.coder.candidates import Candidate, single
from agent.coder.case import Case, Seen
from agent.coder.combinations import covers
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnoses import Diagnosis
from agent.coder.episode import episode, needs_episode
from agent.coder.external import causes, kind, worth_telling
from agent.coder.gestation import gestation
from agent.coder.spoken import sentences
from agent.coder.ulcers import ulcers
from agent.coder.wording import CIGARETTES
from knowledge.tables import read_csv

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], list[Diagnosis]]
WORTH = 0.7
ADULT = 20
OVER = 70.0
LOWEST = 20.0
BANDS = (
    (5, "less than 5th percentile for age"),
    (85, "5th percentile to less than 85th percentile for age"),
    (95, "85th percentile to less than 95th percentile for age"),
    (100, "95th percentile for age to less than 120% of the 95th percentile for age"),
)
"""Bands of the body mass index of children as the tabular list prints them (Z68.5)."""
NUMBER = re.compile(r"\d{2}(?:\.\d+)?")
ESTROGEN = re.compile(r"\b(?:ER|estrogen[- ]receptor)[- ]?(?P<sign>positive|negative)\b", re.IGNORECASE)
OTHER_RECEPTORS = re.compile(r"\bHER-?2\b|\bPR\b|progesterone[- ]receptor|triple[- ]negative", re.IGNORECASE)
BRIEF = re.compile(
    r"\b(?:one dose|single dose|once|temporar\w+|(?:in|during) (?:the |his |her )?(?:hospital|admission|inpatient)\w*|sliding scale)\b",
    re.IGNORECASE,
)
"""Insulin given for a short time to bring the sugar down is no long-term drug (I.C.4.a.3)."""
WEIGHED = "E40-E46|E66|R63.4|R63.6|R64|F50.0"
"""Diagnoses of weight beside which the index is reported (I.B.14)."""
PERCENTILE = re.compile(r"\b(?P<n>\d{1,2})(?:st|nd|rd|th)? ?(?:%|percentile)", re.IGNORECASE)
DEMENTING = "G10|G20|G30|G31.0|G31.83|G35"
DISTURBED = re.compile(
    r"(?<!without )(?:behavio\w+ disturbance|agitat|psychos|hallucin|delusion|wander|aggress)"
)
TOBACCO_WITH = "J40-J47|I10-I15|I20-I25|I63|I70-I73|K21|K25-K28|C34|O99.33"


@dataclass(frozen=True, kw_only=True, slots=True)
class LongTerm:
    """One row: drugs of a class, taken for a condition of a range, are reported by the code these words find."""

    drug_class: str
    condition: str
    query: str
    guideline: str


@cache
def long_term() -> tuple[LongTerm, ...]:
    """The table of long-term drugs that are reported with their condition."""
    return read_csv(Path(__file__).parent / "data" / "long_term.csv", LongTerm)


def secondary(case: Case, diagnoses: Sequence[Diagnosis]) -> Stage:
    """The diagnoses with what goes with them at their end."""
    wanted = [
        *ulcers(case, diagnoses),
        *additional(case, diagnoses),
        *gestation(case, diagnoses),
        *_receptors(case, diagnoses),
        *_dementia(case, diagnoses),
        *_drugs(case, diagnoses),
        *_body_mass(case, diagnoses),
        *_tobacco(case, diagnoses),
        *statuses(case, diagnoses),
        *causes(case, diagnoses),
    ]
    if not wanted:
        return list(diagnoses)
    (found,) = yield (
        Ask(tool="search_codes", args={"queries": [w.queries[0] for w in wanted], "system": "icd10cm"}),
    )
    results = list(found.data.get("results", ()))
    again = {
        n: f"{c.queries[0]} {episode(c.seen)}"
        for n, (c, r) in enumerate(zip(wanted, results, strict=False))
        if needs_episode(r)
    }
    if again:
        (more,) = yield (
            Ask(tool="search_codes", args={"queries": list(again.values()), "system": "icd10cm"}),
        )
        for place, result in zip(again, more.data.get("results", ()), strict=False):
            results[place] = result
    return _added(diagnoses, wanted, results)


def _added(
    diagnoses: Sequence[Diagnosis], wanted: Sequence[Candidate], results: Sequence[Json]
) -> list[Diagnosis]:
    out = {d.code: d for d in diagnoses}
    families: set[str] = {_family(code) for code in out}
    best = [
        (c, next((h for h in r["hits"] if h["billable"] and h["score"] >= WORTH), None))
        for c, r in zip(wanted, results, strict=False)
    ]
    for candidate, hit in worth_telling(diagnoses, [(c, h) for c, h in best if h is not None]):
        if _family(hit["code"]) in families:
            continue
        families.add(_family(hit["code"]))
        out[hit["code"]] = Diagnosis(
            code=hit["code"],
            display=hit["display"],
            candidates=(candidate,),
            rationale=candidate.rationale,
            guideline=candidate.guideline,
        )
    return sorted(out.values(), key=_place)


def _place(d: Diagnosis) -> int:
    """External causes come last: how it happened, then what was being done and where (I.C.20.a)."""
    return ("VWX".find(d.code[0]) >= 0) + 2 * (d.code[0] == "Y")


def _family(code: str) -> str:
    """Codes of which one is enough: a category; any mechanism (V, W, X) counts as one; of long-term drugs each kind."""
    if code.startswith("Z79"):
        return code[:6]
    return kind(code)


def _given_up(case: Case) -> set[str]:
    """Drugs that the record says were stopped and nowhere says are taken on."""
    drugs = case.of("medication")
    on = {str(m.concept) for m in drugs if m.action in {"new", "continued", "changed", "refilled"}}
    return {str(m.concept) for m in drugs if m.action == "stopped" and m.assertion == "present"} - on


def _drugs(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    gone = _given_up(case)
    taken = [
        m
        for m in case.of("medication", "status")
        if m.is_taken and m.concept not in gone and not BRIEF.search(case.sentence(m))
    ]
    for row in long_term():
        if not any(covers(row.condition, d.code) for d in diagnoses):
            continue
        seen = next((m for m in taken if _named(row.drug_class, m)), None)
        if seen is not None:
            yield single(seen, row.query, f"takes {seen.text} for it over the long term", row.guideline)


def _named(pattern: str, drug: Seen) -> bool:
    return any(re.fullmatch(pattern, str(name or "")) for name in (drug.drug_class, drug.concept))


def _body_mass(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """The adult's body mass index beside obesity or overweight that the provider diagnosed (I.B.14)."""
    if not any(covers(WEIGHED, d.code) for d in diagnoses):
        return
    if (case.encounter.get("age") or 0) < ADULT:
        yield from _percentile(case)
        return
    for seen in case.of("vital"):
        found = NUMBER.search(str(seen.value or "")) if seen.concept == "body mass index" else None
        if found:
            query = f"bmi {_band(float(found.group()))}"
            yield single(seen, query, f"'{seen.text}' beside the diagnosis of weight", "I.B.14")
            return


def _percentile(case: Case) -> Iterator[Candidate]:
    """The percentile of a child's index, from the sentence that tells it (Z68.5)."""
    for seen in case.of("vital", "problem"):
        text = case.sentence(seen)
        found = PERCENTILE.search(text) if re.search(r"\bbmi\b|body mass", text, re.IGNORECASE) else None
        if found:
            band = next(words for top, words in BANDS if int(found["n"]) < top)
            yield single(
                seen, f"bmi pediatric, {band}", f"'{text.strip()}' beside the diagnosis of weight", "I.B.14"
            )
            return


def _band(index: float) -> str:
    """The band of a body mass index as the tabular list prints it (category Z68)."""
    if index < LOWEST:
        return "19.9 or less"
    for low, high in ((40, 44.9), (45, 49.9), (50, 59.9), (60, 69.9)):
        if low <= index < high + 0.1:
            return f"{low:.1f}-{high}"
    return f"{int(index)}.0-{int(index)}.9" if index < OVER else "70 or greater"


def _receptors(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """Estrogen receptor status beside breast cancer ("use additional code" at C50); with other receptors told it is not guessed."""
    if not any(d.code.startswith("C50") for d in diagnoses):
        return
    told = [(seen, text) for seen, text in sentences(case) if ESTROGEN.search(text)]
    if told and not any(OTHER_RECEPTORS.search(text) for text in case.texts.values()):
        found = ESTROGEN.search(told[0][1])
        query = f"estrogen receptor {(found['sign'] if found else '').lower()}"
        yield single(told[0][0], query, "receptor status of the tumour", "I.A.17")


def _dementia(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """The dementia that a disease of the brain causes, beside it: its degree and behaviour as told (I.A.13)."""
    if any(covers("F01-F03", d.code) for d in diagnoses):
        return
    for d in (d for d in diagnoses if covers(DEMENTING, d.code)):
        seen = d.candidates[0].seen
        text = case.sentence(seen).lower()
        if "dementia" not in text:
            continue
        if not DISTURBED.search(text):
            degree = next((w for w in ("mild", "moderate", "severe") if w in text), "unspecified severity")
            query = (
                f"dementia in other diseases classified elsewhere, {degree}, without behavioral disturbance"
            )
            yield single(seen, query, f"the dementia of {d.code}", "I.A.13")
        return


def _tobacco(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    current = [m for m in case.of("social", "problem") if m.use == "current" and m.assertion == "present"]
    smokes = [m for m in current if CIGARETTES.search(case.sentence(m))]
    asked = any(covers(TOBACCO_WITH, d.code) for d in diagnoses) or any(m.in_assessment for m in smokes)
    if smokes and asked and not any(d.code.startswith("F17") for d in diagnoses):
        why = f"smokes now: '{smokes[0].text}'"
        yield single(smokes[0], "nicotine dependence cigarettes", why, "I.C.5.b.3")
