"""Claim -> FHIR R4 Claim, in the shape of Da Vinci PCT's professional estimate, the closest to an 837P."""

from collections.abc import Iterable
from decimal import Decimal

from knowledge.records import Evidence
from tools.claim.fhir_claim import codes
from tools.claim.fhir_claim.codes import Json, concept
from tools.claim.fhir_claim.information import Information
from tools.claim.fhir_claim.parties import (
    coverage_resource,
    location_resource,
    patient_resource,
    payer_resource,
    provider_resource,
    related_person,
)
from tools.claim.fhir_claim.payments import response_of
from tools.claim.fhir_claim.team import CareTeam
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.claim.money import cents
from tools.encounter import Provider


def fhir_claim(claim: Claim) -> Json:
    """The claim as a FHIR R4 Claim with what it references contained; amounts are Decimal with two places.

    What the claim lacks is left out, never invented; required references that lack their target become
    ``display`` texts that say so.
    """
    information, team = Information(), CareTeam()
    information.of_claim(claim)
    whole = team.of_claim(claim)
    places: list[Json] = []
    items = [_item(line, n, whole, information, team, places) for n, line in enumerate(claim.lines, 1)]
    resource: Json = {
        "resourceType": "Claim",
        "id": claim.claim_id,
        "contained": _contained(claim, team, places),
        "identifier": [
            {"system": codes.CLAIM_ID, "value": claim.claim_id},
            {"system": codes.ENCOUNTER_ID, "value": claim.encounter_id},
        ],
        "status": "draft" if claim.draft else "active",
        "type": concept(codes.CLAIM_TYPE, "professional"),
        "use": "claim",
        "patient": {"reference": "#patient"},
        "created": claim.created.isoformat(),
        "insurer": _insurer(claim),
        "provider": _provider(claim.billing_provider),
        "priority": concept(codes.PRIORITY, "normal"),
    }
    if claim.original_reference:
        relationship = concept(codes.RELATED, "prior")
        resource["related"] = [
            {"relationship": relationship, "reference": {"value": claim.original_reference}}
        ]
    if claim.referral_number:
        number = {"url": codes.REFERRAL_EXTENSION, "valueString": claim.referral_number}
        resource["referral"] = {"extension": [number], "display": "Referral Number"}
    if claim.facility:
        resource["facility"] = {"reference": "#facility"}
    if team.entries:
        resource["careTeam"] = team.entries
    resource["supportingInfo"] = information.entries
    resource["diagnosis"] = [_diagnosis(d) for d in claim.diagnoses]
    if claim.anesthesia_procedures:
        resource["procedure"] = [_anaesthetised(n, c) for n, c in enumerate(claim.anesthesia_procedures, 1)]
    resource["insurance"] = _insurance(claim)
    resource |= _accident(claim)
    resource["item"] = items
    resource["total"] = _money(claim.total_charge)
    return {key: value for key, value in resource.items() if value != []}


def _contained(claim: Claim, team: CareTeam, places: list[Json]) -> list[Json]:
    resources = [patient_resource(claim.patient)]
    if claim.billing_provider:
        resources.append(provider_resource(claim.billing_provider, "billing", claim.pay_to))
    for coverage in sorted(claim.coverages, key=lambda c: c.order):
        resources += [coverage_resource(coverage), payer_resource(coverage)]
        if coverage.subscriber and coverage.relationship != "self":
            resources.append(related_person(coverage.subscriber, coverage.order))
        if response := response_of(claim, coverage):
            resources.append(response)
    if claim.facility:
        resources.append(location_resource(claim.facility, "facility"))
    return resources + team.resources + places


def _insurer(claim: Claim) -> Json:
    billed = claim.billed
    return {"reference": f"#payer-{billed.order}"} if billed else {"display": "No payer is known"}


def _provider(provider: Provider | None) -> Json:
    if provider is None:
        return {"display": "No billing provider is known"}
    reference: Json = {"reference": "#billing"}
    if provider.taxonomy:
        taxonomy = concept(codes.NUCC, provider.taxonomy)
        reference["extension"] = [{"url": codes.TAXONOMY_EXTENSION, "valueCodeableConcept": taxonomy}]
    return reference


def _diagnosis(diagnosis: ClaimDiagnosis) -> Json:
    first = diagnosis.sequence == 1
    kind = concept(codes.DIAGNOSIS_TYPE, "principal") if first else concept(codes.PCT_DIAGNOSIS, "other")
    evidence = _evidence(diagnosis.evidence)
    return {
        **({"extension": evidence} if evidence else {}),
        "sequence": diagnosis.sequence,
        "diagnosisCodeableConcept": concept(codes.ICD10CM, diagnosis.code, diagnosis.display),
        "type": [kind],
    }


def _anaesthetised(sequence: int, code: str) -> Json:
    return {
        "sequence": sequence,
        "type": [concept(codes.PCT_PROCEDURE, "procedureRequiringAnesthesia")],
        "procedureCodeableConcept": concept(codes.CPT, code),
    }


def _insurance(claim: Claim) -> list[Json]:
    billed = claim.billed
    found: list[Json] = []
    for coverage in sorted(claim.coverages, key=lambda c: c.order):
        entry: Json = {
            "sequence": coverage.order,
            "focal": coverage is billed,
            "coverage": {"reference": f"#coverage-{coverage.order}"},
        }
        if coverage is billed and claim.prior_authorization:
            entry["preAuthRef"] = [claim.prior_authorization]
        if response_of(claim, coverage):
            entry["claimResponse"] = {"reference": f"#response-{coverage.order}"}
        found.append(entry)
    if not found:  # R4 wants one entry; a claim without coverage says so rather than inventing one
        found.append({"sequence": 1, "focal": True, "coverage": {"display": "No coverage is known"}})
    return found


def _accident(claim: Claim) -> Json:
    accident, when = claim.accident, claim.dates.accident
    causes = [
        {"system": codes.OWN_INFO, "code": name}
        for name in ("auto", "employment", "other")
        if getattr(accident, name)
    ]
    if not causes or when is None:
        return {}
    standard = "MVA" if accident.auto else "WPA" if accident.employment else ""
    first = [{"system": codes.INCIDENT, "code": standard}] if standard else []
    entry: Json = {"date": when.isoformat(), "type": {"coding": first + causes}}
    if accident.state:
        entry["locationAddress"] = {"state": accident.state, "country": "US"}
    return {"accident": entry}


def _item(
    line: ClaimLine,
    number: int,
    whole: list[int],
    information: Information,
    team: CareTeam,
    places: list[Json],
) -> Json:
    item: Json = {**_line_extensions(line), "sequence": number}
    members = team.of_line(line, whole)
    if members:
        item["careTeamSequence"] = members
    item["diagnosisSequence"] = list(line.pointers)
    details = information.of_line(line)
    if line.facility:
        key = f"facility-{number}"
        places.append(location_resource(line.facility, key))
        place = {"reference": f"#{key}"}
        details.append(information.add(codes.PCT_INFO, "servicefacility", valueReference=place))
    if details:
        item["informationSequence"] = details
    item["productOrService"] = concept(codes.PROCEDURE_SYSTEM[line.system], line.code, line.display)
    if line.modifiers:
        item["modifier"] = [_modifier(code) for code in line.modifiers]
    flags = [name for name in ("emergency", "epsdt", "family_planning") if getattr(line, name)]
    if flags:
        item["programCode"] = [concept(codes.OWN_INFO, name) for name in flags]
    return item | _when_where_how_much(line)


def _when_where_how_much(line: ClaimLine) -> Json:
    start, end = line.date_from.isoformat(), line.date_to.isoformat()
    item: Json = {"servicedDate": start} if start == end else {"servicedPeriod": {"start": start, "end": end}}
    item["locationCodeableConcept"] = concept(codes.PLACE_OF_SERVICE, line.place_of_service)
    item["quantity"] = {"value": line.units, **(_MINUTES if line.unit_basis == "MJ" else {})}
    price = cents(line.charge / line.units) if line.units else line.charge
    if price * line.units == line.charge:
        item["unitPrice"] = _money(price)
    item["net"] = _money(line.charge)
    if line.drug:
        quantity: Json = {"value": line.drug.quantity, "unit": line.drug.unit}
        detail: Json = {
            "sequence": 1,
            "productOrService": concept(codes.NDC, line.drug.ndc),
            "quantity": quantity,
        }
        if line.drug.prescription_number:
            detail["extension"] = [{"url": _PRESCRIPTION, "valueString": line.drug.prescription_number}]
        item["detail"] = [detail]
    return item


_MINUTES: Json = {"unit": "min", "system": codes.UCUM, "code": "min"}
_PRESCRIPTION = "http://hl7.org/fhir/us/davinci-pct/StructureDefinition/compoundDrugLinkingNumber"


def _modifier(code: str) -> Json:
    """Digits are CPT modifiers, letters HCPCS Level II, save CPT's P1 to P6 and 1P to 8P."""
    numeric = code.isdigit() or (len(code) == 2 and "P" in code and any(c in "12345678" for c in code))
    return concept(codes.CPT if numeric else codes.HCPCS, code)


def _line_extensions(line: ClaimLine) -> Json:
    found = _evidence(line.evidence)
    if line.control_number:
        number = {"value": line.control_number}
        found.append({"url": codes.LINE_NUMBER_EXTENSION, "valueIdentifier": number})
    return {"extension": found} if found else {}


def _evidence(evidence: Iterable[Evidence]) -> list[Json]:
    found: list[Json] = []
    for piece in evidence:
        parts: list[Json] = []
        for name, value in piece.model_dump(exclude_none=True).items():
            kind = "valueInteger" if isinstance(value, int) else "valueString"
            parts.append({"url": name, kind: value})
        found.append({"url": codes.EVIDENCE_EXTENSION, "extension": parts})
    return found


def _money(amount: Decimal) -> Json:
    return {"value": cents(amount), "currency": "USD"}
