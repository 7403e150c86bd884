"""Medical decision making as itemised from the note: problems addressed, data, risk; each item with its mention."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.coder import told
from agent.coder.case import Case, Seen
from agent.coder.complexity import ADVANCED, OPERATION, complexity, is_investigated, is_meant
from agent.coder.conversation import Json
from agent.coder.decisions import decisions
from agent.coder.diagnoses import Diagnosis
from agent.coder.panels import parts_of
from agent.coder.strengths import is_prescribed

DRUG_ACTIONS = frozenset({"new", "continued", "changed", "refilled", "stopped"})
PLANS = frozenset({"plan", "assessment_plan", "addendum"})
CONSERVATIVE = re.compile(
    r"physical therapy|occupational therapy|splint|brace|boot\b|cast|sling|crutch|orthotic|wrap|exercise|strapping|bandag"
)
SMALL = re.compile(r"inject|aspirat|biops|excis|incision|drain|destr|cryo|laceration|nail|removal")
CYTOTOXIC = "antineoplastic"
"""Cytopenia is watched for between the doses: CPT's own example of intensive monitoring for toxicity."""
HISTORIAN_AGE = 12
QUESTIONNAIRES = frozenset({"health risk assessment", "caregiver health risk assessment"})
"""Part of a wellness visit and no imaging, laboratory, psychometric or physiologic data."""
TOTAL = frozenset({None, "total", "total time", "visit"})
"""What minutes may be said to be of when they are the whole visit's; minutes of counselling are not."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One item that counts in an element."""

    category: str
    text: str
    seen: Seen | None

    @property
    def entry(self) -> Json:
        """As em_level takes it."""
        return {"category": self.category, "text": self.text}

    @property
    def item(self) -> Json:
        """As propose_claim takes it."""
        citations = [self.seen.citation] if self.seen else []
        return {"category": self.category, "text": self.text, "citations": citations}


def problems(case: Case, diagnoses: Sequence[Diagnosis], lookups: dict[str, Json]) -> list[Counted]:
    """Each diagnosis addressed, by number and complexity (CPT MDM table, problems)."""
    addressed = [d for d in diagnoses if not d.code.startswith(("Z", "V", "W", "X", "Y"))]
    loose = _loose(case) if _is_one_problem(addressed) else []
    found = [_problem(case, d, lookups.get(d.code, {}), loose) for d in addressed]
    return found or _unnamed(case)


def _problem(case: Case, d: Diagnosis, lookup: Json, loose: Sequence[Seen]) -> Counted:
    seen = d.candidates[0].seen
    listed = [*(m for c in d.candidates for m in (c.seen, *c.listed)), *loose]
    category = complexity(case, d, lookup, listed)
    return Counted(category=category, text=f"{seen.text} ({d.code})", seen=seen)


def _is_one_problem(addressed: Sequence[Diagnosis]) -> bool:
    """All diagnoses stand in one sentence of the assessment: what is decided is decided for it."""
    return len({(c.seen.document, c.seen.sentence) for d in addressed for c in d.candidates}) == 1


def _loose(case: Case) -> list[Seen]:
    """What the plan decides without naming the problem."""
    return [m for m in case.mentions if m.in_assessment and m.problem_header is None and m.kind != "problem"]


def _unnamed(case: Case) -> list[Counted]:
    """A problem of the assessment for which no code was established is still addressed: under work-up, or minor."""
    headers = [m for m in case.of("problem") if m.in_assessment and m.is_header and is_meant(m)]
    return [
        Counted(
            category="undiagnosed_new_problem" if is_investigated(case.under(m)) else "acute_uncomplicated",
            text=str(m.text),
            seen=m,
        )
        for m in headers[:1]
    ]


def data(case: Case, billed: Iterable[str]) -> list[Counted]:
    """Unique tests ordered or reviewed, less those whose interpretation is billed here (CPT MDM table, data)."""
    mine = set(billed)
    read = told.interpreted(case, mine)
    apart = mine | {str(m.concept) for m in read}
    found: dict[str, Counted] = {}
    outside = told.sources(case)
    elsewhere = told.outside_tests(case) if outside else []
    for seen in case.of("test"):
        category = "test_reviewed" if seen in elsewhere else _test_category(seen)
        if category and seen.concept not in apart:
            name = str(seen.concept)
            found.setdefault(name, Counted(category=category, text=name, seen=seen))
    papers = [Counted(category="external_note", text=text, seen=None) for text in outside]
    own = [Counted(category="independent_interpretation", text=str(m.concept), seen=m) for m in read]
    talks = [
        Counted(category="external_discussion", text=str(m.text), seen=m) for m in told.discussions(case)
    ]
    parts = parts_of(found)
    tests = [counted for name, counted in found.items() if name not in parts and name not in QUESTIONNAIRES]
    return [*tests, *papers, *own, *talks, *_historian(case)]


def _test_category(seen: Seen) -> str | None:
    if seen.assertion == "absent" or seen.experiencer != "patient":
        return None
    if seen.event == "ordered":
        return "test_ordered"
    return "test_reviewed" if seen.event in {"reviewed", "done"} else None


def _historian(case: Case) -> list[Counted]:
    """Someone else gave the history: stated so, or along with a young child (CPT MDM, independent historian)."""
    age = case.encounter.get("age")
    stated = next(told.historians(case), None)
    if stated is None and (age is None or age > HISTORIAN_AGE):
        return []
    seen = stated or next((m for m in case.mentions if m.relative), None)
    return [Counted(category="independent_historian", text="history from the accompanying adult", seen=seen)]


def risk(case: Case) -> list[Counted]:
    """Management decided today (CPT MDM table, risk)."""
    drugs = [
        _drug(case, m)
        for m in case.of("medication")
        if _decided(case, m) and (m.action in DRUG_ACTIONS or m.dose or m.section_kind in PLANS)
    ]
    services = [
        _treatment(m) for m in case.mentions if m.kind in {"procedure", "device", "test"} and m.in_assessment
    ]
    kinds = [
        Counted(category="prescription_drug", text=str(m.text), seen=m) for m in told.prescriptions(case)
    ]
    kinds += [Counted(category="therapy", text=str(m.text), seen=m) for m in told.therapies(case)]
    operated = [Counted(category="major_surgery", text=str(m.text), seen=m) for m in told.operations(case)]
    toxic = [
        Counted(category="intensive_monitoring", text=str(m.text), seen=m) for m in told.chemotherapies(case)
    ]
    grave = [Counted(category=category, text=str(m.text), seen=m) for category, m in decisions(case)]
    return [c for c in (*drugs, *services, *kinds, *operated, *toxic, *grave) if c is not None]


def _decided(case: Case, seen: Seen) -> bool:
    """In the assessment or plan; in a note without headings anywhere."""
    return seen.in_assessment or (not case.has_assessment and seen.section_kind == "other")


def _drug(case: Case, seen: Seen) -> Counted | None:
    if not is_meant(seen):
        return None
    either = seen.availability == "either"
    over_counter = seen.availability == "otc" or (
        either and seen.action != "new" and not is_prescribed(seen, case.sentence(seen))
    )
    category = "otc_drug" if over_counter else "prescription_drug"
    if seen.drug_class == CYTOTOXIC and seen.action in DRUG_ACTIONS - {"stopped"}:
        category = "intensive_monitoring"
    return Counted(category=category, text=f"{seen.text}: {seen.action or 'managed'}", seen=seen)


def _treatment(seen: Seen) -> Counted | None:
    """Conservative treatment is low risk, the decision for minor surgery low, for major surgery moderate.

    An investigation considered with the patient and not chosen counts as one chosen (CPT E/M guidelines, risk).
    """
    name = f"{seen.concept} {seen.text}".lower()
    if seen.kind == "test" and seen.event in {"considered", "refused"} and ADVANCED.search(name):
        return Counted(category="diagnostic_imaging", text=f"{seen.text}: {seen.event}", seen=seen)
    if (
        not is_meant(seen)
        or seen.temporality == "historical"
        or seen.event in {"considered", "refused", "reviewed"}
    ):
        return None
    if seen.kind == "test" and seen.event in {"ordered", "planned"} and ADVANCED.search(name):
        return Counted(category="diagnostic_imaging", text=seen.text, seen=seen)
    if CONSERVATIVE.search(name):
        return Counted(category="therapy", text=seen.text, seen=seen)
    if seen.kind == "procedure" and SMALL.search(name):
        return Counted(category="minor_surgery", text=seen.text, seen=seen)
    if seen.kind == "procedure" and seen.event in {"ordered", "planned"} and OPERATION.search(name):
        return Counted(category="major_surgery", text=seen.text, seen=seen)
    return None


def minutes(case: Case) -> int | None:
    """Total time on the date, when documented for the visit as a whole."""
    return max((m.minutes for m in case.of("time") if m.minutes and m.purpose in TOTAL), default=None)
