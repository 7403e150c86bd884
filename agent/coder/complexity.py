"""Complexity of each problem addressed (CPT E/M guidelines, definitions of the problems element)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder import told
from agent.coder.case import Case, Seen
from agent.coder.combinations import covers
from agent.coder.conversation import Json
from agent.coder.diagnoses import Diagnosis
from knowledge.errors import TableError
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "complexity.csv"
CONDITIONS = frozenset(
    {"", "active", "torn", "fever", "worked_up", "investigated", "threatening", "compressing"}
)
WORSE = frozenset({"worsening", "uncontrolled"})
ESCALATED = frozenset({"new", "changed", "stopped"})
DECIDED = frozenset({"ordered", "planned", "done"})
UNASSERTED = frozenset({"absent", "hypothetical", "conditional"})
DIGITS = ("S62.5", "S62.6", "S92.4", "S92.5")
ADVANCED = re.compile(
    r"\bmri\b|\bct\b|magnetic resonance|bone scan|computed tomography|emg|nerve conduction|ultrasound|elastogra|"
    r"echocardiogra|stress test|doppler|endoscop|colonoscop"
)
INVESTIGATION = re.compile(r"\bmri\b|\bct\b|endoscop|colonoscop|biops|bronchoscop|cystoscop|elastogra")
OPERATION = re.compile(
    r"surgery|surgical|ectomy|arthroplasty|replacement|repair|reconstruction|arthroscop|fixation|reduction|bypass|"
    r"lithotripsy|\borif\b|\bfusion\b"
)
INVASIVE = re.compile(r"inject|steroid|block|infusion|ablation")
TORN = re.compile(r"\b(?:tear|torn|rupture[ds]?|avuls\w+)\b")
NEWLY = re.compile(
    r"\b(?:newly|new)[- ](?:diagnos\w+|onset|found|discovered)|\bnever (?:been |had (?:a )?)?diagnos\w+|"
    r"\bconfirm (?:the |this |a )?diagnosis|\bdenies (?:he |she |they )?(?:has |have )?ever been diagnosed|"
    r"\bfirst (?:diagnosed|noted) today",
    re.IGNORECASE,
)
SOUGHT = re.compile(
    r"\b(?:source|cause|etiology|origin|rule out|evaluate for|assess for|look(?:ing)? for|exclude)\b",
    re.IGNORECASE,
)
"""An investigation for the cause of a known illness, not the surveillance of it."""
ADVANCED_DISEASE = re.compile(
    r"\bstage (?:III|IV|3|4)[A-C]?\b|\bmetasta\w+|\blymph node involvement|\b(?:unresectable|locally advanced)\b",
    re.IGNORECASE,
)
COMPRESSED = re.compile(
    r"\b(?:compress\w*|imping\w*|effac\w*)[^.]{0,40}\b(?:optic|chiasm\w*|spinal cord|cord|cauda equina|brain ?stem)|"
    r"\b(?:optic|chiasm\w*|cord|cauda equina|brain ?stem)\b[^.]{0,15}\bcompress\w*",
    re.IGNORECASE,
)
NEGATED = re.compile(r"\b(?:no|not|without|denies|negative for|rule[sd]? out)\b[^.]*$", re.IGNORECASE)
THREAT = "threat_to_life"
CHRONIC = "chronic"
OFF_GOAL = re.compile(
    r"\b(?:not (?:yet )?at (?:\w+ )?goal|(?:above|below|off|outside) (?:\w+ )?(?:goal|target)|"
    r"(?:not|in)[- ]?(?:well |adequately |fully |optimally |completely )controlled|inadequately controlled|"
    r"sub-?optimal\w*|poorly controlled|poor control|remains? (?:elevated|high|symptomatic)|refractory|"
    r"(?:is|are|still) (?:slightly |a bit |a little )?(?:elevated|too high)|exacerbat(?:ion|ed)|decompensat\w+|flare[ds]?\b|"
    r"flare-?up|progress(?:ed|ing)\b|fail(?:ed|ing)\b|no(?:t| longer) (?:responding|improving|effective)|"
    r"running (?:high|low|above)|(?:higher|lower|worse) than (?:\w+ ){0,4}(?:should|goal|target|before|last|previous\w*|ago|like|want)|"
    r"persist\w* (?:despite|in spite)|(?:despite|in spite of) (?:\w+ ){0,4}(?:therapy|treatment|medications?|use)|"
    r"(?:still|remains?|continues? to be|disease is) (?:\w+ ){0,2}(?:active|bothersome|symptomatic|severe)|"
    r"continues? to (?:have|experience) (?:\w+ ){0,2}(?:symptoms?|pain|episodes?|attacks?)|more frequent|"
    r"(?:symptoms?|pain|flushes|flashes) (?:is|are) (?:\w+ )?(?:bothersome|severe|debilitating|limiting))",
    re.IGNORECASE,
)
HEDGED = re.compile(
    r"\b(?:if|should|unless|in case|to (?:avoid|prevent)|no (?:sign|evidence|recent|acute)|without|denies|could|may|might|history|prior)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Complexity:
    """One row: the spans of codes, the category, the condition it depends on, and why."""

    codes: str
    category: str
    when: str
    why: str


@cache
def complexities() -> tuple[Complexity, ...]:
    """The table in order of precedence.

    Raises:
        TableError: a wrong header, a missing field or an unknown condition.
    """
    rows: tuple[Complexity, ...] = read_csv(TABLE, Complexity)
    for row in rows:
        if row.when not in CONDITIONS or not row.codes:
            raise TableError(f"{TABLE.name}: {row.why}: a field is missing or the condition is unknown")
    return rows


def complexity(case: Case, d: Diagnosis, lookup: Json, listed: Sequence[Seen]) -> str:
    """At goal or not, newly found or known, course, prognosis, kind of injury; ``listed`` is what belongs to it."""
    if any(
        r.category == THREAT and covers(r.codes, d.code) and _holds(r.when, case, d, listed)
        for r in complexities()
    ):
        return THREAT
    if _is_chronic(d, lookup):
        if not at_goal(listed) or _off_goal(case, listed):
            return "chronic_exacerbation"
        open_ = _newly_found(case, listed) or _cause_sought(case, listed)
        return "undiagnosed_new_problem" if open_ else "stable_chronic"
    if _is_fracture(d.code):
        return "acute_complicated_injury"
    for row in complexities():
        if (
            row.category not in {CHRONIC, THREAT}
            and covers(row.codes, d.code)
            and _holds(row.when, case, d, listed)
        ):
            return row.category
    return "acute_uncomplicated"


def _is_chronic(d: Diagnosis, lookup: Json) -> bool:
    if lookup.get("chronic") or any(c.seen.acuity == "chronic" for c in d.candidates):
        return True
    return any(row.category == CHRONIC and covers(row.codes, d.code) for row in complexities())


def at_goal(listed: Sequence[Seen]) -> bool:
    """Not at its goal when the record says so, or when its treatment is begun or changed today."""
    return not any(m.trend in WORSE or _escalates(m) for m in listed)


def _off_goal(case: Case, listed: Sequence[Seen]) -> bool:
    words = set(told.item(case, listed))
    return _said_off_goal(case, listed, words) or _treated_anew(case, listed, words)


def _said_off_goal(case: Case, listed: Sequence[Seen], words: set[str]) -> bool:
    """The assessment says in other words that the goal is not met ("above goal", "remains elevated", "a flare")."""
    spoken = {case.sentence(m) for m in listed if m.in_assessment} | words
    found = [(text, OFF_GOAL.search(text)) for text in spoken]
    return any(m and not HEDGED.search(text[: m.end()]) for text, m in found)


def _treated_anew(case: Case, listed: Sequence[Seen], words: set[str]) -> bool:
    """Treatment is begun: a drug of the plan that nothing else in the record says is taken, or an operation."""
    if any(seen.text in words for seen in told.operations(case)):
        return True
    taken = {m.generic or m.concept for m in case.of("medication") if not m.in_assessment}
    return any(
        m.kind == "medication"
        and m.in_assessment
        and m.action is None
        and m.dose
        and is_meant(m)
        and m.temporality != "historical"
        and (m.generic or m.concept) not in taken
        and not told.KEPT.search(case.sentence(m))
        for m in listed
    )


def is_meant(seen: Seen) -> bool:
    """Asserted, and of the patient."""
    return seen.assertion not in UNASSERTED and seen.experiencer == "patient"


def _escalates(seen: Seen) -> bool:
    if not is_meant(seen) or seen.temporality == "historical":
        return False
    if seen.kind == "medication":
        return seen.action in ESCALATED
    name = f"{seen.concept} {seen.text}".lower()
    invasive = INVASIVE.search(name) or OPERATION.search(name)
    return seen.kind == "procedure" and seen.event in DECIDED and bool(invasive)


def _holds(when: str, case: Case, d: Diagnosis, listed: Sequence[Seen]) -> bool:
    if when == "active":
        return d.code[-1:] in {"A", "B", "C"}
    if when == "torn":
        return d.code.endswith("A") and _is_torn(case, d) and _has_choice(case)
    if when == "fever":
        return any(m.kind == "problem" and m.concept == "fever" and is_meant(m) for m in case.mentions)
    if when == "threatening":
        return _is_threatening(case)
    if when == "compressing":
        return _said(case, COMPRESSED)
    if when == "worked_up":
        return any(m.kind == "test" and m.event in DECIDED | {"reviewed"} for m in listed)
    return when == "" or is_investigated(listed)


def is_investigated(listed: Sequence[Seen]) -> bool:
    """An endoscopy, sectional imaging or a biopsy is decided for it."""
    return any(
        m.kind in {"test", "procedure"}
        and m.event in {"ordered", "planned"}
        and INVESTIGATION.search(f"{m.concept} {m.text}".lower())
        for m in listed
    )


def _newly_found(case: Case, listed: Sequence[Seen]) -> bool:
    """A chronic illness that is new to the patient and is still being established: tests for it are decided."""
    tested = any(m.kind == "test" and m.event in {"ordered", "planned"} for m in listed)
    return tested and any(NEWLY.search(text) for text in case.texts.values())


def _cause_sought(case: Case, listed: Sequence[Seen]) -> bool:
    """An endoscopy, sectional imaging or a biopsy is decided to find what lies behind a known illness."""
    looked = [m for m in listed if is_investigated([m])]
    return any(SOUGHT.search(case.sentence(m)) for m in looked)


def _is_threatening(case: Case) -> bool:
    """A cancer newly found or advanced, for which an operation or cytotoxic treatment is decided today."""
    treated = any(told.operations(case)) or any(told.chemotherapies(case))
    return treated and (_said(case, NEWLY) or _said(case, ADVANCED_DISEASE))


def _said(case: Case, pattern: "re.Pattern[str]") -> bool:
    """Some sentence of the record states it, and does not deny it."""
    return any(told.states(pattern.finditer(text), NEGATED) for text in case.texts.values())


def _is_torn(case: Case, d: Diagnosis) -> bool:
    return any(
        TORN.search(f"{case.sentence(c.seen)} {d.display}".lower()) and is_meant(c.seen) for c in d.candidates
    )


def _has_choice(case: Case) -> bool:
    """An operation or sectional imaging is decided."""
    return any(
        m.in_assessment
        and is_meant(m)
        and m.event in {"ordered", "planned"}
        and (ADVANCED if m.kind == "test" else OPERATION).search(f"{m.concept} {m.text}".lower())
        for m in case.of("test", "procedure")
    )


def _is_fracture(code: str) -> bool:
    """A fracture under active care, digits apart."""
    is_fracture = code[:1] == "S" and code[2:3] == "2" and code[-1:] in {"A", "B", "C"}
    return is_fracture and not code.startswith(DIGITS)
