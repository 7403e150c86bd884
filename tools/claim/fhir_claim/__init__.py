"""The claim as FHIR R4, out and in."""

from tools.claim.fhir_claim.bundle import fhir_bundle
from tools.claim.fhir_claim.check import check_fhir_claim
from tools.claim.fhir_claim.jsontext import dumps
from tools.claim.fhir_claim.read import FhirRead, read_fhir_claim
from tools.claim.fhir_claim.write import fhir_claim
from tools.claim.model import Claim

__all__ = [
    "FhirRead",
    "check_fhir_claim",
    "dump_fhir_claim",
    "dumps",
    "fhir_bundle",
    "fhir_claim",
    "read_fhir_claim",
]


def dump_fhir_claim(claim: Claim) -> bytes:
    """The FHIR Claim as UTF-8 JSON that keeps every cent."""
    return (dumps(fhir_claim(claim)) + "\n").encode()
