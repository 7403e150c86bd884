"""What a server says that it can do: its CapabilityStatement, read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.fhir.rest.errors import BrokenAnswerError, FhirError
from tools.fhir.views import JsonObject, objects, text


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeSupport:
    """What the server can do with one resource type."""

    interactions: frozenset[str]
    parameters: frozenset[str]
    operations: frozenset[str]
    conditional_create: bool
    update_create: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Capability:
    """The server's types and what it can do with them."""

    types: Mapping[str, TypeSupport]

    def searchable(self, kind: str) -> bool:
        """True when the server holds the type and searches it."""
        found = self.types.get(kind)
        return found is not None and "search-type" in found.interactions

    def knows(self, kind: str, parameter: str) -> bool:
        """True when the type can be searched by the parameter."""
        found = self.types.get(kind)
        return found is not None and parameter in found.parameters

    def everything(self) -> bool:
        """True when ``Patient/{id}/$everything`` is offered."""
        found = self.types.get("Patient")
        return found is not None and bool(found.operations & {"everything", "patient-everything"})

    def of_patient(self, kind: str, patient: str) -> tuple[str, str]:
        """The parameter that finds a type's resources of one patient: ``patient``, or ``subject`` without it.

        Raises:
            FhirError: the server holds the type but can not search it by patient.
        """
        if self.knows(kind, "patient"):
            return "patient", patient
        if self.knows(kind, "subject"):
            return "subject", f"Patient/{patient}"
        raise FhirError(
            f"FHIR server: {kind} can not be searched by patient; set SUPERBILL_FHIR_FETCH=everything"
        )


def read_capability(body: JsonObject) -> Capability:
    """The CapabilityStatement's part on a server.

    Raises:
        BrokenAnswerError: it is none, or its FHIR version is not R4.
    """
    if text(body, "resourceType") != "CapabilityStatement":
        raise BrokenAnswerError(
            "FHIR server: /metadata is no CapabilityStatement; check the base address (SUPERBILL_FHIR_URL)"
        )
    version = text(body, "fhirVersion") or "4.0.1"
    if not version.startswith(("4.0", "4.3")):
        raise BrokenAnswerError(f"FHIR server: FHIR version {version}; R4 (4.0.1) is needed")
    server = next((r for r in objects(body, "rest") if text(r, "mode") in {None, "server"}), {})
    common = frozenset(n for p in objects(server, "searchParam") if (n := text(p, "name")))
    return Capability(
        types={
            kind: _support(one, common) for one in objects(server, "resource") if (kind := text(one, "type"))
        }
    )


def _support(one: JsonObject, common: frozenset[str]) -> TypeSupport:
    return TypeSupport(
        interactions=frozenset(c for i in objects(one, "interaction") if (c := text(i, "code"))),
        parameters=common | {n for p in objects(one, "searchParam") if (n := text(p, "name"))},
        operations=frozenset(
            n.removeprefix("$") for o in objects(one, "operation") if (n := text(o, "name"))
        ),
        conditional_create=one.get("conditionalCreate") is True,
        update_create=one.get("updateCreate") is True,
    )
