"""Every resource of the answer belongs to the patient who was asked for, or the encounter is not coded."""

from collections.abc import Mapping

from tools.fhir.bundle import Resource
from tools.fhir.rest.address import Base
from tools.fhir.rest.errors import ForeignResourceError
from tools.fhir.views import node, objects, text

OWNER: Mapping[str, tuple[str, ...]] = {
    "Encounter": ("subject",),
    "DocumentReference": ("subject",),
    "DiagnosticReport": ("subject",),
    "Condition": ("subject",),
    "Procedure": ("subject",),
    "MedicationRequest": ("subject",),
    "MedicationStatement": ("subject",),
    "Observation": ("subject",),
    "Immunization": ("patient",),
    "AllergyIntolerance": ("patient",),
    "ServiceRequest": ("subject",),
    "Coverage": ("beneficiary",),
    "RelatedPerson": ("patient",),
    "Claim": ("patient",),
    "ExplanationOfBenefit": ("patient",),
    "ClaimResponse": ("patient",),
}
"""Where each type that is read for a patient says whose it is, in the order in which the types are asked for."""

SHARED = frozenset({"Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "Binary"})
"""Types that belong to no patient."""


def patient_id(resource: Resource, base: Base) -> str | None:
    """The id of the Patient whom the resource's owner reference names on this server."""
    for member in OWNER.get(resource.type, ("subject", "patient")):
        target = base.reference(text(resource.body, member, "reference") or "")
        if target and target.startswith("Patient/"):
            return target.removeprefix("Patient/")
    return None


def check_owner(resource: Resource, patient: Resource, base: Base) -> None:
    """Refuse what is not the patient's.

    Raises:
        ForeignResourceError: another patient's, or one that names no patient.
    """
    if resource.type in SHARED:
        return
    if resource.type == "Patient":
        if resource.id == patient.id:
            return
    elif patient_id(resource, base) == patient.id or _by_identifier(resource, patient):
        return
    raise ForeignResourceError(
        f"FHIR server: {resource.reference} came back for another patient's search; nothing was coded, "
        "have the server's search by patient checked"
    )


def _by_identifier(resource: Resource, patient: Resource) -> bool:
    """True when the owner is named by one of the patient's identifiers and by no reference."""
    own = {(text(i, "system"), text(i, "value")) for i in objects(patient.body, "identifier")}
    for member in OWNER.get(resource.type, ("subject", "patient")):
        owner = node(resource.body, member)
        wanted = (text(owner, "identifier", "system"), text(owner, "identifier", "value"))
        if text(owner, "reference") is None and all(wanted) and wanted in own:
            return True
    return False
