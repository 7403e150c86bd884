"""Diagnoses that a service brings with it: Z23 for a vaccine, Z00 for a preventive visit (guidelines I.C.21.c.2 and c.13)."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from agent.coder.candidates import Candidate
from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnose import Diagnosed
from agent.coder.diagnoses import Diagnosis
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], Diagnosed]
ADULT = 18
PREGNANCY_TESTS = frozenset({"81025", "84703"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A reason code a line asks for; ``first`` when it heads the claim."""

    code: str
    line: Line
    guideline: str
    first: bool = False


def with_reasons(case: Case, diagnosed: Diagnosed, lines: Sequence[Line]) -> Stage:
    """Add what the services ask for and the diagnosis stage has not found, as the tables know it."""
    have = [d.code for d in diagnosed.diagnoses]
    wanted = [w for w in _wanted(case, diagnosed, lines) if not any(c.startswith(w.code[:5]) for c in have)]
    if not wanted:
        return diagnosed
    args = {"codes": [w.code for w in wanted], "system": "icd10cm"}
    (looked,) = yield (Ask(tool="look_up_codes", args=args),)
    found = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found") and c.get("billable")}
    first = [_diagnosis(w, found[w.code]) for w in wanted if w.code in found and w.first]
    last = [_diagnosis(w, found[w.code]) for w in wanted if w.code in found and not w.first]
    diagnoses = (*first, *diagnosed.diagnoses, *last)
    return replace(diagnosed, diagnoses=diagnoses[:12], lookups={**diagnosed.lookups, **found})


def _wanted(case: Case, diagnosed: Diagnosed, lines: Sequence[Line]) -> Iterator[Wanted]:
    for line in lines:
        category = line.facts.get("category")
        if category in {"preventive", "wellness"}:
            yield Wanted(code=_routine(case, diagnosed), line=line, guideline="I.C.21.c.13", first=True)
        elif category == "vaccine":
            yield Wanted(code="Z23", line=line, guideline="I.C.21.c.2")
        elif line.code in PREGNANCY_TESTS:
            yield Wanted(code=_pregnancy(line.said.lower()), line=line, guideline="I.C.21.c.13")


def _pregnancy(said: str) -> str:
    """A pregnancy test by its result: Z32.01 positive, Z32.02 negative, Z32.00 not told."""
    return next((c for word, c in (("negative", "Z32.02"), ("positive", "Z32.01")) if word in said), "Z32.00")


def _routine(case: Case, diagnosed: Diagnosed) -> str:
    """With abnormal findings where a problem was dealt with, else without; children have their own codes."""
    problem = any(d.code[:1] not in "ZVWXY" for d in diagnosed.diagnoses)
    if (case.encounter.get("age") or ADULT) < ADULT:
        return "Z00.121" if problem else "Z00.129"
    return "Z00.01" if problem else "Z00.00"


def _diagnosis(wanted: Wanted, found: Json) -> Diagnosis:
    seen = wanted.line.seen[0]
    why = f"reason for {wanted.line.code}: {found['display']}"
    candidate = Candidate(seen=seen, listed=(seen,), rationale=why, guideline=wanted.guideline, queries=())
    return Diagnosis(
        code=wanted.code,
        display=found["display"],
        candidates=(candidate,),
        rationale=why,
        guideline=wanted.guideline,
    )
