"""Which conditions the record documents as dealt with today, and which it mentions without establishing them.

Guidelines IV.G to IV.J: the reason for the visit first, then conditions that coexist and require or affect care;
uncertain diagnoses are not coded (IV.H); conditions of relatives, denied or resolved ones are not the patient's.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.coder.case import Case, Seen
from agent.coder.effects import Effect, culprits, effects
from agent.coder.sites import bite_site
from agent.coder.titles import parts_of, title_of, unknown_titles

KINDS = frozenset({"problem", "status", "social"})
PAST = re.compile(r"\b(?:history of|status post|s/p|post)\b", re.IGNORECASE)
CIGARETTES = re.compile(r"\b(?:cigarettes?|packs?|smok\w*)\b", re.IGNORECASE)
TOBACCO = re.compile(r"tobacco|smok|nicotine", re.IGNORECASE)
DUE_TO = re.compile(r",?\s+(?:due to|secondary to|caused by|from)\s+(?:an?\s+|the\s+)?", re.IGNORECASE)
SIDE = re.compile(r"\b(?:left|right|bilateral)\b", re.IGNORECASE)
SYMPTOM = re.compile(
    r"\b(?:pain|ache|swelling|numbness|weakness|stiffness|cough|dyspnea|edema)\b", re.IGNORECASE
)
TREATED = re.compile(
    r"gout|diabet|hypertens|asthma|copd|epilep|seizure disorder|hypothyr|hyperthyr|heart failure|fibrillation|depress|anxiety|"
    r"bipolar|reflux|gerd|migraine|lipid|cholesterol|arthritis|lupus|psoria|crohn|colitis|parkinson|glaucoma|osteoporosis|"
    r"\bhiv\b|kidney disease|adhd|schizo",
    re.IGNORECASE,
)
"""Chronic diseases that are current as long as they are treated (IV.I); a cancer, clot or stroke under follow-up is not."""
NAMED_IN = frozenset({"assessment", "assessment_plan", "addendum"})
REGION = re.compile(
    r"\b(?:hip|knee|shoulder|ankle|wrist|elbow|hand|foot|thumb|finger|toe|lumbar|cervical)\b", re.IGNORECASE
)
PLACELESS = re.compile(
    r"(?:(?:primary|secondary|post-?traumatic|severe|moderate|mild|acute|chronic|early|advanced|end[- ]stage|degenerative)[ ,]+)*"
    r"(?:osteoarthritis|arthritis|degenerative joint disease|bursitis|tendinitis|tendonitis|sprain|strain|contusion)",
    re.IGNORECASE,
)
"""A disease of joint or tendon named without its place: the place is that of the pain it causes."""
UNDERWAY = re.compile(
    r"\w.*\b(?:on|during|after|since|under|receiving|undergoing|completed|finished|while on)\s+(?:\w+\s+)?$",
    re.IGNORECASE | re.DOTALL,
)
BEFORE_SURGERY = re.compile(
    r"\b(?:pre-?op\w*|clearance|planned|upcoming|scheduled|before)\b[^.;:]*$", re.IGNORECASE
)
BESIDE = re.compile(r"\w{3,}.*\b(?:with|and)\s+$", re.IGNORECASE | re.DOTALL)
BESIDES = ("I.C.19.e", "I.C.21.c.7")
"""Sections by which one mention is reported by two codes: an effect with its drug, aftercare with the status."""
VAGUE = frozenset({"pain", "injury", "symptom", "disease", "disorder", "condition", "problem", "injuries"})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A condition to look up: the mention that documents it best, and everything listed under it.

    ``queries`` are what a coder would look up, the provider's own title first; ``told`` is the assessment's sentence.
    """

    seen: Seen
    listed: tuple[Seen, ...]
    rationale: str
    guideline: str
    queries: tuple[str, ...]
    told: str = ""

    @property
    def bilateral(self) -> bool:
        """True when both sides are meant."""
        return self.seen.laterality == "bilateral" or any("bilateral" in q.lower() for q in self.queries)


@dataclass(frozen=True, kw_only=True)
class Unestablished:
    """A condition that the record mentions without establishing it."""

    seen: Seen
    reason: str
    rule: str

    @property
    def query(self) -> str:
        """The words a coder would look up."""
        return str(self.seen.concept or self.seen.text)


def candidates(case: Case) -> list[Candidate]:
    """Conditions to code, in the order in which the assessment deals with them."""
    found = [*_from_assessment(case)]
    if not found:
        found = [*_from_reason(case)]
    return _without_repeats(found)


def unestablished(case: Case, established: Sequence[Candidate]) -> list[Unestablished]:
    """Conditions to reject with a reason, each concept once; what is established elsewhere is not rejected."""
    coded = {c.seen.concept for c in established}
    found: dict[str, Unestablished] = {}
    for seen in case.of("problem", "family"):
        reason = _why_not(seen)
        if reason and seen.concept not in coded and seen.concept not in found:
            found[seen.concept] = Unestablished(seen=seen, reason=reason[0], rule=reason[1])
    return list(found.values())


def _why_not(seen: Seen) -> tuple[str, str] | None:
    if seen.kind == "family" or seen.experiencer == "family":
        return (f"'{seen.text}' is a relative's condition, not the patient's", "I.C.21.c.4")
    if seen.assertion == "uncertain":
        return (
            f"'{seen.text}' is documented as uncertain; outpatient claims code the sign or symptom instead",
            "IV.H",
        )
    if seen.assertion == "absent" and seen.in_assessment:
        return (f"'{seen.text}' is documented as absent", "IV.J")
    return None


def _established(seen: Seen) -> bool:
    return bool(
        seen.kind in KINDS
        and seen.experiencer == "patient"
        and seen.assertion == "present"
        and seen.use != "never"
    )


def _candidate(case: Case, seen: Seen, listed: tuple[Seen, ...], why: str, guideline: str) -> Candidate:
    title = title_of(case, seen) if seen.is_header else ""
    known = concept_query(case, seen)
    cause = cause_of(seen, title)
    queries = dict.fromkeys(parts_of(cause) if cause else [q for q in (*parts_of(title), known) if q])
    if culprits(case, seen, listed) or TOBACCO.search(known):
        queries = {known: None}
    elif _under_treatment(known, listed):
        queries = {PAST.sub("", known).strip(): None}
    else:
        fuller = _fuller(case, seen)
        queries = {fuller: None} if fuller else queries
    return Candidate(
        seen=seen,
        listed=listed,
        rationale=f"{why}: '{seen.text}'",
        guideline=guideline,
        queries=tuple(queries),
        told=case.sentence(seen) if seen.section_kind in NAMED_IN else "",
    )


def cause_of(seen: Seen, title: str) -> str:
    """A symptom whose cause the title states ("knee pain due to osteoarthritis"): the cause, with the side (I.B.5)."""
    parts = DUE_TO.split(title, maxsplit=1)
    if len(parts) < 2:
        return ""
    itself = str(seen.text).lower() in parts[1].lower()
    if (
        not itself
        and seen.vocabulary_kind not in {"symptom", "finding", None}
        and not SYMPTOM.search(parts[0])
    ):
        return ""
    found = SIDE.search(title)
    side = str(seen.laterality or (found.group().lower() if found else ""))
    cause = parts[1].strip(" ,")
    region = REGION.search(parts[0]) if PLACELESS.fullmatch(cause) else None
    place = [side] if side and side not in cause.lower() else []
    return " ".join([*place, *([region.group().lower()] if region else []), cause])


def _under_treatment(known: str, listed: tuple[Seen, ...]) -> bool:
    """A chronic disease told as "history of" that a drug of the same item treats now is a current one (IV.I)."""
    drugs = [
        m for m in listed if m.kind == "medication" and m.assertion == "present" and m.action != "stopped"
    ]
    return bool(drugs and PAST.search(known) and TREATED.search(known))


def _fuller(case: Case, seen: Seen) -> str:
    """The same condition told with its type or place elsewhere ("kidney stone" of the title is "kidney stone in ureter")."""
    concept = str(seen.concept)
    told = [m for m in case.of("problem") if _established(m) and m.temporality != "historical"]
    named = re.compile(rf"{re.escape(concept)} (?:in|with|of)\b")
    told = [m for m in told if str(m.concept) != concept]
    longer = [m for m in told if named.match(str(m.concept)) or _same_words(m, seen)]
    sides = {m.laterality for m in longer if m.laterality} | ({seen.laterality} if seen.laterality else set())
    concepts = {str(m.concept) for m in longer}
    if not seen.is_header or len(concepts) != 1 or len(sides) > 1:
        return ""
    return " ".join([*(str(s) for s in sides), *concepts])


def _same_words(told: Seen, header: Seen) -> bool:
    """A stone named anew once its place is told: the title's "kidney stone" may lie in the ureter."""
    stone = str(told.concept).endswith(("stone", "calculus"))
    return bool(stone and told.site and not header.site and str(told.text).lower() == str(header.concept))


def concept_query(case: Case, seen: Seen) -> str:
    """The concept in a coder's words: past, side, acuity, then the thing itself."""
    concept = str(seen.concept or seen.text)
    if TOBACCO.search(concept) and seen.use != "former":
        spoken = " ".join(case.sentence(m) for m in case.of("social", "problem") if m.use == "current")
        return "nicotine dependence cigarettes" if CIGARETTES.search(spoken) else "nicotine dependence"
    words = [str(w) for w in (seen.laterality, seen.acuity) if w and str(w) not in concept]
    past = seen.temporality == "historical" and not PAST.search(concept)
    return " ".join([*(["history of"] if past else []), *words, concept])


def _is_errand(seen: Seen) -> bool:
    """A line of the plan that names an errand or a place ("suture removal in 10 days", "at home") is no condition."""
    loose = seen.vocabulary_kind in {"encounter", "external", None}
    return bool(seen.kind == "status" and seen.section_kind == "plan" and loose)


def _in_passing(case: Case, seen: Seen) -> bool:
    """Words of a title that name no condition of their own.

    A treatment the disease is under ("breast cancer, on chemotherapy"), the operation an examination comes before, and a vague
    word beside the thing itself ("varicose veins with pain").
    """
    sentence = case.sentence(seen)
    before = sentence[: max(sentence.find(str(seen.text)), 0)]
    if seen.vocabulary_kind == "encounter":
        return bool(UNDERWAY.search(before))
    if seen.vocabulary_kind == "status":
        return bool(BEFORE_SURGERY.search(before))
    return seen.concept in VAGUE and bool(BESIDE.search(before))


def _from_assessment(case: Case) -> Iterator[Candidate]:
    headers = [m for m in case.mentions if m.in_assessment and m.is_header and m.kind in KINDS]
    headers = [m for m in headers if not (_is_errand(m) or _in_passing(case, m))]
    titles = list(unknown_titles(case))
    for header in headers:
        listed = case.under(header)
        if _established(header):
            yield from bitten(case, header, listed)
            more = [_of_effect(e) for e in effects(case, header, listed)]
            yield from (c for c in more if c.seen is header)
            yield _candidate(case, header, listed, "assessed today", "IV.J")
            yield from (c for c in more if c.seen is not header)
        yield from _named_within(case, header, listed)
    for title in titles:
        queries = parts_of(cause_of(title, str(title.text)) or str(title.text))
        yield Candidate(
            seen=title,
            listed=(title,),
            rationale=f"assessed today: '{title.text}'",
            guideline="IV.J",
            queries=queries,
        )
    if not headers:
        yield from _stated(case)


def _of_effect(effect: Effect) -> Candidate:
    return Candidate(
        seen=effect.seen,
        listed=(effect.seen,),
        rationale=effect.why,
        guideline=effect.guideline,
        queries=(effect.query,),
    )


def bitten(case: Case, header: Seen, listed: tuple[Seen, ...]) -> Iterator[Candidate]:
    """An insect bite without a place is an injury of the place where it was seen; how it came about is reported beside it (I.C.20)."""
    site = bite_site(case, header) if header.vocabulary_kind == "external" else ""
    if site:
        yield Candidate(
            seen=Seen(
                document=header.document,
                index=header.index,
                raw={**header.raw, "concept": f"insect bite of {site}"},
            ),
            listed=listed,
            rationale=f"assessed today: '{header.text}', seen at the {site}",
            guideline="I.C.19.b",
            queries=(f"insect bite of {site}",),
        )


def _named_within(case: Case, header: Seen, listed: tuple[Seen, ...]) -> Iterator[Candidate]:
    """A header may name two conditions ("Chest pain and hypertension"): mentions of the same sentence count."""
    for seen in listed:
        same = seen.index != header.index and seen.sentence == header.sentence
        if same and seen.kind == "problem" and _established(seen) and seen.concept not in VAGUE:
            yield _candidate(case, seen, listed, "assessed today", "IV.J")


def _stated(case: Case) -> Iterator[Candidate]:
    for kind in (("assessment", "assessment_plan", "addendum"), ("plan",)):
        found = [m for m in case.of("problem") if m.section_kind in kind and _established(m)]
        found = [m for m in found if m.concept not in VAGUE] or found
        if found:
            for seen in found:
                yield _candidate(case, seen, (seen,), "stated in the assessment", "IV.J")
            return


def _from_reason(case: Case) -> Iterator[Candidate]:
    """Without an established diagnosis the sign or symptom that brought the patient is coded (IV.D, IV.H)."""
    for kinds in (("chief_complaint",), ("hpi",), ("other", "exam", "results")):
        found = [m for m in case.of("problem") if m.section_kind in kinds and _established(m)]
        found = [m for m in found if m.concept not in VAGUE] or found
        for seen in found[:3]:
            yield _candidate(case, seen, (seen,), "reason for the visit", "IV.D")
        if found:
            return


def _without_repeats(found: list[Candidate]) -> list[Candidate]:
    seen: dict[tuple[object, ...], Candidate] = {}
    for candidate in found:
        other = candidate.queries if candidate.guideline.startswith(BESIDES) else ()
        seen.setdefault((str(candidate.seen.concept), candidate.seen.laterality, *other), candidate)
    return list(seen.values())
