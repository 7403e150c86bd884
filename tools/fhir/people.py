"""The people and organisations of a claim: patient, billing, rendering, referring, supervising, facility."""

import re
from urllib.parse import unquote

from tools.encounter import Name, Person, Provider
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.dates import day, exact_day
from tools.fhir.identifiers import clia, employer_id, npi, npi_valid, record_number, social_security
from tools.fhir.views import (
    NPI,
    NUCC,
    address,
    code_in,
    codes_of,
    concept_text,
    human_name,
    node,
    objects,
    phone,
    sex,
    text,
)

_PARTICIPANT_ORDER = ("PPRF", "ATND", "SPRF")
_NPI_IN_ADDRESS = re.compile(r"us-npi\|(\d{10})$")
_MOST_PARENTS = 5


def person(resource: Resource) -> Person:
    """A Patient or RelatedPerson. A birth date that is only a year or a month is not a birth date."""
    body = resource.body
    return Person(
        id=resource.id,
        name=human_name(body) or Name(last=""),
        birth_date=exact_day(text(body, "birthDate")),
        sex=sex(body),
        address=address(body),
        phone=phone(body),
        mrn=record_number(body),
        death_date=day(text(body, "deceasedDateTime")),
    )


def roles_of(bundle: Bundle, practitioner: Resource, group: Resource | None = None) -> tuple[Resource, ...]:
    """The practitioner's PractitionerRoles, those at ``group`` first."""
    own = [r for r in bundle.of_type("PractitionerRole") if _is(bundle, r, "practitioner", practitioner)]
    return tuple(sorted(own, key=lambda r: group is None or not _is(bundle, r, "organization", group)))


def _is(bundle: Bundle, role: Resource, member: str, wanted: Resource) -> bool:
    return bundle.resolve(node(role.body, member), role) is wanted


def taxonomy_of(bundle: Bundle, resource: Resource, group: Resource | None = None) -> str | None:
    """The NUCC code of a practitioner (role specialty, role code, qualification) or organisation (type)."""
    if resource.type == "Organization":
        concepts = list(objects(resource.body, "type"))
    else:
        roles = roles_of(bundle, resource, group)
        concepts = [c for r in roles for member in ("specialty", "code") for c in objects(r.body, member)]
        concepts += [c for q in objects(resource.body, "qualification") for c in objects(q, "code")]
    return next((code for concept in concepts if (code := code_in(concept, NUCC))), None)


def practitioner(bundle: Bundle, resource: Resource, group: Resource | None = None) -> Provider:
    """A Practitioner in a claim role."""
    body = resource.body
    tax_id, social = employer_id(body), social_security(body)
    return Provider(
        reference=resource.reference,
        name=human_name(body) or Name(last=""),
        is_person=True,
        npi=npi(body),
        taxonomy=taxonomy_of(bundle, resource, group),
        tax_id=tax_id or social,
        tax_id_kind="EI" if tax_id or not social else "SY",
        address=address(body),
        phone=phone(body),
    )


def _lineage(bundle: Bundle, resource: Resource) -> list[Resource]:
    """The organisation and those it is part of, nearest first."""
    found = [resource]
    while len(found) < _MOST_PARENTS and (
        parent := bundle.resolve(node(found[-1].body, "partOf"), found[-1])
    ):
        if parent in found:
            break
        found.append(parent)
    return found


def organization(bundle: Bundle, resource: Resource) -> Provider:
    """An Organization in a claim role: the nearest of it and its parents that has an NPI.

    What that one lacks (tax id, address, telephone) is taken from the nearest parent that has it.
    """
    line = _lineage(bundle, resource)
    while len(line) > 1 and npi(line[0].body) is None and any(npi(one.body) for one in line):
        line = line[1:]
    bodies = [one.body for one in line]
    return Provider(
        reference=line[0].reference,
        name=Name(last=text(line[0].body, "name") or ""),
        is_person=False,
        npi=npi(line[0].body),
        taxonomy=next((t for one in line if (t := taxonomy_of(bundle, one))), None),
        tax_id=next((t for b in bodies if (t := employer_id(b))), None),
        address=next((a for b in bodies if (a := address(b))), None),
        phone=next((p for b in bodies if (p := phone(b))), None),
        clia=next((c for b in bodies if (c := clia(b))), None),
    )


def provider(bundle: Bundle, resource: Resource, group: Resource | None = None) -> Provider:
    """A Practitioner, PractitionerRole or Organization in a claim role."""
    if resource.type == "PractitionerRole":
        found = bundle.resolve(node(resource.body, "practitioner"), resource)
        if found is not None:
            return practitioner(bundle, found, group)
    return (
        practitioner(bundle, resource, group)
        if resource.type == "Practitioner"
        else organization(bundle, resource)
    )


def named_only(reference: object) -> Provider | None:
    """A provider the record only names: display, and the NPI of a logical or conditional reference."""
    shown = text(reference, "display")
    target = unquote(text(reference, "reference") or "")
    found = _NPI_IN_ADDRESS.search(target)
    number = found[1] if found else None
    if text(reference, "identifier", "system") == NPI:
        number = text(reference, "identifier", "value")
    if shown is None and number is None:
        return None
    words = (shown or "").split(",")[0].split()
    words = words[1:] if words and words[0].rstrip(".").lower() == "dr" else words
    return Provider(
        reference=target or shown or "",
        name=Name(last=words[-1] if words else "", first=" ".join(words[:-1]) or None),
        is_person=True,
        npi=number if number and npi_valid(number) else None,
    )


def participant(
    bundle: Bundle, encounter: Resource, codes: tuple[str, ...]
) -> tuple[Resource | None, object]:
    """The first participant of these types: the practitioner (or role) resource and the reference to it."""
    for code in codes:
        for one in objects(encounter.body, "participant"):
            if code in codes_of(node(one, "type")):
                reference = node(one, "individual")
                return bundle.resolve(reference, encounter), reference
    return None, None


def _performer(bundle: Bundle, encounter: Resource) -> tuple[Resource | None, object]:
    found, reference = participant(bundle, encounter, _PARTICIPANT_ORDER)
    if reference is not None:
        return found, reference
    listed = [node(p, "individual") for p in objects(encounter.body, "participant")]
    people = [
        (r, ref)
        for ref in listed
        if (r := bundle.resolve(ref, encounter)) and r.type.startswith("Practition")
    ]
    return people[0] if len(people) == 1 else (None, listed[0] if len(listed) == 1 else None)


def group_of(bundle: Bundle, encounter: Resource) -> Resource | None:
    """The organisation the visit was rendered for: serviceProvider, else that of the performer's role."""
    found = bundle.resolve(node(encounter.body, "serviceProvider"), encounter)
    if found is not None:
        return found
    performer, _ = _performer(bundle, encounter)
    if performer is None:
        return None
    roles = (performer,) if performer.type == "PractitionerRole" else roles_of(bundle, performer)
    groups = [g for r in roles if (g := bundle.resolve(node(r.body, "organization"), r))]
    return groups[0] if len({g.reference for g in groups}) == 1 else None


def rendering(bundle: Bundle, encounter: Resource) -> Provider | None:
    """Who saw the patient: the primary performer, else the attending, else the only practitioner."""
    found, reference = _performer(bundle, encounter)
    if found is not None:
        return provider(bundle, found, group_of(bundle, encounter))
    return named_only(reference)


def referring(bundle: Bundle, encounter: Resource) -> Provider | None:
    """Who sent the patient: the referrer, else the requester of the referral the visit is based on."""
    found, reference = participant(bundle, encounter, ("REF",))
    if reference is None:
        for based_on in objects(encounter.body, "basedOn"):
            order = bundle.resolve(based_on, encounter)
            if order is not None and order.type == "ServiceRequest":
                reference = node(order.body, "requester")
                found = bundle.resolve(reference, order)
                break
    return provider(bundle, found) if found else named_only(reference)


def ordering(bundle: Bundle, encounter: Resource) -> Provider | None:
    """Who ordered the services of the encounter, when one person did who is not the one who rendered them."""
    own = [
        o
        for o in bundle.of_type("ServiceRequest")
        if bundle.resolve(node(o.body, "encounter"), o) is encounter and node(o.body, "requester")
    ]
    found = [provider(bundle, r) for o in own if (r := bundle.resolve(node(o.body, "requester"), o))]
    seen = rendering(bundle, encounter)
    others = {p.reference: p for p in found if seen is None or p.reference != seen.reference}
    return next(iter(others.values())) if len(others) == 1 else None


def supervising(bundle: Bundle, encounter: Resource) -> Provider | None:
    """Who supervised, where a participant's type says so in words (no code exists for it)."""
    for one in objects(encounter.body, "participant"):
        kinds = " ".join(concept_text(t) or "" for t in objects(one, "type")).lower()
        if "supervis" in kinds:
            reference = node(one, "individual")
            found = bundle.resolve(reference, encounter)
            return provider(bundle, found) if found else named_only(reference)
    return None


def facility(bundle: Bundle, location: Resource) -> Provider:
    """The place of the visit: its own name and address, the NPI its own or its managing organisation's."""
    managing = bundle.resolve(node(location.body, "managingOrganization"), location)
    body = location.body
    return Provider(
        reference=location.reference,
        name=Name(last=text(body, "name") or (text(managing.body, "name") if managing else None) or ""),
        is_person=False,
        npi=npi(body) or (npi(managing.body) if managing else None),
        address=address(body) or (address(managing.body) if managing else None),
        phone=phone(body),
        clia=clia(body) or (clia(managing.body) if managing else None),
    )
