"""Medical decision making as itemised from the note: problems addressed, data, risk; each item with its mention."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.coder.case import Case, Seen
from agent.coder.conversation import Json
from agent.coder.diagnoses import Diagnosis

WORSE = frozenset({"worsening", "uncontrolled"})
DRUG_ACTIONS = frozenset({"new", "continued", "changed", "refilled", "stopped"})
PLANS = frozenset({"plan", "assessment_plan", "addendum"})
ESCALATED = frozenset({"new", "changed", "stopped"})
UNASSERTED = frozenset({"absent", "hypothetical", "conditional"})
SYMPTOMS = ("R", "M25.5", "M54", "M79.6", "N64.4", "H92", "H57.1", "N63")
SYSTEMIC = ("J1", "N10", "A4", "K35", "K57.2", "L03", "N12")
DIGITS = ("S62.5", "S62.6", "S92.4", "S92.5")
CONSERVATIVE = re.compile(
    r"physical therapy|occupational therapy|splint|brace|boot\b|cast|sling|crutch|orthotic|wrap|exercise|strapping|bandag"
)
ADVANCED = re.compile(
    r"\bmri\b|\bct\b|magnetic resonance|bone scan|computed tomography|emg|nerve conduction|ultrasound|elastogra|"
    r"echocardiogra|stress test|doppler|endoscop|colonoscop"
)
OUTSIDE = re.compile(
    r"(?:reviewed|read)\b[^.]{0,40}\b(?:discharge summary|(?:outside|hospital|emergency|urgent care|outpatient|referring)[^.]{0,30}"
    r"(?:records?|notes?))|(?:discharge summary|(?:outside|hospital|emergency|urgent care|referring)[^.]{0,40}(?:records?|notes?))"
    r"[^.]{0,30}\b(?:reviewed|read)\b",
    re.IGNORECASE,
)
OPERATION = re.compile(
    r"surgery|surgical|ectomy|arthroplasty|replacement|repair|reconstruction|arthroscop|fixation|reduction|bypass|lithotripsy"
)
SMALL = re.compile(r"inject|aspirat|biops|excis|incision|drain|destr|cryo|laceration|nail|removal")
HISTORIAN_AGE = 12


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


def problems(diagnoses: Sequence[Diagnosis], lookups: dict[str, Json]) -> list[Counted]:
    """Each diagnosis addressed, by number and complexity (CPT MDM table, problems)."""
    return [
        _problem(d, lookups.get(d.code, {}))
        for d in diagnoses
        if not d.code.startswith(("Z", "V", "W", "X", "Y"))
    ]


def _problem(d: Diagnosis, lookup: Json) -> Counted:
    seen = d.candidates[0].seen
    return Counted(category=_complexity(d, lookup), text=f"{seen.text} ({d.code})", seen=seen)


def _complexity(d: Diagnosis, lookup: Json) -> str:
    """Complexity by the definitions of the CPT E/M guidelines: at goal or not, course, prognosis, kind of injury."""
    listed = [m for c in d.candidates for m in (c.seen, *c.listed)]
    chronic = lookup.get("chronic") or any(c.seen.acuity == "chronic" for c in d.candidates)
    if chronic:
        return "stable_chronic" if _at_goal(listed) else "chronic_exacerbation"
    if d.code.startswith(SYMPTOMS) and _worked_up(listed):
        return "undiagnosed_new_problem"
    if d.code.startswith(SYSTEMIC) and any(m.kind == "problem" and m.concept == "fever" for m in listed):
        return "acute_systemic"
    if _complicated_injury(d.code):
        return "acute_complicated_injury"
    return "acute_uncomplicated"


def _at_goal(listed: Sequence[Seen]) -> bool:
    """Not at its goal when the record says so, or when its treatment is begun or changed today."""
    if any(m.trend in WORSE for m in listed):
        return False
    return not any(m.kind == "medication" and m.action in ESCALATED and _is_meant(m) for m in listed)


def _worked_up(listed: Sequence[Seen]) -> bool:
    return any(m.kind == "test" and m.event in {"ordered", "done", "planned"} for m in listed)


def _complicated_injury(code: str) -> bool:
    """A fracture under active care (digits apart), a dislocation or an injury of the head's contents."""
    if code.startswith("S06"):
        return True
    is_fracture = code[:1] == "S" and code[2:3] == "2" and code[-1:] in {"A", "B", "C"}
    return is_fracture and not code.startswith(DIGITS)


def _is_meant(seen: Seen) -> bool:
    return seen.assertion not in UNASSERTED and seen.experiencer == "patient"


def data(case: Case, billed: Iterable[str]) -> list[Counted]:
    """Unique tests ordered or reviewed, less those whose interpretation is billed here (CPT MDM table, data)."""
    mine = set(billed)
    found: dict[str, Counted] = {}
    for seen in case.of("test"):
        event = seen.event
        if seen.assertion == "absent" or seen.concept in mine or seen.experiencer != "patient":
            continue
        if event == "ordered":
            found.setdefault(
                str(seen.concept), Counted(category="test_ordered", text=str(seen.concept), seen=seen)
            )
        elif event in {"reviewed", "done"}:
            found.setdefault(
                str(seen.concept), Counted(category="test_reviewed", text=str(seen.concept), seen=seen)
            )
    return [*found.values(), *_outside(case), *_historian(case)]


def _outside(case: Case) -> list[Counted]:
    """Notes of an outside source that were read for this visit, each source once (CPT MDM, external notes)."""
    text = " ".join(case.texts.values())
    found = OUTSIDE.search(text)
    return (
        [Counted(category="external_note", text=" ".join(found[0].lower().split()), seen=None)]
        if found
        else []
    )


def _historian(case: Case) -> list[Counted]:
    """A young child can not give the history; whoever came along did (CPT MDM, independent historian)."""
    age = case.encounter.get("age")
    if age is None or age > HISTORIAN_AGE:
        return []
    seen = next((m for m in case.mentions if m.relative), None)
    return [Counted(category="independent_historian", text="history from the accompanying adult", seen=seen)]


def risk(case: Case) -> list[Counted]:
    """Management decided today (CPT MDM table, risk)."""
    drugs = [
        _drug(m)
        for m in case.of("medication")
        if _decided(case, m) and (m.action in DRUG_ACTIONS or m.dose or m.section_kind in PLANS)
    ]
    services = [
        _treatment(m) for m in case.mentions if m.kind in {"procedure", "device", "test"} and m.in_assessment
    ]
    return [c for c in (*drugs, *services) if c is not None]


def _decided(case: Case, seen: Seen) -> bool:
    """In the assessment or plan; in a note without headings anywhere."""
    return seen.in_assessment or (not case.has_assessment and seen.section_kind == "other")


def _drug(seen: Seen) -> Counted | None:
    if not _is_meant(seen):
        return None
    over_counter = seen.availability == "otc" or (seen.availability == "either" and seen.action != "new")
    category = "otc_drug" if over_counter else "prescription_drug"
    return Counted(category=category, text=f"{seen.text}: {seen.action or 'managed'}", seen=seen)


def _treatment(seen: Seen) -> Counted | None:
    """Conservative treatment is low risk, the decision for minor surgery low, for major surgery moderate."""
    if (
        not _is_meant(seen)
        or seen.temporality == "historical"
        or seen.event in {"considered", "refused", "reviewed"}
    ):
        return None
    name = f"{seen.concept} {seen.text}".lower()
    if seen.kind == "test" and seen.event in {"ordered", "planned"} and ADVANCED.search(name):
        return Counted(category="diagnostic_imaging", text=seen.text, seen=seen)
    if CONSERVATIVE.search(name):
        return Counted(category="therapy", text=seen.text, seen=seen)
    if seen.kind == "procedure" and SMALL.search(name):
        return Counted(category="minor_surgery", text=seen.text, seen=seen)
    if seen.kind == "procedure" and seen.event in {"ordered", "planned"} and OPERATION.search(name):
        return Counted(category="major_surgery", text=seen.text, seen=seen)
    return None


def minutes(case: Case) -> tuple[int | None, Seen | None]:
    """Total time on the date, when documented for the visit as a whole."""
    found = [m for m in case.of("time") if m.minutes and m.purpose in {None, "total", "visit"}]
    best = max(found, key=lambda m: m.minutes, default=None)
    return (best.minutes, best) if best else (None, None)
