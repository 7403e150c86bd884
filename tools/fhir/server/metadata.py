"""The server's CapabilityStatement, which differs by mode as servers do."""

from tools.fhir.server.parameters import table
from tools.fhir.server.query import COMMON

_OWN_PATIENT = frozenset(
    {
        "AllergyIntolerance",
        "Immunization",
        "Coverage",
        "Claim",
        "ClaimResponse",
        "ExplanationOfBenefit",
        "RelatedPerson",
    }
)


def hidden(mode: str, kind: str) -> frozenset[str]:
    """Parameters this mode does not offer: HealthLake's older page lists ``patient`` for few clinical types."""
    if mode == "healthlake" and kind not in _OWN_PATIENT and "subject" in table().get(kind, {}):
        return frozenset({"patient"})
    return frozenset()


def statement(mode: str, base: str) -> dict[str, object]:
    """The CapabilityStatement (FHIR 4.0.1)."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "software": {"name": f"superbill fhir serve ({mode})"},
        "implementation": {"description": "embedded FHIR store", "url": base},
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(mode, kind) for kind in table()],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(mode: str, kind: str) -> dict[str, object]:
    codes = ("read", "create", "update", "delete", "search-type")
    away = hidden(mode, kind)
    parameters = [{"name": name, "type": one.kind} for name, one in table()[kind].items() if name not in away]
    common = [{"name": name, "type": "date" if name == "_lastUpdated" else "token"} for name in COMMON]
    found: dict[str, object] = {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        "conditionalCreate": mode != "healthlake",
        "updateCreate": True,
        "searchRevInclude": ["Provenance:target"],
        "searchParam": [*common, *parameters],
    }
    if kind == "Patient":
        url = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
        found["operation"] = [{"name": "everything", "definition": url}]
    return found
