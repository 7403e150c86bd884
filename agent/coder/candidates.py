"""Which conditions the record documents as dealt with today, and which it mentions without establishing them.

Guidelines IV.G to IV.J: the reason for the visit first, then conditions that coexist and require or affect care;
uncertain diagnoses are not coded (IV.H); conditions of relatives, denied or resolved ones are not the patient's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.coder.case import CONDITIONS, Case, Seen
from agent.coder.cured import cured, followed
from agent.coder.effects import culprits, effects, named_by_poison
from agent.coder.headings import confirmed, is_upkeep
from agent.coder.postoperative import aftercare, is_called_aftercare
from agent.coder.sites import bite_site
from agent.coder.titles import at_level, beneath, part_with, parts_of, sided, title_of, unknown_titles
from agent.coder.wording import PAST, TOBACCO, cause_of, concept_query, fuller, under_treatment

NAMED_IN = frozenset({"assessment", "assessment_plan", "addendum"})
UNDERWAY = re.compile(
    r"\w.*\b(?:on|during|after|since|under|receiving|undergoing|completed|finished|while on)\s+(?:\w+\s+)?$",
    re.IGNORECASE | re.DOTALL,
)
BEFORE_SURGERY = re.compile(
    r"\b(?:pre-?op\w*|clearance|planned|upcoming|scheduled|before)\b[^.;:]*$", re.IGNORECASE
)
APART = re.compile(
    r"\b(?:not|un)[ -]?(?:due|related|secondary|caused|attribut\w+)\b (?:to |by )?(?:\w+ ){0,2}$",
    re.IGNORECASE,
)
"""Words after which a condition is only named as what is not the cause."""
MISHAP = re.compile(
    r"accident|fall|fell|collision|crash|struck|hit|bite|sting|bitten|assault|\bmv[ac]\b|injur|cut|burn|exposure|overexert|tripp|slip",
    re.IGNORECASE,
)
"""External causes that may head an item; places and activities never do."""
BESIDE = re.compile(r"\w{3,}.*\b(?:with|and)\s+$", re.IGNORECASE | re.DOTALL)
UNPLACED = frozenset({"malignant neoplasm", "cancer", "carcinoma", "malignancy"})
"""Words that name a tumour without its place: the title tells it."""
BESIDES = ("I.C.19.e", "I.C.21.c")
"""Sections by which one mention is reported by two codes: an effect with its drug, aftercare with the status."""
VAGUE = frozenset(
    {
        "pain",
        "injury",
        "symptom",
        "disease",
        "disorder",
        "condition",
        "problem",
        "injuries",
        "infected",
        "infection",
        "bleeding",
    }
)


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
    within: str = ""
    """The span in which the code has to lie; empty for any."""

    @property
    def bilateral(self) -> bool:
        """True when both sides are meant."""
        return self.seen.laterality == "bilateral" or any("bilateral" in q.lower() for q in self.queries)


def candidates(case: Case) -> list[Candidate]:
    """Conditions to code, in the order in which the assessment deals with them."""
    found = [*_from_assessment(case)]
    if not found:
        found = [*_from_reason(case)]
    return _without_repeats(found)


def _candidate(case: Case, seen: Seen, listed: tuple[Seen, ...], why: str, guideline: str) -> Candidate:
    whole = title_of(case, seen) if seen.is_header else ""
    title = whole if _heads(case, seen) else sided(part_with(whole, str(seen.text)), whole)
    known = concept_query(case, seen)
    cause = cause_of(seen, whole)
    queries = dict.fromkeys(
        parts_of(cause) if cause else [q for q in (*parts_of(title), at_level(title, known), known) if q]
    )
    if seen.is_header and cured(case, seen, listed):
        known = f"history of {seen.concept}"
        queries, why, guideline = {known: None}, "treated, nothing of it found any more", "I.C.2.m"
    elif culprits(case, seen, listed):
        queries = {f"drug-induced {known}": None, known: None}
    elif TOBACCO.search(known):
        queries = {known: None}
    elif known in UNPLACED and len(queries) > 1:
        queries.pop(known, None)
    elif seen.vocabulary_kind == "external" or under_treatment(known, listed):
        queries = {PAST.sub("", known).strip(): None}
    else:
        more = fuller(case, seen)
        queries = {more: None} if more else queries
    if (
        seen.vocabulary_kind == "external"
    ):  # "status post accident": what it has caused is what is treated now
        seen = replace(seen, raw={**seen.raw, "temporality": "recent"})
    return Candidate(
        seen=seen,
        listed=listed,
        rationale=f"{why}: '{seen.text}'",
        guideline=guideline,
        queries=tuple(queries),
        told=case.sentence(seen) if seen.section_kind in NAMED_IN else "",
    )


def _heads(case: Case, seen: Seen) -> bool:
    """The first condition of its sentence: the sentence is its title; a later one is named in a part of it."""
    return not any(
        m.is_header and m.document == seen.document and m.sentence == seen.sentence and m.start < seen.start
        for m in case.of("problem", "status")
    )


def _is_errand(seen: Seen) -> bool:
    """A line that names an errand or a place ("suture removal in 10 days", "school note provided") is no condition."""
    loose = seen.vocabulary_kind in {"encounter", "external", None} and seen.section_kind == "plan"
    place = seen.vocabulary_kind == "external" and not MISHAP.search(str(seen.concept))
    return bool(seen.kind == "status" and (loose or place))


def _in_passing(case: Case, seen: Seen) -> bool:
    """Words of a title that name no condition of their own.

    A treatment the disease is under ("breast cancer, on chemotherapy"), the operation an examination comes before, and a vague
    word beside the thing itself ("varicose veins with pain").
    """
    before = case.before(seen)
    if APART.search(before):
        return True
    if seen.concept in VAGUE and _leads(case, seen):
        return True
    if seen.vocabulary_kind == "encounter":
        return bool(UNDERWAY.search(before))
    if seen.vocabulary_kind == "status":
        return bool(BEFORE_SURGERY.search(before))
    return seen.concept in VAGUE and bool(BESIDE.search(before))


def _leads(case: Case, seen: Seen) -> bool:
    """A vague word right before the condition itself ("infected ingrown toenail") is a part of its name."""
    same = [m for m in case.of("problem") if m.document == seen.document and m.sentence == seen.sentence]
    return any(seen.end <= m.start <= seen.end + 1 for m in same)


def _from_assessment(case: Case) -> Iterator[Candidate]:
    heads = [m for m in case.mentions if m.in_assessment and m.is_header]
    headers = [m for m in heads if m.kind in CONDITIONS and not (_is_errand(m) or _in_passing(case, m))]
    headers = [m for m in headers if not is_upkeep(case, m) and not is_called_aftercare(case, m)]
    yield from _after_operations(case, heads)
    titles = [t for t in unknown_titles(case) if not is_upkeep(case, t)]
    over = followed(case)
    if over:
        past, errand = over
        yield from _over(past, case.under(past), errand)
        headers = [m for m in headers if m.concept != past.concept and not OVER_AGAIN.search(str(m.text))]
        titles = [t for t in titles if t.sentence != past.sentence]
    for header in headers:
        listed = case.under(header)
        facts = confirmed(case, header, listed)
        yield from (_candidate(case, f, listed, "stated as found in the plan", "IV.H") for f in facts)
        if header.is_established and not facts:
            yield from bitten(case, header, listed)
            if not named_by_poison(case, header):
                yield _candidate(case, header, listed, "assessed today", "IV.J")
            yield from (single(e.seen, e.query, e.why, e.guideline) for e in effects(case, header, listed))
        yield from _named_within(case, header, listed)
    for title in titles:
        queries = parts_of(cause_of(title, str(title.text)) or str(title.text))
        yield Candidate(
            seen=title,
            listed=beneath(case, title, titles),
            rationale=f"assessed today: '{title.text}'",
            guideline="IV.J",
            queries=queries,
            told=case.sentence(title),
        )
    yield from _of_the_family(case)
    if not headers and not over:
        yield from _stated(case, vague=not titles)


def _of_the_family(case: Case) -> Iterator[Candidate]:
    """A family history that the assessment itself names bears on the care (I.C.21.c.4)."""
    for seen in case.of("family"):
        named = seen.section_kind in NAMED_IN and str(seen.concept).startswith("family history of")
        if named and seen.assertion == "present":
            yield Candidate(
                seen=seen,
                listed=(seen,),
                rationale=f"the assessment names it: '{seen.text}'",
                guideline="I.C.21.c.4",
                queries=(str(seen.concept),),
                told=case.sentence(seen),
            )


def _after_operations(case: Case, heads: list[Seen]) -> Iterator[Candidate]:
    """Recovery from an operation, and the status that it leaves, where an item of the assessment names them (I.C.21.c.7)."""
    for head in heads:
        row = aftercare(case, head)
        past = head.kind == "procedure" and head.temporality == "historical" and head.experiencer == "patient"
        told = [(row.query, "recovery from", row.guideline)] if row else []
        if past:
            told.append(
                (f"status post {PAST.sub('', title_of(case, head)).strip()}", "status after", "I.C.21.c.3")
            )
        for query, why, guideline in told:
            yield Candidate(
                seen=head,
                listed=case.under(head),
                rationale=f"{why} the operation of the assessment: '{head.text}'",
                guideline=guideline,
                queries=(query,),
                told=case.sentence(head),
            )


OVER_AGAIN = re.compile(r"\b(?:follow[- ]?up|surveillance)\b", re.IGNORECASE)
"""The same errand named once more."""


def _over(header: Seen, listed: tuple[Seen, ...], errand: str) -> Iterator[Candidate]:
    """The follow-up of a disease that is over, then its history (I.C.21.c.8)."""
    for query, span in ((errand, "Z08|Z09"), (f"history of {header.concept}", "Z85-Z87")):
        yield Candidate(
            seen=header,
            listed=listed,
            rationale=f"followed after completed treatment: '{header.text}'",
            guideline="I.C.21.c.8",
            queries=(query,),
            within=span,
        )


def single(seen: Seen, query: str, why: str, guideline: str) -> Candidate:
    """One code to look up by one wording, for a mention that stands for itself."""
    return Candidate(seen=seen, listed=(seen,), rationale=why, guideline=guideline, queries=(query,))


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
        if same and seen.kind == "problem" and seen.is_established and seen.concept not in VAGUE:
            yield _candidate(case, seen, listed, "assessed today", "IV.J")


def _stated(case: Case, *, vague: bool) -> Iterator[Candidate]:
    """What the assessment, else the plan, states in prose; words as vague as "pain" only where nothing else is named."""
    for kind in (("assessment", "assessment_plan", "addendum"), ("plan",)):
        found = [m for m in case.of("problem") if m.section_kind in kind and m.is_established]
        found = [m for m in found if m.concept not in VAGUE] or (found if vague else [])
        if found:
            for seen in found:
                yield _candidate(case, seen, (seen,), "stated in the assessment", "IV.J")
            return


def _from_reason(case: Case) -> Iterator[Candidate]:
    """Without an established diagnosis the sign or symptom that brought the patient is coded (IV.D, IV.H)."""
    for kinds in (("chief_complaint",), ("hpi",), ("other", "exam", "results")):
        found = [m for m in case.of("problem") if m.section_kind in kinds and m.is_established]
        found = [m for m in found if m.concept not in VAGUE] or found
        found = found or [
            m for m in case.of("status") if m.section_kind in kinds and m.vocabulary_kind == "encounter"
        ]
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
