"""One page of a search: its resources with their exact bytes, its next link, and what the server remarks."""

import json
from dataclasses import dataclass
from decimal import Decimal

from tools.fhir.bundle import Resource, from_entry, parse
from tools.fhir.errors import InputError
from tools.fhir.rest.errors import BrokenAnswerError, FhirError
from tools.fhir.scan import Entry, Scan
from tools.fhir.views import objects, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Resources in the server's order and the link to the page after this one.

    ``total`` is how many matches the server counts over all pages, None when it does not say.
    """

    resources: tuple[Resource, ...]
    next: str | None
    total: int | None = None


def _scanned(data: bytes, what: str) -> Scan:
    try:
        return parse(data, "FHIR server")
    except InputError:
        raise BrokenAnswerError(f"FHIR server: {what}: the answer is no whole JSON; run it again") from None


def read_page(data: bytes, what: str) -> Page:
    """A searchset.

    Raises:
        BrokenAnswerError: no Bundle, or an entry without a resource.
        FhirError: an OperationOutcome among the entries (or instead of them) reports an error.
    """
    found = _scanned(data, what)
    kind = found.members.get("resourceType")
    if kind == "OperationOutcome":
        _check_outcome(found.members, what)
    if kind != "Bundle":
        raise BrokenAnswerError(f"FHIR server: {what}: no Bundle came back; check the base address")
    kept = []
    for number, entry in enumerate(found.entries):
        if text(entry.resource, "resourceType") == "OperationOutcome":
            _check_outcome(entry.resource, what)
            continue
        try:
            kept.append(from_entry(entry, number))
        except InputError:
            raise BrokenAnswerError(
                f"FHIR server: {what}: entry {number} of the page holds no resource"
            ) from None
    links = objects(found.members, "link")
    follow = next((text(one, "url") for one in links if text(one, "relation") == "next"), None)
    total = found.members.get("total")
    counted = total if isinstance(total, int) and not isinstance(total, bool) else None
    return Page(resources=tuple(kept), next=follow, total=counted)


def _check_outcome(body: object, what: str) -> None:
    """Warnings and remarks of a search are let pass; what failed is not taken for an empty result.

    Raises:
        FhirError: an issue of severity error or fatal.
    """
    for one in objects(body, "issue"):
        if text(one, "severity") in {"error", "fatal"}:
            raise FhirError(
                f"FHIR server: {what}: the search failed in part ({text(one, 'code') or 'no code'}); run it again"
            )


def read_single(data: bytes, what: str) -> Resource:
    """The resource of a read.

    Raises:
        BrokenAnswerError: the answer is no FHIR resource.
    """
    source = data.decode("utf-8", "replace").strip("\ufeff \t\r\n")
    try:
        body = json.loads(source, parse_float=Decimal)
        return from_entry(Entry(full_url=None, method=None, resource=body, source=source), 0)
    except (InputError, json.JSONDecodeError):
        raise BrokenAnswerError(f"FHIR server: {what}: no FHIR resource came back") from None
