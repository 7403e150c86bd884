"""What can go wrong with a FHIR server; every message names type, id and status, never a value of the record."""

from tools.fhir.errors import InputError


class FhirError(InputError):
    """The server did not give what the encounter needs; nothing was coded."""


class UnavailableError(FhirError):
    """The server throttled, failed or did not answer, as often as it was asked; the same call may work later."""


class RefusedError(FhirError):
    """The server does not accept our credentials (missing, expired, or without the right)."""


class NotFoundError(FhirError):
    """The server does not hold the resource (404), or no longer (410)."""


class UnsupportedError(FhirError):
    """The server does not know the method at this address (405), or not at all (501)."""


class BrokenAnswerError(FhirError):
    """The answer is not what FHIR R4 promises: broken JSON, a loop of pages, a link to another host."""


class ForeignResourceError(FhirError):
    """A resource of another patient (or of none) came back for this patient's encounter."""
