"""One encounter from a FHIR server: the patient's record as far as the claim needs it, as a RawEncounter."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from tools.fhir.bundle import Bundle, Resource
from tools.fhir.context_file import ContextFile
from tools.fhir.dates import days
from tools.fhir.rest.client import FhirClient
from tools.fhir.rest.errors import FhirError, ForeignResourceError, NotFoundError
from tools.fhir.rest.guard import OWNER, SHARED, check_owner, patient_id
from tools.fhir.source import RawEncounter
from tools.fhir.views import JsonObject, objects, text

Fetch = Literal["search", "everything"]
ENCOUNTER = re.compile(r"Encounter/([A-Za-z0-9.-]{1,64})")
_LEARNED = {
    "DocumentReference": ("date", "meta.lastUpdated"),
    "DiagnosticReport": ("issued", "effectiveDateTime", "meta.lastUpdated"),
    "ClaimResponse": ("created",),
}
_ROUNDS = 5
_CHUNK = 40


def fetch(
    client: FhirClient,
    encounter_id: str,
    *,
    as_of: date,
    context: ContextFile | None = None,
    by: Fetch = "search",
) -> RawEncounter:
    """The encounter, its documents, the patient's record and everyone they name.

    Args:
        client: the server.
        encounter_id: id of the Encounter.
        as_of: the coding date; documents learned of later are left out here, history by ``gather``.
        context: what a person states beside the record.
        by: a search of every type, or one ``$everything``.

    Raises:
        FhirError: the record can not be read whole, or holds what is not the patient's.
    """
    encounter = client.read("Encounter", encounter_id)
    own = patient_id(encounter, client.base)
    if own is None:
        raise FhirError(
            f"{encounter.reference}.subject: names no Patient of this server; correct the encounter"
        )
    patient = client.read("Patient", own)
    found = _everything(client, own) if by == "everything" else _searched(client, encounter, own)
    record = _distinct((encounter, patient, *found))
    for one in record:
        check_owner(one, patient, client.base)
    kept = tuple(
        one
        for one in record
        if one is encounter or (_known(one, as_of) and not _bills(client, one, encounter))
    )
    whole = tuple(sorted(_closed(client, kept, encounter), key=lambda r: (r.type, r.id)))
    digest = hashlib.sha256("".join(f"{r.reference} {r.sha256}\n" for r in whole).encode()).hexdigest()
    bundle = Bundle(whole)
    return RawEncounter(
        where=encounter.reference,
        sha256=digest,
        bundle=bundle,
        encounter=next(r for r in whole if r.reference == encounter.reference),
        context=context or ContextFile(),
    )


def _searched(client: FhirClient, encounter: Resource, patient: str) -> Iterator[Resource]:
    """Every type the server holds, by patient; documents by encounter where the server can."""
    for kind in OWNER:
        if not client.capability.searchable(kind):
            continue
        owner = client.capability.of_patient(kind, patient)
        if kind == "DocumentReference" and client.capability.knows(kind, "encounter"):
            narrow = client.search(kind, [owner, ("encounter", encounter.reference)])
            if narrow:
                yield from narrow
                continue
        yield from client.search(kind, [owner])


def _everything(client: FhirClient, patient: str) -> Iterator[Resource]:
    """``$everything`` without the types that no claim needs.

    Raises:
        FhirError: the server does not offer it.
    """
    if not client.capability.everything():
        raise FhirError("FHIR server: no Patient/$everything; set SUPERBILL_FHIR_FETCH=search")
    wanted = {*OWNER, *SHARED, "Patient"}
    return (one for one in client.everything(patient) if one.type in wanted)


def _distinct(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Each resource once: a page may repeat what another page or an include has brought."""
    found: dict[str, Resource] = {}
    for one in resources:
        found.setdefault(one.reference, one)
    return tuple(found.values())


def _known(resource: Resource, as_of: date) -> bool:
    """False for a document that was written after the coding date."""
    for path in _LEARNED.get(resource.type, ()):
        learned = days(text(resource.body, *path.split(".")))
        if learned is not None:
            return learned.first <= as_of
    return True


def _bills(client: FhirClient, resource: Resource, encounter: Resource) -> bool:
    """True for a claim of this very encounter (our own, written back): it is no history of it."""
    if resource.type not in {"Claim", "ClaimResponse", "ExplanationOfBenefit"}:
        return False
    named = [e for item in objects(resource.body, "item") for e in objects(item, "encounter")]
    return any(client.base.reference(text(e, "reference") or "") == encounter.reference for e in named)


def _closed(client: FhirClient, record: tuple[Resource, ...], encounter: Resource) -> tuple[Resource, ...]:
    """The record and everyone it names: people, their roles, organisations, places, medications, Binaries."""
    whole = {one.reference: one for one in record}
    asked: set[str] = set()
    for _ in range(_ROUNDS):
        named = {r for one in whole.values() for r in _named(client, one, encounter)}
        wanted = sorted(named - whole.keys() - asked)
        practitioners = sorted(
            r for r in whole if r.startswith("Practitioner/") and f"role of {r}" not in asked
        )
        asked |= {*wanted, *(f"role of {r}" for r in practitioners)}
        more = (*_by_id(client, wanted), *_roles(client, practitioners))
        if not more and not wanted:
            break
        whole |= {one.reference: one for one in more}
    return tuple(whole.values())


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(found := value.get("reference"), str):
            yield found
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _named(client: FhirClient, resource: Resource, encounter: Resource) -> Iterator[str]:
    """What a resource names and the claim needs; a Patient only as the subscriber of a coverage."""
    for reference in _references(resource.body):
        target = client.base.reference(reference)
        kind = (target or "").split("/")[0]
        if target and (
            kind in SHARED - {"Binary"}
            or (kind in {"Patient", "RelatedPerson"} and resource.type == "Coverage")
        ):
            yield target
    if resource.type == "DocumentReference" and _of_encounter(client, resource.body, encounter):
        for content in objects(resource.body, "content"):
            target = client.base.reference(text(content, "attachment", "url") or "")
            if target and target.startswith("Binary/") and not text(content, "attachment", "data"):
                yield target


def _of_encounter(client: FhirClient, body: JsonObject, encounter: Resource) -> bool:
    named = [text(one, "reference") or "" for one in objects(body, "context", "encounter")]
    return not named or any(client.base.reference(one) == encounter.reference for one in named)


def _by_id(client: FhirClient, wanted: list[str]) -> Iterator[Resource]:
    """Read resources by reference, many at once where the server can; those it lacks are left to ``missing``.

    Raises:
        ForeignResourceError: the server gave what was not asked for.
    """
    for kind in sorted({one.split("/")[0] for one in wanted}):
        ids = [one.split("/")[1] for one in wanted if one.startswith(f"{kind}/")]
        if kind == "Binary" or not (
            client.capability.searchable(kind) and client.capability.knows(kind, "_id")
        ):
            yield from (one for own_id in ids if (one := _read(client, kind, own_id)))
            continue
        for start in range(0, len(ids), _CHUNK):
            for one in client.search(kind, [("_id", ",".join(ids[start : start + _CHUNK]))]):
                if one.reference not in wanted:
                    raise ForeignResourceError(
                        f"FHIR server: {one.reference} came back unasked; nothing was coded"
                    )
                yield one


def _read(client: FhirClient, kind: str, own_id: str) -> Resource | None:
    try:
        return client.read(kind, own_id)
    except NotFoundError:
        return None


def _roles(client: FhirClient, practitioners: list[str]) -> Iterator[Resource]:
    """The PractitionerRoles of these practitioners (they name specialty and group)."""
    if not client.capability.knows("PractitionerRole", "practitioner"):
        return
    for start in range(0, len(practitioners), _CHUNK):
        asked = practitioners[start : start + _CHUNK]
        for one in client.search("PractitionerRole", [("practitioner", ",".join(asked))]):
            if client.base.reference(text(one.body, "practitioner", "reference") or "") not in asked:
                raise ForeignResourceError(
                    f"FHIR server: {one.reference} came back unasked; nothing was coded"
                )
            yield one
