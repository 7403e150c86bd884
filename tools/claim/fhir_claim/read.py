"""FHIR R4 Claim -> Claim, with a list of what the resource lacks."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from knowledge.records import Evidence
from tools.claim.errors import UnreadableClaim
from tools.claim.fhir_claim import codes
from tools.claim.fhir_claim.codes import Json
from tools.claim.fhir_claim.payments import with_payments
from tools.claim.fhir_claim.read_information import (
    Entry,
    Member,
    claim_dates,
    claim_fields,
    line_facility,
    line_fields,
    purchase_charge,
    read_entries,
    read_team,
    unknown_entries,
)
from tools.claim.fhir_claim.read_parties import (
    Resolve,
    read_coverage,
    read_pay_to,
    read_person,
    read_provider,
)
from tools.claim.fhir_claim.walk import child, code, day, extension, integer, number, rows, text
from tools.claim.model import (
    Accident,
    Claim,
    ClaimDiagnosis,
    ClaimLine,
    Drug,
    PurchasedService,
)
from tools.claim.x12.read_lines import code_system

_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


class FhirRead(NamedTuple):
    """The claim and what its resource did not say."""

    claim: Claim
    gaps: tuple[str, ...]


def read_fhir_claim(resource: Json, others: Iterable[Json] = ()) -> FhirRead:
    """The claim of a FHIR R4 Claim; ``others`` are resources of its Bundle it may point to.

    Raises:
        UnreadableClaim: it is no professional Claim, or lacks lines, codes or amounts that can not be left
        open.
    """
    if resource.get("resourceType") != "Claim":
        raise UnreadableClaim(f"a {resource.get('resourceType')!r} is no FHIR Claim; give a Claim resource")
    kind = code(resource.get("type"))
    if kind not in {None, "professional"}:
        raise UnreadableClaim(f"Claim.type is {kind!r}; only professional claims are read")
    resolve = _resolver(resource, others)
    try:
        return _read(resource, resolve)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableClaim(f"FHIR Claim: {where}: {first['msg']}; correct the resource") from None


def _read(resource: Json, resolve: Resolve) -> FhirRead:
    entries, team = read_entries(resource), read_team(resource, resolve)
    fields = claim_fields(entries)
    billing_resource = resolve(resource.get("provider"))
    taxonomy = code(
        child(extension(resource.get("provider"), codes.TAXONOMY_EXTENSION), "valueCodeableConcept")
    )
    coverages, focal, authorization = _insurance(resource, resolve)
    when = day(resource, "accident", "date")
    whole = {member.role: member.provider for member in reversed(team) if member.whole}
    place = fields.pop("place_of_service", None)
    items = list(rows(resource, "item"))
    place = place or (code(items[0].get("locationCodeableConcept")) if items else None) or ""
    claim = Claim.model_validate(
        {
            **{name: value for name, value in fields.items() if value is not None},
            "claim_id": _claim_id(resource),
            "encounter_id": _identifier(resource, codes.ENCOUNTER_ID) or _claim_id(resource),
            "draft": text(resource, "status") == "draft",
            "original_reference": text(resource, "related", 0, "reference", "value"),
            "patient": read_person(resolve(resource.get("patient"))),
            "coverages": coverages,
            "billing_provider": read_provider(billing_resource, taxonomy),
            "pay_to": read_pay_to(billing_resource),
            "rendering_provider": whole.get("rendering"),
            "referring_provider": whole.get("referring"),
            "supervising_provider": whole.get("supervising"),
            "facility": read_provider(resolve(resource.get("facility"))),
            "place_of_service": place,
            "diagnoses": tuple(_diagnoses(resource, resolve)),
            "lines": tuple(
                _line(n, item, str(place), entries, team, resolve) for n, item in enumerate(items, 1)
            ),
            "total_charge": _total(resource, items),
            "prior_authorization": authorization,
            "referral_number": text(
                extension(resource.get("referral"), codes.REFERRAL_EXTENSION), "valueString"
            ),
            "dates": claim_dates(entries, when),
            "accident": _accident(resource),
            "anesthesia_procedures": tuple(
                found
                for item in rows(resource, "procedure")
                if (found := code(item.get("procedureCodeableConcept")))
            ),
            "billed_order": None if focal == 1 else focal,
            "created": day(resource, "created") or date(1970, 1, 1),
        }
    )
    claim = with_payments(claim, resource, resolve)
    return FhirRead(claim, tuple(_gaps(resource, claim, entries, fields)))


def _resolver(resource: Json, others: Iterable[Json]) -> Resolve:
    known: dict[str, Json] = {f"#{text(item, 'id')}": item for item in rows(resource, "contained")}
    for other in others:
        known[f"{text(other, 'resourceType')}/{text(other, 'id')}"] = other
        address = text(other, "__fullUrl")
        if address:
            known[address] = other

    def resolve(reference: object) -> Json | None:
        return known.get(text(reference, "reference") or "")

    return resolve


def _identifier(resource: Json, system: str) -> str | None:
    return next((text(i, "value") for i in rows(resource, "identifier") if i.get("system") == system), None)


def _claim_id(resource: Json) -> str:
    own = _identifier(resource, codes.CLAIM_ID) or text(resource, "identifier", 0, "value")
    return own or text(resource, "id") or ""


def _insurance(resource: Json, resolve: Resolve) -> tuple[tuple[object, ...], int, str | None]:
    coverages: list[object] = []
    focal, authorization = 1, None
    for index, entry in enumerate(rows(resource, "insurance"), 1):
        found = resolve(entry.get("coverage"))
        order = integer(found, "order") or integer(entry, "sequence") or index
        if entry.get("focal") is True:
            focal, authorization = order, text(entry, "preAuthRef", 0)
        if found:
            coverages.append(read_coverage(found, order, resolve))
    return tuple(coverages), focal, authorization


def _diagnoses(resource: Json, resolve: Resolve) -> Iterable[ClaimDiagnosis]:
    nodes = sorted(rows(resource, "diagnosis"), key=lambda node: integer(node, "sequence") or 0)
    for node in nodes:
        concept = node.get("diagnosisCodeableConcept")
        if concept is None:
            concept = child(resolve(node.get("diagnosisReference")), "code")
        found = code(concept, codes.ICD10CM)
        if found is None:
            raise UnreadableClaim(
                f"Claim.diagnosis {integer(node, 'sequence')} has no ICD-10-CM code; add one"
            )
        bare = found.replace(".", "")
        yield ClaimDiagnosis(
            sequence=integer(node, "sequence") or 0,
            code=f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare,
            display=text(concept, "coding", 0, "display") or "",
            evidence=_evidence(node),
        )


def _line(
    number_: int, item: Json, place: str, entries: list[Entry], team: list[Member], resolve: Resolve
) -> ClaimLine:
    service = item.get("productOrService")
    found = code(service, codes.CPT, *codes.HCPCS_SPELLINGS)
    start = day(item, "servicedDate") or day(item, "servicedPeriod", "start")
    charge = number(item, "net")
    if charge is None:
        charge = number(item, "net", "value")
    for what, value in (("CPT or HCPCS code", found), ("date of service", start), ("net amount", charge)):
        if value is None:
            raise UnreadableClaim(f"Claim.item {number_} has no {what}; add it")
    linked = _numbers(item, "careTeamSequence")
    mine = {member.role: member.provider for member in team if member.sequence in linked and not member.whole}
    details = _numbers(item, "informationSequence")
    flags = {code(concept) for concept in rows(item, "programCode")}
    bought = purchase_charge(entries, details)
    supplier = mine.get("purchased")
    return ClaimLine.model_validate(
        {
            **line_fields(entries, details),
            "number": number_,
            "code": found,
            "system": code_system(found or ""),
            "display": text(service, "coding", 0, "display") or "",
            "modifiers": tuple(m for concept in rows(item, "modifier") if (m := code(concept))),
            "units": number(item, "quantity", "value") or Decimal(1),
            "unit_basis": "MJ" if text(item, "quantity", "code") == "min" else "UN",
            "place_of_service": code(item.get("locationCodeableConcept")) or place,
            "date_from": start,
            "date_to": day(item, "servicedPeriod", "end") or start,
            "charge": charge,
            "pointers": tuple(_numbers(item, "diagnosisSequence")),
            "drug": _drug(item),
            "emergency": "emergency" in flags,
            "epsdt": "epsdt" in flags,
            "family_planning": "family_planning" in flags,
            "rendering": mine.get("rendering"),
            "ordering": mine.get("ordering"),
            "referring": mine.get("referring"),
            "supervising": mine.get("supervising"),
            "facility": line_facility(entries, details, resolve),
            "purchased": PurchasedService(provider=supplier, charge=bought) if supplier and bought else None,
            "control_number": text(extension(item, codes.LINE_NUMBER_EXTENSION), "valueIdentifier", "value"),
            "evidence": _evidence(item),
        }
    )


def _numbers(node: Json, name: str) -> list[int]:
    values = node.get(name)
    return [v for v in values if isinstance(v, int)] if isinstance(values, list) else []


def _drug(item: Json) -> Drug | None:
    for detail in rows(item, "detail"):
        found = code(detail.get("productOrService"), codes.NDC)
        if found:
            prescription = next(iter(rows(detail, "extension")), None)
            return Drug.model_validate(
                {
                    "ndc": found,
                    "quantity": number(detail, "quantity", "value"),
                    "unit": text(detail, "quantity", "unit"),
                    "prescription_number": text(prescription, "valueString"),
                }
            )
    return None


def _evidence(node: Json) -> tuple[Evidence, ...]:
    found = []
    for item in rows(node, "extension"):
        if item.get("url") != codes.EVIDENCE_EXTENSION:
            continue
        parts = {
            text(part, "url") or "": part["valueInteger"]
            if "valueInteger" in part
            else part.get("valueString")
            for part in rows(item, "extension")
        }
        found.append(_EVIDENCE.validate_python(parts))
    return tuple(found)


def _accident(resource: Json) -> Accident:
    kinds = {text(coding, "code") for coding in rows(child(resource, "accident", "type"), "coding")}
    return Accident(
        employment=bool(kinds & {"employment", "WPA"}),
        auto=bool(kinds & {"auto", "MVA"}),
        other="other" in kinds,
        state=text(resource, "accident", "locationAddress", "state"),
    )


def _total(resource: Json, items: list[Json]) -> Decimal:
    total = number(resource, "total", "value")
    nets = [number(item, "net", "value") or Decimal(0) for item in items]
    return sum(nets, Decimal(0)) if total is None else total


def _gaps(resource: Json, claim: Claim, entries: list[Entry], fields: dict[str, object]) -> Iterable[str]:
    if "frequency" not in fields:
        yield "claim frequency is not given; 1 (original) is taken"
    if "assignment" not in fields:
        yield "assignment, signatures and release are not given; the usual ones (A, Y, Y, Y) are taken"
    if not claim.coverages:
        yield "no coverage could be found (Claim.insurance)"
    if claim.billing_provider is None:
        yield "the billing provider is not in the resource (Claim.provider)"
    if not claim.patient.name.last:
        yield "the patient is not in the resource (Claim.patient)"
    if day(resource, "created") is None:
        yield "the day of creation is not given (Claim.created)"
    if child(resource, "total", "value") is None:
        yield "the total is not given; the sum of the lines is taken (Claim.total)"
    billed = claim.billed
    if billed and billed.order > 1 and not claim.payments:
        yield "what earlier payers paid and adjusted is not given (Claim.insurance.claimResponse)"
    unknown = unknown_entries(entries)
    if unknown:
        yield f"supporting information without a place in the claim object: {', '.join(unknown)}"
