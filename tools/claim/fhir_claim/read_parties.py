"""FHIR resources a claim points to -> people, coverages, providers."""

from collections.abc import Callable
from typing import Literal, cast, get_args

from tools.claim.fhir_claim import codes
from tools.claim.fhir_claim.codes import Json
from tools.claim.fhir_claim.walk import child, code, day, extension, rows, text
from tools.claim.x12.codes import PAYER_KIND, Relationship
from tools.encounter import Address, CoverageFacts, Name, Person, Provider, Sex

Resolve = Callable[[object], Json | None]
"""A Reference -> the resource it points to, None when it is not at hand."""
_RELATIONSHIPS = {
    "self": "self",
    "spouse": "spouse",
    "child": "child",
    "parent": "other",
    "common": "other",
    "other": "other",
    "injured": "other",
}


def read_person(resource: Json | None) -> Person:
    """A Patient or RelatedPerson; everything missing stays None."""
    sex = text(resource, "gender") or "unknown"
    record = next((i for i in rows(resource, "identifier") if code(i.get("type")) == "MR"), None)
    return Person(
        id=text(resource, "id") or "",
        name=_human_name(child(resource, "name", 0)),
        birth_date=day(resource, "birthDate"),
        sex=cast("Sex", sex) if sex in get_args(Sex) else "unknown",
        address=read_address(child(resource, "address", 0)),
        phone=text(resource, "telecom", 0, "value"),
        mrn=text(record, "value"),
    )


def read_coverage(resource: Json, order: int, resolve: Resolve) -> CoverageFacts:
    """One Coverage with its payer and subscriber."""
    payer = resolve(child(resource, "payor", 0))
    filing = code(resource.get("type"), codes.FILING)
    relationship = cast(
        "Relationship", _RELATIONSHIPS.get(code(resource.get("relationship")) or "self", "other")
    )
    subscriber = resolve(resource.get("subscriber")) if relationship != "self" else None
    groups = {code(item.get("type")): item for item in rows(resource, "class")}
    group_name = text(groups.get("group"), "name")
    group_number = text(groups.get("group"), "value")
    kind = extension(resource, "urn:superbill:extension:insurance-type")
    return CoverageFacts(
        reference=text(resource, "id") or "",
        order=order,
        payer_kind=PAYER_KIND.get(filing or "", "commercial"),
        payer_name=text(payer, "name") or text(resource, "payor", 0, "display") or "",
        payer_id=_payer_id(payer),
        payer_address=read_address(child(payer, "address", 0)),
        filing_code=filing,
        member_id=text(resource, "subscriberId") or text(resource, "identifier", 0, "value"),
        group_number=None if group_number == group_name else group_number,
        group_name=group_name,
        plan_name=text(groups.get("plan"), "name") or text(groups.get("plan"), "value"),
        relationship=relationship,
        subscriber=read_person(subscriber) if subscriber else None,
        insurance_type=text(kind, "valueString"),
    )


def read_provider(resource: Json | None, taxonomy: str | None = None) -> Provider | None:
    """A Practitioner, Organization or Location; ``taxonomy`` from the reference or care team wins."""
    if resource is None:
        return None
    person = resource.get("resourceType") == "Practitioner"
    found = {item.get("system"): text(item, "value") for item in rows(resource, "identifier")}
    own = code(
        child(resource, "qualification", 0, "code") if person else child(resource, "type", 0), codes.NUCC
    )
    kind: Literal["EI", "SY"] = "SY" if found.get(codes.SSN) and not found.get(codes.EIN) else "EI"
    return Provider(
        reference=text(resource, "id") or "",
        name=_human_name(child(resource, "name", 0)) if person else Name(last=text(resource, "name") or ""),
        is_person=person,
        npi=found.get(codes.NPI),
        taxonomy=taxonomy or own,
        tax_id=found.get(codes.EIN) or found.get(codes.SSN),
        tax_id_kind=kind,
        address=read_address(_work_address(resource)),
        phone=text(resource, "telecom", 0, "value"),
        clia=found.get(codes.CLIA),
    )


def read_pay_to(resource: Json | None) -> Address | None:
    """The address of use ``billing``."""
    return read_address(next((a for a in rows(resource, "address") if a.get("use") == "billing"), None))


def read_address(node: object) -> Address | None:
    """An Address; None when there is none."""
    if not isinstance(node, dict):
        return None
    return Address(
        line1=text(node, "line", 0) or "",
        line2=text(node, "line", 1),
        city=text(node, "city") or "",
        state=text(node, "state") or "",
        postal_code="".join(c for c in text(node, "postalCode") or "" if c.isdigit()),
    )


def _work_address(resource: Json) -> object:
    addresses = resource.get("address")
    if isinstance(addresses, dict):
        return addresses
    return next((a for a in rows(resource, "address") if a.get("use") != "billing"), None)


def _human_name(node: object) -> Name:
    return Name(
        last=text(node, "family") or text(node, "text") or "",
        first=text(node, "given", 0),
        middle=text(node, "given", 1),
        suffix=text(node, "suffix", 0),
    )


def _payer_id(payer: Json | None) -> str | None:
    identifiers = list(rows(payer, "identifier"))
    named = next((i for i in identifiers if code(i.get("type")) in {"payerid", "NIIP"}), None)
    other = next((i for i in identifiers if i.get("system") != codes.NPI), None)
    return text(named or other, "value")
