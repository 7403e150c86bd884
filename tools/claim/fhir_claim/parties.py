"""The resources a claim points to: Patient, Coverage, payer, providers, place."""

from tools.claim.fhir_claim.codes import (
    CLIA,
    COVERAGE_CLASS,
    EIN,
    FILING,
    IDENTIFIER_TYPE,
    MEDICAL_RECORD,
    NPI,
    NUCC,
    PCT_ORGANIZATION_ID,
    RELATIONSHIP,
    SSN,
    Json,
    concept,
)
from tools.claim.x12.codes import filing_code
from tools.encounter import Address, CoverageFacts, Name, Person, Provider


def patient_resource(person: Person) -> Json:
    """Patient with name, sex, birth date, address and medical record number."""
    resource: Json = {"resourceType": "Patient", "id": "patient"}
    if person.mrn:
        kind = concept(IDENTIFIER_TYPE, "MR")
        resource["identifier"] = [{"type": kind, "system": MEDICAL_RECORD, "value": person.mrn}]
    return resource | _human(person)


def related_person(person: Person, place: int) -> Json:
    """The subscriber when that is not the patient."""
    head: Json = {
        "resourceType": "RelatedPerson",
        "id": f"subscriber-{place}",
        "patient": {"reference": "#patient"},
    }
    return head | _human(person)


def coverage_resource(coverage: CoverageFacts) -> Json:
    """Coverage in its order of benefits, with group, plan and claim filing code."""
    place = coverage.order
    own = coverage.relationship == "self"
    resource: Json = {
        "resourceType": "Coverage",
        "id": f"coverage-{place}",
        "status": "active",
        "type": concept(FILING, filing_code(coverage.payer_kind, coverage.filing_code)),
        "subscriber": {"reference": "#patient" if own or not coverage.subscriber else f"#subscriber-{place}"},
        "beneficiary": {"reference": "#patient"},
        "relationship": concept(RELATIONSHIP, coverage.relationship),
        "payor": [{"reference": f"#payer-{place}"}],
        "order": place,
    }
    if coverage.member_id:
        resource["subscriberId"] = coverage.member_id
    classes = [
        {"type": concept(COVERAGE_CLASS, kind), "value": value, **({"name": name} if name else {})}
        for kind, value, name in (
            ("group", coverage.group_number or coverage.group_name, coverage.group_name),
            ("plan", coverage.plan_name, None),
        )
        if value
    ]
    if classes:
        resource["class"] = classes
    if coverage.insurance_type:
        resource["extension"] = [
            {"url": "urn:superbill:extension:insurance-type", "valueString": coverage.insurance_type}
        ]
    return resource


def payer_resource(coverage: CoverageFacts) -> Json:
    """The payer as an Organization with its payer id."""
    resource: Json = {
        "resourceType": "Organization",
        "id": f"payer-{coverage.order}",
        "name": coverage.payer_name,
    }
    if coverage.payer_id:
        kind = concept(PCT_ORGANIZATION_ID, "payerid")
        resource["identifier"] = [{"type": kind, "value": coverage.payer_id}]
    if coverage.payer_address:
        resource["address"] = [_address(coverage.payer_address)]
    return resource


def provider_resource(provider: Provider, key: str, pay_to: Address | None = None) -> Json:
    """A Practitioner or Organization; the pay-to address is its address of use ``billing``."""
    resource: Json = {"resourceType": "Practitioner" if provider.is_person else "Organization", "id": key}
    identifiers = _identifiers(provider)
    if identifiers:
        resource["identifier"] = identifiers
    if provider.is_person:
        resource["name"] = [_human_name(provider.name)]
        if provider.taxonomy:
            resource["qualification"] = [{"code": concept(NUCC, provider.taxonomy)}]
    else:
        resource["name"] = provider.name.display
        if provider.taxonomy:
            resource["type"] = [concept(NUCC, provider.taxonomy)]
    if provider.phone:
        resource["telecom"] = [{"system": "phone", "value": provider.phone}]
    addresses = [_address(a, use) for a, use in ((provider.address, "work"), (pay_to, "billing")) if a]
    if addresses:
        resource["address"] = addresses
    return resource


def location_resource(provider: Provider, key: str) -> Json:
    """A service facility."""
    resource: Json = {"resourceType": "Location", "id": key, "name": provider.name.display}
    identifiers = _identifiers(provider)
    if identifiers:
        resource["identifier"] = identifiers
    if provider.phone:
        resource["telecom"] = [{"system": "phone", "value": provider.phone}]
    if provider.address:
        resource["address"] = _address(provider.address)
    return resource


def _identifiers(provider: Provider) -> list[Json]:
    tax_system = EIN if provider.tax_id_kind == "EI" else SSN
    kinds = (("NPI", NPI, provider.npi), ("TAX", tax_system, provider.tax_id), ("LN", CLIA, provider.clia))
    return [
        {"type": concept(IDENTIFIER_TYPE, kind), "system": system, "value": value}
        for kind, system, value in kinds
        if value
    ]


def _human(person: Person) -> Json:
    found: Json = {"name": [_human_name(person.name)], "gender": person.sex}
    if person.birth_date:
        found["birthDate"] = person.birth_date.isoformat()
    if person.phone:
        found["telecom"] = [{"system": "phone", "value": person.phone}]
    if person.address:
        found["address"] = [_address(person.address)]
    return found


def _human_name(name: Name) -> Json:
    result: Json = {"family": name.last}
    given = [part for part in (name.first, name.middle) if part]
    if given:
        result["given"] = given
    if name.suffix:
        result["suffix"] = [name.suffix]
    return result


def _address(address: Address, use: str = "") -> Json:
    head: Json = {"use": use} if use else {}
    return head | {
        "line": [line for line in (address.line1, address.line2) if line],
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        "country": "US",
    }
