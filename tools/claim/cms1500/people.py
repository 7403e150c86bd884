"""Boxes 1 to 11 (patient, insured, other insured), 17, 25, 32 and 33 (providers)."""

from tools.claim.cms1500.text import first_last, last_first, place, plain, street, telephone, zip_code
from tools.claim.model import Claim
from tools.claim.x12.codes import HOME, filing_code
from tools.encounter import Address, CoverageFacts, Person

_PROGRAM = {"MA": "medicare", "MB": "medicare", "MC": "medicaid", "CH": "tricare", "VA": "champva"}
"""Claim filing code -> check box of box 1; with a group number else a group plan, else other."""
_TAXONOMY = "ZZ"


def coverage_boxes(claim: Claim) -> dict[str, str]:
    """Carrier block, 1, 1a, 4, 6, 7, 9, 11."""
    billed = claim.billed
    if billed is None:
        return {}
    insured = _insured(claim, billed)
    others = claim.others
    boxes = {
        **_carrier(billed),
        f"1_{_program(billed)}": "X",
        "1a": plain(billed.member_id or ""),
        "4": last_first(insured.name),
        f"6_{billed.relationship}": "X",
        **_address("7", insured),
        "11": _group(billed),
        **_birth("11a", insured),
        "11b_qualifier": "Y4" if claim.property_casualty_number else "",
        "11b": plain(claim.property_casualty_number or ""),
        "11c": plain(billed.plan_name or billed.group_name or ""),
        "11d_yes" if others else "11d_no": "X",
    }
    return boxes | (_other(claim, others[0]) if others else {})


def people_boxes(claim: Claim) -> dict[str, str]:
    """2, 3 and 5: the patient."""
    patient = claim.patient
    return {"2": last_first(patient.name), **_birth("3", patient), **_address("5", patient)}


def provider_boxes(claim: Claim) -> dict[str, str]:
    """17, 25, 32 and 33."""
    return {**_source(claim), **_facility(claim), **_billing(claim)}


def _insured(claim: Claim, coverage: CoverageFacts) -> Person:
    return coverage.subscriber if coverage.relationship != "self" and coverage.subscriber else claim.patient


def _program(coverage: CoverageFacts) -> str:
    code = filing_code(coverage.payer_kind, coverage.filing_code)
    return _PROGRAM.get(code) or (
        "group" if coverage.group_number and code not in {"16", "WC", "AM"} else "other"
    )


def _group(coverage: CoverageFacts) -> str:
    """NONE when Medicare pays first (CMS Pub. 100-04, chapter 26, item 11)."""
    if coverage.payer_kind == "medicare" and coverage.order == 1 and not coverage.group_number:
        return "NONE"
    return plain(coverage.group_number or "")


def _carrier(coverage: CoverageFacts) -> dict[str, str]:
    boxes = {"carrier_1": plain(coverage.payer_name)}
    address = coverage.payer_address
    if address:
        lines = [plain(address.line1), plain(address.line2 or ""), place(address)]
        boxes |= {f"carrier_{n}": text for n, text in enumerate((text for text in lines if text), 2)}
    return boxes


def _other(claim: Claim, coverage: CoverageFacts) -> dict[str, str]:
    return {
        "9": last_first(_insured(claim, coverage).name),
        "9a": plain(coverage.group_number or coverage.member_id or ""),
        "9d": plain(coverage.plan_name or coverage.group_name or coverage.payer_name),
    }


def _birth(box: str, person: Person) -> dict[str, str]:
    boxes: dict[str, str] = {}
    if person.birth_date:
        born = person.birth_date
        boxes |= {f"{box}_month": f"{born:%m}", f"{box}_day": f"{born:%d}", f"{box}_year": f"{born:%Y}"}
    if person.sex in {"male", "female"}:
        boxes[f"{box}_{person.sex}"] = "X"
    return boxes


def _address(box: str, person: Person) -> dict[str, str]:
    area, number = telephone(person.phone)
    boxes = {f"{box}_area": area, f"{box}_phone": number}
    address: Address | None = person.address
    if address:
        boxes |= {
            f"{box}_street": street(address),
            f"{box}_city": plain(address.city),
            f"{box}_state": plain(address.state),
            f"{box}_zip": zip_code(address),
        }
    return boxes


def _source(claim: Claim) -> dict[str, str]:
    """Referring, else ordering, else supervising: box 17 holds one."""
    ordering = next((line.ordering for line in claim.lines if line.ordering), None)
    for qualifier, provider in (
        ("DN", claim.referring_provider),
        ("DK", ordering),
        ("DQ", claim.supervising_provider),
    ):
        if provider:
            boxes = {"17_qualifier": qualifier, "17": first_last(provider.name), "17b": provider.npi or ""}
            if provider.taxonomy:
                boxes |= {"17a_qualifier": _TAXONOMY, "17a": provider.taxonomy}
            return boxes
    return {}


def _facility(claim: Claim) -> dict[str, str]:
    facility = claim.facility
    if facility is None or claim.place_of_service == HOME:
        return {}
    boxes = {"32_1": first_last(facility.name), "32a": facility.npi or ""}
    if facility.address:
        boxes |= {"32_2": street(facility.address), "32_3": place(facility.address)}
    return boxes


def _billing(claim: Claim) -> dict[str, str]:
    billing = claim.billing_provider
    if billing is None:
        return {}
    area, number = telephone(billing.phone)
    boxes = {
        "25": billing.tax_id or "",
        "33_area": area,
        "33_phone": number,
        "33_1": first_last(billing.name),
        "33a": billing.npi or "",
    }
    if billing.tax_id:
        boxes["25_ein" if billing.tax_id_kind == "EI" else "25_ssn"] = "X"
    if billing.address:
        boxes |= {"33_2": street(billing.address), "33_3": place(billing.address)}
    if billing.taxonomy:
        boxes["33b"] = _TAXONOMY + billing.taxonomy
    return boxes
