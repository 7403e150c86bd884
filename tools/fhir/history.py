"""The patient's record as it was known on the coding date."""

from dataclasses import dataclass
from datetime import date, tzinfo

from tools.encounter import HistoryItem
from tools.fhir.bundle import Bundle, Resource, reference_key
from tools.fhir.dates import Days, days
from tools.fhir.history_shapes import SHAPES, Shape
from tools.fhir.identifiers import npi
from tools.fhir.people import group_of, provider
from tools.fhir.views import (
    CPT,
    HCPCS,
    Coding,
    JsonObject,
    codings,
    concept_text,
    node,
    objects,
    quantity,
    text,
)

_ENTERED_IN_ERROR = frozenset({"entered-in-error", "refuted"})


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record to be read as history.

    Attributes:
        patient: whose record it is; a resource of another patient is left out.
        encounter: the encounter being coded, which is no history of itself.
        as_of: the coding date; what was recorded later is left out.
        zone: time zone of the practice, for dates that a server has turned to UTC.
    """

    bundle: Bundle
    patient: Resource | None
    encounter: Resource | None
    as_of: date
    zone: tzinfo | None = None


def _at(body: JsonObject, path: str) -> object:
    return node(body, *(int(step) if step.isdigit() else step for step in path.split(".")))


def _first_days(record: Record, body: JsonObject, paths: tuple[str, ...]) -> Days | None:
    found = (_at(body, path) for path in paths)
    return next((d for value in found if isinstance(value, str) and (d := days(value, record.zone))), None)


def _is_the_patients(record: Record, resource: Resource) -> bool:
    for member in ("subject", "patient"):
        reference = node(resource.body, member)
        if reference is not None and record.patient is not None:
            found = record.bundle.resolve(reference, resource)
            return found is record.patient if found else reference_key(reference) == record.patient.reference
    return True


def _status(shape: Shape, body: JsonObject) -> str | None:
    """The clinical or resource status; of a condition that is not confirmed, how sure it is."""
    doubt = _code(node(body, "verificationStatus")) if shape.kind == "condition" else None
    if doubt not in {None, "confirmed"}:
        return doubt
    return _code(node(body, "clinicalStatus")) or text(body, "status")


def _code(concept: object) -> str | None:
    return next((c.code for c in codings(concept) if c.code), None)


def _chosen(concept: object, systems: tuple[str, ...]) -> Coding | None:
    found = codings(concept)
    ranked = [c for system in systems for c in found if c.system == system]
    return next(iter((*ranked, *found)), None)


def _value(body: JsonObject) -> str | None:
    """The value of an observation as text; components joined in their order."""
    whole = (
        quantity(node(body, "valueQuantity"))
        or concept_text(node(body, "valueCodeableConcept"))
        or text(body, "valueString")
    )
    number = node(body, "valueInteger")
    if whole or isinstance(number, int):
        return whole or str(number)
    parts = []
    for part in objects(body, "component"):
        shown = quantity(node(part, "valueQuantity")) or concept_text(node(part, "valueCodeableConcept"))
        if shown:
            parts.append(f"{concept_text(node(part, 'code')) or ''} {shown}".strip())
    return "; ".join(parts) or None


def _performer(record: Record, resource: Resource, shape: Shape) -> tuple[str | None, str | None]:
    """NPI (else reference) of who did it, and that person's specialty."""
    for path in shape.performer:
        reference = _at(resource.body, path)
        found = record.bundle.resolve(reference, resource)
        if found is not None and found.type in {"Practitioner", "PractitionerRole"}:
            group = group_of(record.bundle, resource) if shape.kind == "encounter" else None
            known = provider(record.bundle, found, group)
            return known.npi or known.reference, known.taxonomy
        if key := reference_key(reference):
            return (npi(found.body) if found else None) or key, None
    return None, None


def _organization(record: Record, resource: Resource) -> str | None:
    """Reference of the group: of the encounter itself, or of the encounter the fact belongs to."""
    owner = resource
    if resource.type != "Encounter":
        owner = record.bundle.resolve(node(resource.body, "encounter"), resource) or resource
    found = group_of(record.bundle, owner) if owner.type == "Encounter" else None
    if found is not None:
        return found.reference
    return reference_key(node(owner.body, "serviceProvider"))


def _concept(record: Record, resource: Resource, shape: Shape) -> tuple[object, str]:
    """The coded element and its JSON pointer (a medication may stand in a resource of its own)."""
    for path in shape.concept:
        if (found := _at(resource.body, path)) is not None:
            return found, "/" + path.replace(".", "/")
    reference = node(resource.body, "medicationReference")
    medication = record.bundle.resolve(reference, resource)
    if medication is not None:
        inside = medication.full_url if "#" in medication.reference else None
        return node(medication.body, "code"), f"{inside}/code" if inside else "/medicationReference"
    return {"text": text(reference, "display")}, "/medicationReference/display"


def _item(record: Record, resource: Resource, shape: Shape) -> HistoryItem | None:
    body = resource.body
    concept, pointer = _concept(record, resource, shape)
    coding = _chosen(concept, shape.systems)
    shown = concept_text(concept) or (coding.display if coding else None)
    effective = _first_days(record, body, shape.effective)
    end = _first_days(record, body, shape.effective_end)
    recorded = _first_days(record, body, (*shape.recorded, "meta.lastUpdated")) or end or effective
    if recorded is not None and recorded.last > record.as_of:
        return None
    performer, specialty = _performer(record, resource, shape)
    inside = coding is not None and not pointer.startswith("/medicationReference")
    return HistoryItem(
        kind=shape.kind,
        reference=resource.reference,
        pointer=f"{pointer}/coding/{coding.position}"
        if coding and inside
        else _text_pointer(concept, pointer),
        sha256=resource.sha256,
        display=shown or resource.type,
        system=coding.system if coding else None,
        code=coding.code if coding else None,
        effective=effective.first if effective else None,
        effective_end=end.last if end else None,
        recorded=recorded.last if recorded else None,
        status=_status(shape, body),
        category=_category(resource),
        value=_value(body) if shape.kind == "observation" else None,
        performer=performer,
        organization=_organization(record, resource),
        specialty=specialty,
        encounter=_encounter(record, resource),
    )


def _text_pointer(concept: object, pointer: str) -> str:
    return (
        f"{pointer}/text" if text(concept, "text") and not pointer.startswith("/medicationRef") else pointer
    )


def _category(resource: Resource) -> str | None:
    if resource.type == "Encounter":
        return text(resource.body, "class", "code")
    return _code(node(resource.body, "category", 0)) or _code(node(resource.body, "category"))


def _encounter(record: Record, resource: Resource) -> str | None:
    if resource.type == "Encounter":
        return resource.reference
    reference = node(resource.body, "encounter")
    found = record.bundle.resolve(reference, resource)
    return found.reference if found else reference_key(reference)


def _claim_items(record: Record, resource: Resource) -> list[HistoryItem]:
    """The service lines of an earlier Claim or ExplanationOfBenefit, one item each."""
    body = resource.body
    created = days(text(body, "created"), record.zone)
    if created is not None and created.last > record.as_of:
        return []
    group = record.bundle.resolve(node(body, "provider"), resource)
    team = [record.bundle.resolve(node(m, "provider"), resource) for m in objects(body, "careTeam")]
    people = [provider(record.bundle, one) for one in team if one]
    found = []
    for position, line in enumerate(objects(body, "item")):
        concept = node(line, "productOrService")
        coding = _chosen(concept, (CPT, HCPCS))
        if coding is None:
            continue
        served = days(text(line, "servicedDate") or text(line, "servicedPeriod", "start"), record.zone)
        served = served or days(text(body, "billablePeriod", "start"), record.zone)
        known = people[0] if people else None
        found.append(
            HistoryItem(
                kind="claim",
                reference=resource.reference,
                pointer=f"/item/{position}/productOrService/coding/{coding.position}",
                sha256=resource.sha256,
                display=concept_text(concept) or coding.code or "service",
                system=coding.system,
                code=coding.code,
                effective=served.first if served else None,
                recorded=created.last if created else None,
                status=text(body, "status"),
                performer=(known.npi or known.reference) if known else None,
                organization=group.reference if group else reference_key(node(body, "provider")),
                specialty=known.taxonomy if known else None,
            )
        )
    return found


def history(record: Record) -> tuple[HistoryItem, ...]:
    """Everything of the record that was known on the coding date, in the order of the source.

    A fact counts as known from the day it was recorded, issued or authored; where the record does not say,
    from the day the server last wrote it, else from the day it happened. Errors and refuted conditions are
    left out, and so is what belongs to another patient.
    """
    found: list[HistoryItem] = []
    for resource in record.bundle.resources:
        if resource is record.encounter or not _is_the_patients(record, resource) or _wrong(resource):
            continue
        if resource.type in {"Claim", "ExplanationOfBenefit"}:
            found.extend(_claim_items(record, resource))
        elif (shape := SHAPES.get(resource.type)) and (item := _item(record, resource, shape)):
            found.append(item)
    return tuple(found)


def _wrong(resource: Resource) -> bool:
    body = resource.body
    given = {text(body, "status"), _code(node(body, "verificationStatus"))}
    return bool(given & _ENTERED_IN_ERROR)
