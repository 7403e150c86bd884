"""What of a claim an 837P carries: the claim as it must come back when the file is read again."""

from tools.claim.model import (
    Adjustment,
    Claim,
    ClaimDiagnosis,
    ClaimLine,
    ClaimPayment,
    LinePayment,
    PurchasedService,
)
from tools.claim.x12.charset import clean
from tools.claim.x12.codes import PAYER_KIND, SEX, SEX_NAME, filing_code
from tools.claim.x12.read_insurance import billed_order
from tools.claim.x12.what_to_send import (
    facility_to_send,
    line_clia_to_send,
    line_control_number,
    line_rendering_to_send,
    rendering_to_send,
    sent_dates,
)
from tools.claim.x12.write_parties import digits, insurance_type
from tools.encounter import Address, CoverageFacts, Name, Person, Provider


def carried(claim: Claim) -> Claim:
    """The claim without what X12 has no element for, and with texts as X12 spells them.

    Left out: evidence, titles, RVUs, editions, tenant, encounter id, references, charge basis, draft mark,
    and what a
    higher level already says (a rendering provider equal to the billing one, a facility at the billing
    address).
    """
    billed = claim.billed
    coverages = tuple(
        _coverage(c, billed=c is billed) for c in sorted(claim.coverages, key=lambda c: c.order)
    )
    payments = tuple(p for c in claim.others for p in claim.payments if p.payer_id == c.payer_id)
    first = next(c for c in coverages if billed and c.order == billed.order)
    others = [c for c in coverages if c is not first]
    return claim.model_copy(
        update={
            "encounter_id": claim.claim_id,
            "tenant": "default",
            "draft": False,
            "original_reference": _text(claim.original_reference) if claim.frequency != "1" else None,
            "patient": _person(claim.patient).model_copy(update={"mrn": _text(claim.patient.mrn)}),
            "coverages": coverages,
            "billing_provider": _billing(claim.billing_provider),
            "rendering_provider": _named(rendering_to_send(claim), taxonomy=True),
            "referring_provider": _named(claim.referring_provider),
            "supervising_provider": _named(claim.supervising_provider),
            "facility": _facility(facility_to_send(claim)),
            "pay_to": _address(claim.pay_to),
            "diagnoses": tuple(
                ClaimDiagnosis(sequence=d.sequence, code=d.code, display="") for d in claim.diagnoses
            ),
            "lines": tuple(_line(claim, line, n) for n, line in enumerate(claim.lines, 1)),
            "prior_authorization": _text(claim.prior_authorization),
            "referral_number": _text(claim.referral_number),
            "dates": sent_dates(claim),
            "accident": claim.accident.model_copy(
                update={"state": claim.accident.state if claim.accident.auto else None}
            ),
            "note": _text(claim.note),
            "payments": tuple(_payment(claim, p) for p in payments),
            "attachments": tuple(
                a.model_copy(update={"control_number": _text(a.control_number)}) for a in claim.attachments
            ),
            "property_casualty_number": _text(claim.property_casualty_number),
            "mammography_certification": _text(claim.mammography_certification),
            "billed_order": billed_order([first, *others], claim.payments),
            "editions": {},
        }
    )


def _text(text: str | None) -> str | None:
    return clean(text) if text else None


def _name(name: Name, *, person: bool) -> Name:
    if not person:
        return Name(last=clean(name.display))
    return Name(
        last=clean(name.last), first=_text(name.first), middle=_text(name.middle), suffix=_text(name.suffix)
    )


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    return Address(
        line1=clean(address.line1),
        line2=_text(address.line2),
        city=clean(address.city),
        state=clean(address.state),
        postal_code=address.postal_code,
    )


def _person(person: Person) -> Person:
    return Person(
        id="",
        name=_name(person.name, person=True),
        birth_date=person.birth_date,
        sex=SEX_NAME[SEX[person.sex]],
        address=_address(person.address),
    )


def _coverage(coverage: CoverageFacts, *, billed: bool) -> CoverageFacts:
    filing = filing_code(coverage.payer_kind, coverage.filing_code)
    subscriber = (
        _person(coverage.subscriber) if coverage.subscriber and coverage.relationship != "self" else None
    )
    if subscriber and (not billed or subscriber.birth_date is None):
        subscriber = subscriber.model_copy(update={"birth_date": None, "sex": "unknown"})
    return CoverageFacts(
        reference="",
        order=coverage.order,
        payer_kind=PAYER_KIND.get(filing, "commercial"),
        payer_name=clean(coverage.payer_name),
        payer_id=_text(coverage.payer_id),
        payer_address=_address(coverage.payer_address),
        filing_code=filing,
        member_id=_text(coverage.member_id),
        group_number=_text(coverage.group_number),
        group_name=None if coverage.group_number else _text(coverage.group_name or coverage.plan_name),
        relationship=coverage.relationship,
        subscriber=subscriber,
        insurance_type=insurance_type(coverage) or None,
    )


def _named(provider: Provider | None, *, taxonomy: bool = False, address: bool = False) -> Provider | None:
    if provider is None:
        return None
    return Provider(
        reference="",
        name=_name(provider.name, person=provider.is_person),
        is_person=provider.is_person,
        npi=provider.npi,
        taxonomy=provider.taxonomy if taxonomy else None,
        address=_address(provider.address) if address else None,
    )


def _facility(provider: Provider | None) -> Provider | None:
    organisation = provider.model_copy(update={"is_person": False}) if provider else None
    return _named(organisation, address=True)


def _billing(provider: Provider | None) -> Provider | None:
    named = _named(provider, taxonomy=True, address=True)
    if named is None or provider is None:
        return None
    return named.model_copy(
        update={
            "tax_id": provider.tax_id,
            "tax_id_kind": provider.tax_id_kind,
            "phone": digits(provider.phone) if provider.phone else None,
        }
    )


def _line(claim: Claim, line: ClaimLine, number: int) -> ClaimLine:
    purchased = line.purchased and PurchasedService(
        provider=Provider(
            reference="",
            name=Name(last=""),
            is_person=line.purchased.provider.is_person,
            npi=line.purchased.provider.npi,
        ),
        charge=line.purchased.charge,
    )
    drug = line.drug and line.drug.model_copy(
        update={"prescription_number": _text(line.drug.prescription_number)}
    )
    return line.model_copy(
        update={
            "number": number,
            "display": "",
            "charge_basis": "given",
            "rvu": None,
            "evidence": (),
            "drug": drug,
            "purchased": purchased,
            "rendering": _named(line_rendering_to_send(claim, line), taxonomy=True),
            "ordering": _named(line.ordering, address=True),
            "referring": _named(line.referring),
            "supervising": _named(line.supervising),
            "facility": _facility(line.facility),
            "control_number": clean(line_control_number(claim, line, number)),
            "clia": line_clia_to_send(claim, line) or claim.clia,
            "note": _text(line.note),
            "prior_authorization": _text(line.prior_authorization),
            "referral_number": _text(line.referral_number),
            "attachments": tuple(
                a.model_copy(update={"control_number": _text(a.control_number)}) for a in line.attachments
            ),
            "payments": tuple(_line_payment(line, p) for p in line.payments),
        }
    )


def _line_payment(line: ClaimLine, payment: LinePayment) -> LinePayment:
    changes: dict[str, object] = {
        "payer_id": clean(payment.payer_id),
        "code": payment.code or line.code,
        "modifiers": payment.modifiers if payment.code else line.modifiers,
        "adjustments": _by_group(payment.adjustments),
    }
    return payment.model_copy(update=changes)


def _payment(claim: Claim, payment: ClaimPayment) -> ClaimPayment:
    by_line = any(p.payer_id == payment.payer_id for line in claim.lines for p in line.payments)
    return payment.model_copy(
        update={
            "payer_id": clean(payment.payer_id),
            "paid_on": None if by_line else payment.paid_on,
            "adjustments": _by_group(payment.adjustments),
            "control_number": _text(payment.control_number),
        }
    )


def _by_group(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    groups = list(dict.fromkeys(a.group for a in adjustments))
    return tuple(sorted(adjustments, key=lambda a: groups.index(a.group)))
