"""FHIR R4 over HTTP: one encounter with its patient's record from HealthLake or any other server."""

from tools.fhir.rest.client import FhirClient
from tools.fhir.rest.errors import (
    BrokenAnswerError,
    FhirError,
    ForeignResourceError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from tools.fhir.rest.record import ENCOUNTER, fetch
from tools.fhir.rest.wire import Patience, Wire

__all__ = [
    "ENCOUNTER",
    "BrokenAnswerError",
    "FhirClient",
    "FhirError",
    "ForeignResourceError",
    "NotFoundError",
    "Patience",
    "RefusedError",
    "UnavailableError",
    "Wire",
    "fetch",
]
