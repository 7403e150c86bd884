"""Assemble the claim: a proposal's codes, the facts' people and payer, the tables' names and prices."""

import base64
import hashlib
import re
from datetime import date
from decimal import Decimal

from knowledge.bookshelf import Bookshelf
from knowledge.procedures import Procedure
from tools.claim.model import Claim, ClaimDates, ClaimDiagnosis, ClaimLine, Drug
from tools.claim.pricing import price
from tools.context import ToolContext
from tools.encounter import EncounterFacts, Provider
from tools.proposal import Proposal, ProposedDiagnosis, ProposedLine
from tools.transfer import assumed_on, relinquished_on

_INPATIENT = frozenset({"21", "51", "61"})
_HOME = "12"
_ORDERED = frozenset({"lab", "imaging", "pathology", "supply"})


def claim_id(facts: EncounterFacts) -> str:
    """CLM01: the same 20 upper-case alphanumerics for the same tenant, encounter and payer.

    It is a hash: unlike any other's, and it tells nothing of the patient.
    """
    primary = facts.primary
    payer = (primary.payer_id or primary.payer_name or primary.payer_kind) if primary else "self_pay"
    said = "\0".join((facts.tenant, facts.encounter_id, facts.date_of_service.isoformat(), payer))
    return "SB" + base64.b32encode(hashlib.sha256(said.encode()).digest()).decode()[:18]


def assemble_claim(proposal: Proposal, facts: EncounterFacts, context: ToolContext) -> Claim:
    """The draft claim of a proposal.

    What the facts lack stays empty (``EncounterFacts.missing`` lists it and the encounter is held); what
    the tables do not know has no name and no price, which the self-check reports. Nothing is guessed.

    Args:
        proposal: the coder's codes, lines and links.
        facts: people, coverage, dates and places of the encounter.
        context: the bookshelf, the practice's charges, the coding date.
    """
    number = claim_id(facts)
    lines = tuple(
        _line(position, line, number, facts, context)
        for position, line in enumerate(proposal.service_lines, start=1)
    )
    place = facts.place_of_service or next((line.place_of_service for line in lines), "")
    return Claim(
        claim_id=number,
        encounter_id=facts.encounter_id,
        tenant=facts.tenant,
        draft=True,
        patient=facts.patient,
        coverages=facts.coverages,
        billing_provider=facts.billing_provider,
        rendering_provider=facts.rendering_provider,
        referring_provider=facts.referring_provider,
        supervising_provider=facts.supervising_provider,
        facility=None if place == _HOME else facts.facility,
        place_of_service=place,
        diagnoses=tuple(
            _diagnosis(sequence, one, context.bookshelf, facts.date_of_service)
            for sequence, one in enumerate(proposal.diagnoses, start=1)
        ),
        lines=lines,
        total_charge=sum((line.charge for line in lines), start=Decimal("0.00")),
        prior_authorization=facts.prior_authorization,
        referral_number=facts.referral_number,
        clia=_clia(lines, facts, context.bookshelf),
        dates=_dates(facts, place, lines),
        created=context.today,
        editions=editions(context.bookshelf, facts.date_of_service),
    )


def editions(bookshelf: Bookshelf, on: date) -> dict[str, str]:
    """Which edition of each table answers for the date of service."""
    loaded = bookshelf.editions
    return {table: loaded.choose(table, on).edition.edition for table in sorted(loaded.tables)}


def _diagnosis(sequence: int, one: ProposedDiagnosis, bookshelf: Bookshelf, on: date) -> ClaimDiagnosis:
    known = bookshelf.icd.find(one.code, on)
    return ClaimDiagnosis(
        sequence=sequence, code=one.code, display=known.display if known else "", evidence=one.evidence
    )


def _line(
    position: int, line: ProposedLine, number: str, facts: EncounterFacts, context: ToolContext
) -> ClaimLine:
    on = facts.date_of_service
    place = line.place_of_service or facts.place_of_service or ""
    modifiers = tuple(m.code for m in line.modifiers)
    priced = price(line, facts, context)
    known = context.bookshelf.procedures.find(line.code, on)
    return ClaimLine(
        number=position,
        code=line.code,
        system=line.system,
        display=known.title if known else "",
        modifiers=modifiers,
        units=line.units,
        place_of_service=place,
        date_from=on,
        date_to=on,
        charge=priced.charge,
        charge_basis=priced.basis,
        pointers=line.pointers,
        rvu=priced.rvu,
        drug=_drug(line),
        emergency=facts.encounter_class == "EMER",
        ordering=_ordering(known, facts),
        control_number=f"{number}{position:03d}",
        evidence=line.evidence,
    )


def _ordering(known: Procedure | None, facts: EncounterFacts) -> Provider | None:
    """Who ordered a test or supply, where that was not the one who rendered it (loop 2420E)."""
    return facts.ordering_provider if known is not None and known.category in _ORDERED else None


def _clia(lines: tuple[ClaimLine, ...], facts: EncounterFacts, bookshelf: Bookshelf) -> str | None:
    """The CLIA number, when a line is a laboratory test that needs one (REF*X4)."""
    on = facts.date_of_service
    tests = (bookshelf.procedures.find(line.code, on) for line in lines)
    if not any(test is not None and test.clia for test in tests):
        return None
    owners = (facts.facility, facts.billing_provider)
    return next((owner.clia for owner in owners if owner and owner.clia), None)


def _dates(facts: EncounterFacts, place: str, lines: tuple[ClaimLine, ...]) -> ClaimDates:
    """Admission and discharge of an inpatient stay, and the days of a transfer of care (54, 55); other dates need a person."""
    used = {m for line in lines for m in line.modifiers}
    texts, on = [one.text for one in facts.documents], facts.date_of_service
    stays = place in _INPATIENT
    return ClaimDates(
        admission=on if stays else None,
        discharge=facts.date_of_service_end if stays else None,
        assumed_care=assumed_on(texts, on) if "55" in used else None,
        relinquished_care=relinquished_on(texts, on) if "54" in used else None,
    )


def _drug(line: ProposedLine) -> Drug | None:
    """The NDC of a drug line, when number, quantity and unit are all documented."""
    if line.ndc is None or line.ndc_quantity is None or line.ndc_unit is None:
        return None
    number = eleven_digits(line.ndc)
    return Drug(ndc=number, quantity=line.ndc_quantity, unit=line.ndc_unit) if number else None


def eleven_digits(ndc: str) -> str | None:
    """An NDC as the claim carries it: 5-4-2 without dashes; None when it can not be told where to pad.

    A ten-digit number is padded in the segment that its dashes show to be short (4-4-2, 5-3-2 or 5-4-1).
    """
    parts = ndc.strip().split("-")
    if len(parts) == 1:
        return ndc.strip() if re.fullmatch(r"[0-9]{11}", ndc.strip()) else None
    if len(parts) != 3 or not all(re.fullmatch(r"[0-9]+", part) for part in parts):
        return None
    padded = tuple(part.zfill(width) for part, width in zip(parts, (5, 4, 2), strict=True))
    return "".join(padded) if sum(map(len, padded)) == 11 and sum(map(len, parts)) >= 10 else None
