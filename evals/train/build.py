"""From a joined visit to an example: which coding is to be learned, which was wrong, and why."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from agent.desk.records import Lesson
from evals.scorers.visits import is_visit
from evals.solvers.model_alone import Said, SaidDiagnosis, SaidLine, SaidRejected
from evals.train.anonymise import Anonymiser, age_of
from evals.train.joining import answers_of
from evals.train.outcomes import judged
from evals.train.records import Example, Joined, Label
from knowledge.records import Evidence
from tools.claim.model import Claim
from tools.proposal import Proposal


class NoExample(Exception):  # noqa: N818 - no fault: a visit that teaches nothing
    """A visit teaches nothing: the message says why, by rule and not by value."""


class Lessoned:
    """What a visit teaches: the coding to learn, codings that were wrong, the label and its reasons."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.chosen: Said | None = None
        self.rejected: list[Said] = []
        self.why: list[str] = []

    @property
    def label(self) -> Label:
        """Positive where nothing was wrong, corrected where it was mended, else negative."""
        if self.chosen is None:
            return "negative"
        return "corrected" if self.rejected else "positive"


def keyed(key: bytes, what: str) -> str:
    """A name that tells nothing without the key of the export."""
    return hmac.new(key, what.encode(), hashlib.sha256).hexdigest()[:20]


def example(row: Joined, anonymiser: Anonymiser, *, key: bytes, patient: str, unproven: bool) -> Example:
    """The de-identified example of a visit.

    Args:
        row: the visit with all that belongs to it.
        anonymiser: of its patient.
        key: of the export, for names that tell nothing.
        patient: what identifies the patient.
        unproven: take what was billed for right where no payer has answered.

    Raises:
        NoExample: it teaches nothing.
    """
    facts = row.visit.facts
    note = "\n\n".join(anonymiser.text(d.text) for d in facts.documents if d.text.strip())
    if not note.strip():
        raise NoExample("no text in its documents")
    taught = teach(row, unproven=unproven)
    place = facts.rendering_provider.taxonomy if facts.rendering_provider else None
    return Example(
        id=keyed(key, f"encounter {facts.tenant} {facts.encounter_id}"),
        patient=keyed(key, f"patient {patient}"),
        note=note,
        context=context(row, anonymiser),
        label=taught.label,
        chosen=clean(taught.chosen, anonymiser) if taught.chosen else None,
        rejected=tuple(clean(said, anonymiser) for said in taught.rejected),
        why=tuple(dict.fromkeys(taught.why)),
        specialty=place or "",
    )


def context(row: Joined, anonymiser: Anonymiser) -> dict[str, Any]:
    """What a coder is told beside the note, in the shape of an eval case's context."""
    facts = row.visit.facts
    return {
        "age": age_of(facts.age_years),
        "sex": facts.patient.sex,
        "new_patient": facts.new_patient,
        "place_of_service": facts.place_of_service,
        "date_of_service": anonymiser.day(facts.date_of_service),
        "payer": facts.payer_kind,
    }


def teach(row: Joined, *, unproven: bool) -> Lessoned:
    """What a visit teaches, by what people decided and payers answered.

    Raises:
        NoExample: nothing: no coding, an answer that does not judge the coding, or none at all.
    """
    found = Lessoned()
    originals, later = _apart(row.claims)
    person = _by_person(row.lessons, found)
    _by_payer(row, originals, later, found, approved=person, unproven=unproven)
    if found.chosen is not None:
        found.rejected = [r for r in found.rejected if not same(r, found.chosen)]
    if found.chosen is None and not found.rejected:
        raise NoExample("no coding to learn from")
    return found


def _apart(claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Originals, and what replaced or voided them.

    Raises:
        NoExample: two originals that do not say the same.
    """
    originals = [c for c in claims if c.frequency == "1"]
    if any(not same(of_claim(originals[0]), of_claim(c)) for c in originals[1:]):
        raise NoExample("two original claims that differ")
    return originals, [c for c in claims if c.frequency != "1"]


def _by_person(lessons: Sequence[Lesson], found: Lessoned) -> bool:
    """People's changes in order: what was generated against what they signed; whether they let something out."""
    for lesson in sorted(lessons, key=lambda x: x.id):
        if lesson.generated is not None and lesson.action in {"amend", "reject"}:
            found.rejected.append(of_proposal(lesson.generated))
            found.why.append(f"a person's decision: {lesson.action}")
        final = lesson.approved or lesson.signed
        found.chosen = of_proposal(final) if final is not None else None
    return found.chosen is not None


def _by_payer(
    row: Joined,
    originals: Sequence[Claim],
    later: Sequence[Claim],
    found: Lessoned,
    *,
    approved: bool,
    unproven: bool,
) -> None:
    """Payers' answers, the original first: a denial for the coding is stronger than whoever approved it."""
    if any(c.frequency == "8" for c in later):
        raise NoExample("the claim was voided")
    for claim in (*originals, *later):
        verdict = judged(answers_of(row, claim))
        said = of_claim(claim)
        if verdict.verdict in {"denied", "unbalanced"}:
            found.rejected.append(said)
            found.why.extend(verdict.why)
            found.chosen = None
        elif verdict.verdict == "paid":
            found.chosen = _with_quotes(said, found.chosen)
        elif verdict.verdict == "unjudged" and not approved:
            raise NoExample("denied for a reason that does not judge the coding")
        elif verdict.verdict == "unanswered" and unproven:
            found.chosen = found.chosen or said
    if found.chosen is None and not found.rejected and (originals or later):
        raise NoExample("no payer has answered and no person has decided")


def _with_quotes(said: Said, before: Said | None) -> Said:
    """What was paid; where a person signed the same coding with its evidence, that one."""
    return before if before is not None and same(said, before) else said


def same(one: Said, other: Said) -> bool:
    """Whether two codings say the same on a claim (evidence and rejected candidates apart)."""
    return _said(one) == _said(other)


def _said(said: Said) -> tuple[Any, ...]:
    lines = sorted((x.code, tuple(x.modifiers), float(x.units), tuple(x.diagnoses)) for x in said.lines)
    return tuple(d.code for d in said.diagnoses), said.em, tuple(lines)


def of_claim(claim: Claim) -> Said:
    """What a claim says; a claim quotes no note."""
    by_sequence = {d.sequence: d.code for d in claim.diagnoses}
    lines = tuple(
        SaidLine(
            code=line.code,
            modifiers=line.modifiers,
            units=float(line.units),
            diagnoses=tuple(by_sequence[p] for p in line.pointers if p in by_sequence),
        )
        for line in claim.lines
    )
    return Said(
        diagnoses=tuple(SaidDiagnosis(code=d.code) for d in claim.diagnoses),
        em=next((x.code for x in lines if is_visit(x.code)), None),
        lines=lines,
    )


def of_proposal(proposal: Proposal) -> Said:
    """What a proposal says, with the words it cites."""
    codes = [d.code for d in proposal.diagnoses]
    lines = tuple(
        SaidLine(
            code=line.code,
            modifiers=tuple(m.code for m in line.modifiers),
            units=float(line.units),
            diagnoses=tuple(codes[p - 1] for p in line.pointers if 0 < p <= len(codes)),
            quote=_quote(line.evidence),
        )
        for line in proposal.service_lines
    )
    return Said(
        diagnoses=tuple(SaidDiagnosis(code=d.code, quote=_quote(d.evidence)) for d in proposal.diagnoses),
        em=next((x.code for x in lines if is_visit(x.code)), None),
        lines=lines,
        rejected=tuple(SaidRejected(code=r.code, reason=r.reason) for r in proposal.rejected),
        queries=tuple(q.question for q in proposal.queries),
    )


def _quote(evidence: Sequence[Evidence]) -> str:
    return next((e.text for e in evidence if e.kind == "note" and e.text), "")


def clean(said: Said, anonymiser: Anonymiser) -> Said:
    """The coding with the texts in it de-identified as the note is."""
    text = anonymiser.text
    return said.model_copy(
        update={
            "diagnoses": tuple(d.model_copy(update={"quote": text(d.quote)}) for d in said.diagnoses),
            "lines": tuple(x.model_copy(update={"quote": text(x.quote)}) for x in said.lines),
            "rejected": tuple(r.model_copy(update={"reason": text(r.reason)}) for r in said.rejected),
            "queries": tuple(map(text, said.queries)),
        }
    )
