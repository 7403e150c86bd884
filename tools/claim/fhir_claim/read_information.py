"""Claim.supportingInfo and careTeam -> fields of the claim and of its lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tools.claim.fhir_claim import codes
from tools.claim.fhir_claim.codes import Json
from tools.claim.fhir_claim.information import DATES, LINE_TEXTS, TEXTS
from tools.claim.fhir_claim.read_parties import Resolve, read_provider
from tools.claim.fhir_claim.team import ROLES
from tools.claim.fhir_claim.walk import child, code, day, integer, number, rows, text
from tools.claim.model import Attachment, ClaimDates
from tools.encounter import Provider

_TRAVEL = frozenset({"AA", "BM", "EL", "EM", "FT", "FX"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One supportingInfo entry: its sequence, category code and content."""

    sequence: int
    category: str
    node: Json


def read_entries(resource: Json) -> list[Entry]:
    """All entries in order."""
    return [
        Entry(integer(node, "sequence") or 0, code(node.get("category")) or "", node)
        for node in rows(resource, "supportingInfo")
    ]


def unknown_entries(entries: list[Entry]) -> list[str]:
    """Categories we have no field for."""
    known = {"claimFrequency", "cmspos", "servicefacility", "onset", "hospitalized", "employmentimpacted",
             "signature_on_file", "patient_paid", "condition_code", "attachment", "line_attachment",
             "line_purchase_charge", *DATES, *TEXTS, *(f"line_{name}" for name in LINE_TEXTS)}  # fmt: skip
    return sorted({entry.category for entry in entries} - known)


def claim_fields(entries: list[Entry]) -> dict[str, object]:
    """Fields of the claim that supportingInfo carries."""
    found: dict[str, object] = {}
    for entry in entries:
        if entry.category in TEXTS:
            found[entry.category] = text(entry.node, "valueString")
        elif entry.category == "signature_on_file":
            found["signature_on_file"] = entry.node.get("valueBoolean") is True
        elif entry.category == "patient_paid":
            found["patient_paid"] = number(entry.node, "valueQuantity", "value")
        elif entry.category == "claimFrequency":
            found["frequency"] = code(entry.node.get("code"))
        elif entry.category == "cmspos":
            found["place_of_service"] = code(entry.node.get("code"))
    found["condition_codes"] = tuple(
        value for e in entries if e.category == "condition_code" and (value := text(e.node, "valueString"))
    )
    found["attachments"] = tuple(_attachments(entries, "attachment"))
    return found


def claim_dates(entries: list[Entry], accident: date | None) -> ClaimDates:
    """The dates of the claim."""
    found: dict[str, date | None] = {}
    for entry in entries:
        node = entry.node
        if entry.category in DATES or entry.category == "onset":
            found[entry.category] = day(node, "timingDate") or day(node, "timingPeriod", "start")
        elif entry.category == "hospitalized":
            found["admission"] = day(node, "timingPeriod", "start")
            found["discharge"] = day(node, "timingPeriod", "end")
        elif entry.category == "employmentimpacted":
            found["disability_from"] = day(node, "timingPeriod", "start")
            found["disability_to"] = day(node, "timingPeriod", "end")
    if accident:
        found["accident"] = accident
    return ClaimDates.model_validate(found)


def line_fields(entries: list[Entry], sequences: list[int]) -> dict[str, object]:
    """Fields of a line from the entries it points to."""
    mine = [entry for entry in entries if entry.sequence in sequences]
    found: dict[str, object] = {}
    for entry in mine:
        name = entry.category.removeprefix("line_")
        if entry.category.startswith("line_") and name in LINE_TEXTS:
            found[name] = text(entry.node, "valueString")
    found["attachments"] = tuple(_attachments(mine, "line_attachment"))
    return found


def purchase_charge(entries: list[Entry], sequences: list[int]) -> Decimal | None:
    """What the practice paid an outside supplier for the line."""
    for entry in entries:
        if entry.sequence in sequences and entry.category == "line_purchase_charge":
            return number(entry.node, "valueQuantity", "value")
    return None


def line_facility(entries: list[Entry], sequences: list[int], resolve: Resolve) -> Provider | None:
    """The place of the line when it has its own."""
    for entry in entries:
        if entry.sequence in sequences and entry.category == "servicefacility":
            return read_provider(resolve(entry.node.get("valueReference")))
    return None


def _attachments(entries: list[Entry], category: str) -> Iterator[Attachment]:
    for entry in entries:
        parts = (text(entry.node, "valueString") or "").split(" ", 2)
        if entry.category == category and len(parts) > 1 and parts[1] in _TRAVEL:
            yield Attachment.model_validate(
                {
                    "report_type": parts[0],
                    "transmission": parts[1],
                    "control_number": parts[2] if len(parts) > 2 else None,
                }
            )


@dataclass(frozen=True, slots=True)
class Member:
    """One care team member."""

    sequence: int
    role: str
    whole: bool
    provider: Provider


def read_team(resource: Json, resolve: Resolve) -> list[Member]:
    """All members of a known role; the first rendering one is the claim's when none is marked responsible."""
    names = {code_: role for role, (_, code_) in ROLES.items()}
    names |= {"performing": "rendering", "primary": "rendering"}
    nodes = list(rows(resource, "careTeam"))
    marked = any(node.get("responsible") is True for node in nodes)
    own = any(codes.OWN_INFO in str(system) for system in _systems(resource))
    members: list[Member] = []
    for node in nodes:
        role = names.get(code(node.get("role")) or "")
        provider = read_provider(resolve(node.get("provider")), code(node.get("qualification"), codes.NUCC))
        if role and provider:
            first = not marked and not own and role not in {m.role for m in members}
            whole = node.get("responsible") is True or (
                first and role in {"rendering", "referring", "supervising"}
            )
            members.append(Member(integer(node, "sequence") or 0, role, whole, provider))
    return members


def _systems(resource: Json) -> Iterator[object]:
    return (child(node, "category", "coding", 0, "system") for node in rows(resource, "supportingInfo"))
