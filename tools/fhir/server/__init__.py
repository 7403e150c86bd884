"""A small FHIR R4 server over an embedded store, for tests, demos and practices without a server of their own."""

from tools.fhir.server.service import FhirService, Request
from tools.fhir.server.store import FhirStore

__all__ = ["FhirService", "FhirStore", "Request"]
