"""Encounters in; their status and artifacts out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool

from agent import vault
from agent.api.bodies import EncounterStatus, Fault, Submission
from agent.api.caller import Caller, Looking, RefusedError, Submitting
from agent.desk import NoSuchEncounter, rows
from agent.desk.source import encounter_id

if TYPE_CHECKING:
    from tools.fhir.context_file import ContextFile
    from tools.fhir.source import RawEncounter

router = APIRouter(tags=["encounters"])
KINDS: Final = {
    "coding.json": "application/json",
    "claim.json": "application/json",
    "claim.837": "application/edi-x12",
    "claim.cms1500.pdf": "application/pdf",
    "claim.fhir.json": "application/fhir+json",
    "report.html": "text/html; charset=utf-8",
    "trace.jsonl": "application/x-ndjson",
}
LONGEST_WAIT: Final = 60.0
FAULTS: Final[dict[int | str, dict[str, object]]] = {
    401: {"model": Fault, "description": "no live token"},
    403: {"model": Fault, "description": "the role may not"},
    404: {"model": Fault, "description": "no such thing in this practice"},
    409: {"model": Fault, "description": "not in this state, not this claim, or leased by another"},
    413: {"model": Fault, "description": "the body is too large"},
    422: {"model": Fault, "description": "not understood"},
}


@router.post("/encounters", status_code=202, responses={200: {"model": EncounterStatus}, **FAULTS})
async def submit(
    caller: Submitting,
    body: Submission,
    response: Response,
    wait: Annotated[int, Query(ge=0, le=1, description="1: answer when it is coded")] = 0,
) -> EncounterStatus:
    """Take an encounter: 202 and its id at once, or 200 with the outcome when ``wait=1`` and it is coded in a minute."""
    raw = await run_in_threadpool(_read, caller, body)
    encounter = encounter_id(raw)
    tenant, house = caller.person.tenant, caller.house
    await run_in_threadpool(house.jobs.put, tenant, encounter, raw)
    house.runner.wake()
    if wait:
        await run_in_threadpool(house.runner.wait_for, tenant, encounter, LONGEST_WAIT)
    found = await run_in_threadpool(status_of, caller, encounter)
    response.status_code = 202 if found.status in {"queued", "running"} else 200
    response.headers["location"] = f"/encounters/{found.id}"
    if not wait:
        response.status_code = 202
    return found


@router.get("/encounters/{id}", responses=FAULTS)
def status(caller: Looking, id: str) -> EncounterStatus:
    """Where an encounter stands, and which artifacts it has."""
    return status_of(caller, caller.opened("encounter", id))


@router.get("/encounters/{id}/artifacts/{name}", responses=FAULTS, response_class=Response)
def artifact(caller: Looking, id: str, name: str) -> Response:
    """One output: coding.json, claim.json, claim.837, claim.cms1500.pdf, claim.fhir.json, report.html or trace.jsonl."""
    out = _out(caller, caller.opened("encounter", id))
    if name not in KINDS or out is None or not (out / name).is_file():
        raise RefusedError(404, "no such artifact of this encounter")
    return Response(vault.read(out / name), media_type=KINDS[name])


def _read(caller: Caller, body: Submission) -> "RawEncounter":
    """The encounter of a request.

    Raises:
        InputError: it can not be read as one documented encounter.
    """
    from tools.fhir.context_file import context_of
    from tools.intake import read_bytes

    given = body.encounter
    context = context_of(body.context) if body.context is not None else None
    if isinstance(given, str):
        return _fetched(caller, given, context)
    if set(given) == {"note"}:
        if not isinstance(given["note"], str) or not given["note"].strip():
            raise RefusedError(422, "encounter.note: a text is needed")
        return read_bytes(given["note"].encode(), "note.txt", context or context_of({}))
    return read_bytes(orjson.dumps(given), "encounter.json", context)


def _fetched(caller: Caller, reference: str, context: "ContextFile | None") -> "RawEncounter":
    from agent.fhir import fetch_encounter, open_fhir
    from tools.fhir.rest import ENCOUNTER

    settings = caller.house.settings
    if ENCOUNTER.fullmatch(reference) is None:
        raise RefusedError(422, 'encounter: a FHIR Bundle, {"note": text}, or Encounter/<id> is taken')
    if settings.fhir is None:
        raise RefusedError(422, "encounter: no FHIR server is configured (SUPERBILL_FHIR_URL)")
    with open_fhir(settings) as client:
        return fetch_encounter(client, reference, settings, context)


def status_of(caller: Caller, encounter: str) -> EncounterStatus:
    """A newer submission that is not coded yet comes before what was coded earlier."""
    token = caller.token("encounter", encounter)
    job = caller.house.jobs.find(caller.person.tenant, encounter)
    if job is not None and job.status != "done":
        return EncounterStatus(id=token, status=job.status, error=job.error or None)
    row = caller.desk.store.work(caller.person.tenant, encounter)
    if row is None:
        raise NoSuchEncounter("no such encounter")
    item = rows.item(row, None)
    out = Path(item.out) if item.out else None
    names = [name for name in KINDS if out is not None and (out / name).is_file()]
    return EncounterStatus(
        id=token,
        status=item.status,
        claim_sha256=item.claim_sha256,
        reasons=item.reasons,
        artifacts={name: f"/encounters/{token}/artifacts/{name}" for name in names},
    )


def _out(caller: Caller, encounter: str) -> Path | None:
    row = caller.desk.store.work(caller.person.tenant, encounter)
    return Path(row["out"]) if row and row["out"] else None
