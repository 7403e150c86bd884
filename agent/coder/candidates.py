"""Which conditions the record documents as dealt with today, and which it mentions without establishing them.

Guidelines IV.G to IV.J: the reason for the visit first, then conditions that coexist and require or affect care;
uncertain diagnoses are not coded (IV.H); conditions of relatives, denied or resolved ones are not the patient's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.coder.case import Case, Seen

SKIPPED_SECTIONS = frozenset({"ros", "family_history", "instructions"})
UNCERTAIN = frozenset({"uncertain", "conditional", "hypothetical"})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A condition to look up: the mention that documents it best, and everything listed under it."""

    seen: Seen
    listed: tuple[Seen, ...]
    rationale: str
    guideline: str

    @property
    def query(self) -> str:
        """The words a coder would look up."""
        seen = self.seen
        concept = seen.concept or seen.text
        words = [w for w in (seen.laterality, seen.acuity) if w and str(w) not in concept]
        past = ["history of"] if seen.temporality == "historical" and not _is_status(seen) else []
        return " ".join([*past, *map(str, words), concept])


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


def unestablished(case: Case) -> list[Unestablished]:
    """Conditions to reject with a reason, each concept once."""
    coded = {c.seen.concept for c in candidates(case)}
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


def _is_status(seen: Seen) -> bool:
    return seen.vocabulary_kind in {"status", "history", "encounter"}


def _established(seen: Seen) -> bool:
    return bool(seen.kind == "problem" and seen.experiencer == "patient" and seen.assertion == "present")


def _from_assessment(case: Case) -> Iterator[Candidate]:
    headers = [m for m in case.mentions if m.in_assessment and m.is_header and m.kind == "problem"]
    for header in headers:
        listed = case.under(header)
        if _established(header):
            yield Candidate(
                seen=header, listed=listed, rationale=f"assessed today: '{header.text}'", guideline="IV.J"
            )
        yield from _named_within(header, listed)
    if not headers:
        yield from _stated(case)


def _named_within(header: Seen, listed: tuple[Seen, ...]) -> Iterator[Candidate]:
    """A header may name two conditions ("Chest pain and hypertension"): mentions of the same sentence count."""
    for seen in listed:
        if seen.index != header.index and seen.sentence == header.sentence and _established(seen):
            yield Candidate(
                seen=seen, listed=listed, rationale=f"assessed today: '{seen.text}'", guideline="IV.J"
            )


def _stated(case: Case) -> Iterator[Candidate]:
    for kind in (("assessment", "assessment_plan", "addendum"), ("plan",)):
        found = [m for m in case.of("problem") if m.section_kind in kind and _established(m)]
        if found:
            for seen in found:
                yield Candidate(
                    seen=seen,
                    listed=(seen,),
                    rationale=f"stated in the assessment: '{seen.text}'",
                    guideline="IV.J",
                )
            return


def _from_reason(case: Case) -> Iterator[Candidate]:
    """Without an established diagnosis the sign or symptom that brought the patient is coded (IV.D, IV.H)."""
    for kinds in (("chief_complaint",), ("hpi",), ("other", "exam", "results")):
        found = [m for m in case.of("problem") if m.section_kind in kinds and _established(m)]
        for seen in found[:3]:
            yield Candidate(
                seen=seen, listed=(seen,), rationale=f"reason for the visit: '{seen.text}'", guideline="IV.D"
            )
        if found:
            return


def _without_repeats(found: list[Candidate]) -> list[Candidate]:
    seen: dict[tuple[str, str | None], Candidate] = {}
    for candidate in found:
        seen.setdefault((str(candidate.seen.concept), candidate.seen.laterality), candidate)
    return list(seen.values())
