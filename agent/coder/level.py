"""Medical decision making as itemised from the note: problems addressed, data, risk; each item with its mention."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.coder.case import Case, Seen
from agent.coder.conversation import Json
from agent.coder.diagnoses import Diagnosis

WORSE = frozenset({"worsening", "uncontrolled"})
DRUG_ACTIONS = frozenset({"new", "continued", "changed", "refilled", "stopped"})


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
    trends = {m.trend for c in d.candidates for m in c.listed if m.trend}
    text = f"{seen.text} ({d.code})"
    if lookup.get("chronic"):
        return Counted(
            category="chronic_exacerbation" if trends & WORSE else "stable_chronic", text=text, seen=seen
        )
    if d.code.startswith("R"):
        return Counted(category="undiagnosed_new_problem", text=text, seen=seen)
    return Counted(category="acute_uncomplicated", text=text, seen=seen)


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
    return list(found.values())


def risk(case: Case) -> list[Counted]:
    """Management decided today (CPT MDM table, risk)."""
    found = [_drug(m) for m in case.of("medication") if m.in_assessment and m.action in DRUG_ACTIONS]
    return [c for c in found if c is not None]


def _drug(seen: Seen) -> Counted | None:
    if seen.assertion in {"absent", "hypothetical", "conditional"} or seen.experiencer != "patient":
        return None
    category = "otc_drug" if seen.availability == "otc" else "prescription_drug"
    return Counted(category=category, text=f"{seen.text}: {seen.action}", seen=seen)


def minutes(case: Case) -> tuple[int | None, Seen | None]:
    """Total time on the date, when documented for the visit as a whole."""
    found = [m for m in case.of("time") if m.minutes and m.purpose in {None, "total", "visit"}]
    best = max(found, key=lambda m: m.minutes, default=None)
    return (best.minutes, best) if best else (None, None)
