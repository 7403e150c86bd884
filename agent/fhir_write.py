"""Write an emitted claim back to the FHIR server: the Claim, and the Provenance that says where it came from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.identity import claim_sha256
from tools.fhir.rest.errors import FhirError

if TYPE_CHECKING:
    from agent.run import CodingResult
    from tools.claim.model import Claim
    from tools.encounter import EncounterFacts
    from tools.fhir.rest import FhirClient

CONTENT_ID = "urn:superbill:claim-sha256"
"""Identifier system of a claim by its content: the same claim is never written twice, a correction is another."""

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


@dataclass(frozen=True, kw_only=True)
class WrittenBack:
    """References on the server, and whether they are new there."""

    claim: str
    provenance: str
    made: bool


def write_back(client: "FhirClient", result: "CodingResult") -> WrittenBack:
    """Write the claim of an emitted encounter; again, it finds what it wrote.

    Raises:
        FhirError: nothing was emitted, or the server does not take it (the claim's files stay as they are).
    """
    claim, facts = result.claim, result.state["facts"]
    if claim is None or result.status != "emitted":
        raise FhirError("nothing to write back: only an emitted claim is written")
    digest = claim_sha256(claim)
    try:
        client.check_creates("Claim", "Provenance")
        written = client.create_once(
            "Claim",
            claim_resource(claim, facts, digest),
            [("identifier", f"{CONTENT_ID}|{digest}")],
            key=digest,
        )
        provenance = client.create_once(
            "Provenance",
            provenance_resource(written.reference, facts, result.coding.model.spec),
            [("target", written.reference)],
            key=f"provenance {digest}",
        )
    except FhirError as fault:
        raise type(fault)(f"the claim is emitted, but not written back: {fault}") from fault
    return WrittenBack(claim=written.reference, provenance=provenance.reference, made=written.made)


def claim_resource(claim: "Claim", facts: "EncounterFacts", digest: str) -> dict[str, Any]:
    """The FHIR Claim as emitted, without id, about the server's own Patient and Encounter."""
    from tools.claim.fhir_claim import fhir_claim

    made: dict[str, Any] = dict(fhir_claim(claim))
    del made["id"]
    made["identifier"] = [*made["identifier"], {"system": CONTENT_ID, "value": digest}]
    made["patient"] = {"reference": f"Patient/{facts.patient.id}"}
    made["item"] = [
        {**item, "encounter": [{"reference": facts.encounter_reference}]} for item in made["item"]
    ]
    return made


def provenance_resource(target: str, facts: "EncounterFacts", model: str) -> dict[str, Any]:
    """Who assembled the Claim, when, and out of which encounter and documents."""
    sources = (facts.encounter_reference, *(d.id for d in facts.documents if "/" in d.id))
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "agent": [
            {
                "type": {"coding": [{"system": _AGENT, "code": "assembler"}]},
                "who": {"display": f"superbill ({model})"},
            }
        ],
        "entity": [{"role": "source", "what": {"reference": one}} for one in sources],
    }
