"""Identifiers of the US: NPI with its check digit, tax ids, CLIA numbers, payer ids."""

import re

from tools.fhir.views import (
    NPI,
    JsonObject,
    codes_of,
    digits,
    identifier,
    identifier_of_type,
    node,
    objects,
    text,
)

_EIN_SYSTEMS = ("urn:oid:2.16.840.1.113883.4.4", "http://hl7.org/fhir/sid/us-ein")
_SSN_SYSTEMS = ("http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1")
_CLIA_SYSTEMS = ("urn:oid:2.16.840.1.113883.4.7", "http://hl7.org/fhir/sid/us-clia")
_NAIC_SYSTEM = "urn:oid:2.16.840.1.113883.6.300"
_LUHN_PREFIX = 24


def npi_valid(value: str) -> bool:
    """Ten digits, first 1 or 2, and the right check digit.

    The check is the Luhn sum over the number prefixed with 80840, whose own digits add 24 (NPI final rule,
    45 CFR 162.406).
    """
    if not re.fullmatch(r"[12][0-9]{9}", value):
        return False
    total = _LUHN_PREFIX
    for position, character in enumerate(reversed(value)):
        number = int(character) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def npi_given(resource: object) -> str | None:
    """The NPI as the resource gives it, valid or not."""
    return identifier(resource, NPI) or identifier_of_type(resource, "NPI")


def npi(resource: object) -> str | None:
    """The resource's NPI when its check digit is right."""
    given = npi_given(resource)
    return given if given and npi_valid(given) else None


def _first(resource: object, systems: tuple[str, ...]) -> str | None:
    return next((v for s in systems if (v := identifier(resource, s))), None)


def employer_id(resource: object) -> str | None:
    """The employer identification number, 9 digits."""
    found = digits(_first(resource, _EIN_SYSTEMS) or identifier_of_type(resource, "EN", "TAX"))
    return found if len(found) == 9 else None


def social_security(resource: object) -> str | None:
    """A sole practitioner's social security number used as tax id, 9 digits."""
    found = digits(_first(resource, _SSN_SYSTEMS))
    return found if len(found) == 9 else None


def clia(resource: object) -> str | None:
    """The CLIA certificate number: two digits, D, seven digits."""
    found = (_first(resource, _CLIA_SYSTEMS) or "").upper()
    return found if re.fullmatch(r"\d\dD\d{7}", found) else None


def payer_id(resource: object) -> str | None:
    """The payer's electronic id: the identifier typed ``payerid``, or the NAIC company code.

    No code system for payer ids holds nationwide, so an untyped identifier is not taken for one.
    """
    return identifier_of_type(resource, "payerid", "NIIP") or identifier(resource, _NAIC_SYSTEM)


def record_number(resource: object) -> str | None:
    """The medical record number (identifier type MR)."""
    return identifier_of_type(resource, "MR")


def member_id(coverage: JsonObject, *, dashed: bool = True) -> str | None:
    """The member number on the card; without dashes and spaces when ``dashed`` is False."""
    found = identifier_of_type(coverage, "MB") or text(coverage, "subscriberId")
    if found is None:
        untyped = [i for i in objects(coverage, "identifier") if not codes_of(node(i, "type"))]
        found = text(untyped[0], "value") if len(untyped) == 1 else None
    return found if dashed or found is None else re.sub(r"[\s-]", "", found)
