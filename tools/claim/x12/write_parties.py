"""Names, addresses and numbers of the people and organisations of an 837P."""

from tools.claim.model import Claim
from tools.claim.x12.charset import clean
from tools.claim.x12.codes import RELATIONSHIP, SEQUENCE, SEX, filing_code
from tools.claim.x12.out import SegmentWriter
from tools.encounter import Address, CoverageFacts, Name, Person, Provider


def write_name(
    out: SegmentWriter,
    entity: str,
    name: Name,
    *,
    person: bool,
    qualifier: str = "",
    number: str | None = None,
) -> None:
    """NM1 of a person or organisation, with its identifier when it has one."""
    identifier = (qualifier, clean(number)) if number else ()
    if person:
        given = [clean(part) if part else "" for part in (name.first, name.middle)]
        suffix = clean(name.suffix) if name.suffix else ""
        out.add("NM1", entity, "1", clean(name.last), *given, "", suffix, *identifier)
    else:
        out.add("NM1", entity, "2", clean(name.display), "", "", "", "", *identifier)


def write_address(out: SegmentWriter, address: Address | None) -> None:
    """N3 and N4, nothing when there is no address."""
    if address is None:
        return
    out.add("N3", clean(address.line1), clean(address.line2) if address.line2 else "")
    out.add("N4", clean(address.city), clean(address.state), address.postal_code)


def write_provider(out: SegmentWriter, entity: str, provider: Provider, *, specialty: bool = False) -> None:
    """NM1 with the NPI and, where the loop has one, PRV with the taxonomy."""
    write_name(out, entity, provider.name, person=provider.is_person, qualifier="XX", number=provider.npi)
    if specialty and provider.taxonomy:
        out.add("PRV", "PE", "PXC", provider.taxonomy)


def write_billing(out: SegmentWriter, provider: Provider, pay_to: Address | None) -> None:
    """PRV*BI and loops 2010AA and 2010AB."""
    if provider.taxonomy:
        out.add("PRV", "BI", "PXC", provider.taxonomy)
    write_provider(out, "85", provider)
    write_address(out, provider.address)
    out.add("REF", provider.tax_id_kind, provider.tax_id or "")
    if provider.phone:
        out.add("PER", "IC", clean(provider.name.display)[:60].rstrip(), "TE", digits(provider.phone))
    if pay_to:
        out.add("NM1", "87", "1" if provider.is_person else "2")
        write_address(out, pay_to)


def write_subscriber(out: SegmentWriter, claim: Claim) -> None:
    """SBR and loops 2010BA and 2010BB of the coverage billed."""
    coverage = _billed(claim)
    own = coverage.relationship == "self"
    person = claim.patient if own else coverage.subscriber or claim.patient
    write_coverage(out, coverage, RELATIONSHIP["self"] if own else "")
    write_member(out, person, coverage.member_id)
    write_address(out, person.address)
    if own or person.birth_date:
        write_demographics(out, person)
    if own and claim.property_casualty_number:
        out.add("REF", "Y4", clean(claim.property_casualty_number))
    write_payer(out, coverage)


def write_coverage(out: SegmentWriter, coverage: CoverageFacts, relationship: str) -> None:
    """SBR: place in the order of benefits, group, kind of insurance."""
    group = clean(coverage.group_number) if coverage.group_number else ""
    name = coverage.group_name or coverage.plan_name
    out.add(
        "SBR",
        SEQUENCE[coverage.order],
        relationship,
        group,
        clean(name) if name and not group else "",
        insurance_type(coverage),
        "",
        "",
        "",
        filing_code(coverage.payer_kind, coverage.filing_code),
    )


def insurance_type(coverage: CoverageFacts) -> str:
    """SBR05, which only Medicare as a payer that is not primary carries."""
    return coverage.insurance_type or "" if coverage.payer_kind == "medicare" and coverage.order > 1 else ""


def write_member(out: SegmentWriter, person: Person, member_id: str | None) -> None:
    """NM1*IL."""
    write_name(out, "IL", person.name, person=True, qualifier="MI", number=member_id)


def write_payer(out: SegmentWriter, coverage: CoverageFacts) -> None:
    """NM1*PR and the payer's address."""
    name = Name(last=coverage.payer_name)
    write_name(out, "PR", name, person=False, qualifier="PI", number=coverage.payer_id)
    write_address(out, coverage.payer_address)


def write_patient(out: SegmentWriter, claim: Claim) -> None:
    """PAT and loop 2010CA of a dependent."""
    out.add("PAT", RELATIONSHIP[_billed(claim).relationship])
    write_name(out, "QC", claim.patient.name, person=True)
    write_address(out, claim.patient.address)
    write_demographics(out, claim.patient)
    if claim.property_casualty_number:
        out.add("REF", "Y4", clean(claim.property_casualty_number))


def write_demographics(out: SegmentWriter, person: Person) -> None:
    """DMG: birth date and sex."""
    out.add("DMG", "D8", f"{person.birth_date:%Y%m%d}" if person.birth_date else "", SEX[person.sex])


def digits(text: str) -> str:
    """The digits of a telephone number."""
    return "".join(c for c in text if c.isdigit())


def _billed(claim: Claim) -> CoverageFacts:
    coverage = claim.billed
    assert coverage is not None  # noqa: S101  requirements checked
    return coverage
