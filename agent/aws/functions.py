"""The Lambda functions. ``handler`` codes one encounter; the others are the further steps of the state machine.

All may be delivered twice. Answers and logs carry ids and addresses, never what a document says.
"""

import hashlib
import time
from typing import TYPE_CHECKING, Any

from agent.aws.announce import announce
from agent.aws.events import (
    BadInputError,
    Event,
    answer_of,
    arrived,
    bad_input_told,
    decided,
    item_of_event,
    lease_of,
    request_of,
    run_id,
    safe,
)
from agent.aws.logs import log, metrics
from agent.aws.place import read_object
from agent.aws.runtime import Runtime, runtime
from agent.batch.job import FETCHED, code_raw
from agent.desk.source import encounter_id, packed
from agent.identity import thread_id

if TYPE_CHECKING:
    from agent.run import CodingResult


def handler(event: Event, context: Any = None) -> Event:
    """Code one encounter.

    Args:
        event: ``{"encounter": {...}|"s3://..."|"Encounter/<id>", "options": {}}``; beside them a batch may give ``id``
            (names the output) and ``number`` (the reserved control number); ``"announce": false`` leaves the telling
            to a later step.
        context: of Lambda; its request id goes to the log.

    Returns:
        ``{"encounter_id", "status", "artifacts": {name: s3 uri}, "review"}``.

    Raises:
        BadInputError: the input can not be used.
        AwsBusyError: worth another delivery (throttled, or another function is at this encounter).
    """
    own, began = runtime(), time.perf_counter()
    item = item_of_event(event)
    with own.sources(fhir=str(item.encounter).startswith("Encounter/")) as sources, bad_input_told():
        raw = sources.fetch(item)
    thread = thread_id(own.settings.tenant, raw, own.settings.model)
    run = run_id(thread, item, event)
    before = own.store.answer(decided(thread)) or own.store.answer(run)
    if before is not None:
        log("coded", run=run, status=before["status"], duplicate=True, request=request_of(context))
        return before
    out = own.out / (event.get("id") or safe(encounter_id(raw)))
    session = own.session
    own.store.lease = lease_of(context)
    with bad_input_told():
        result = code_raw(session, raw, item, out, event.get("number"))
    answer = answer_of(result, out)
    own.store.keep_answer(run, answer)
    _measure(own, result, time.perf_counter() - began, run, request_of(context))
    if event.get("announce", True):
        announce(own.settings, answer, own.secrets.get("webhook_key"))
    return answer


def fetch(event: Event, context: Any = None) -> Event:
    """Bring the encounter into S3: ``Encounter/<id>`` is read from the FHIR server, an inline one is put there.

    The event is that of ``handler``, or the detail of EventBridge's "Object Created".

    Returns:
        The event with an ``s3://`` address for its encounter.

    Raises:
        BadInputError: it can not be read.
    """
    own, event = runtime(), arrived(event)
    item = item_of_event(event)
    event = {**event, "announce": False}  # the state machine has a step of its own for that
    if isinstance(item.encounter, str) and item.encounter.startswith("s3://"):
        return event
    with own.sources(fhir=True) as sources, bad_input_told():
        raw = sources.fetch(item)
    name = f"{encounter_id(raw)}-{raw.sha256[:16]}{FETCHED}"
    place = own.out / ".sources"
    place.put(name, packed(raw))
    log("fetched", request=request_of(context))
    return {**event, "encounter": place.uri(name), "id": event.get("id") or safe(encounter_id(raw))}


def submit(event: Event, context: Any = None) -> Event:
    """Put the 837P of an emitted encounter into the outbox, once; without an outbox nothing is submitted.

    Args:
        event: the answer of ``handler`` or ``decide``.
        context: of Lambda.

    Raises:
        BadInputError: there is no 837P.
    """
    from agent.submit.carrier import open_carrier

    own = runtime()
    uri = event["artifacts"].get("claim_837")
    if not own.settings.outbox:
        return {**event, "submitted": None}
    if not uri:
        raise BadInputError("nothing to submit: the encounter has no 837P")
    content = read_object(uri, 1_000_000, own.settings.region)
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.837"
    left = open_carrier(own.settings.outbox).finish("", name, content)
    log("submitted", duplicate=not left, request=request_of(context))
    return {**event, "submitted": name}


def notify(event: Event, context: Any = None) -> Event:
    """Tell everyone who is configured that the encounter is through."""
    own = runtime()
    announce(own.settings, event, own.secrets.get("webhook_key"))
    log("announced", status=event["status"], request=request_of(context))
    return event


def _measure(own: Runtime, result: "CodingResult", seconds: float, run: str, request: str) -> None:
    usage, status = result.coding.usage, result.status
    log(
        "coded",
        run=run,
        status=status,
        duplicate=False,
        seconds=round(seconds, 3),
        turns=usage.steps,
        request=request,
    )
    values = {
        "Encounters": 1.0,
        "Seconds": round(seconds, 3),
        "InputTokens": float(usage.input_tokens),
        "OutputTokens": float(usage.output_tokens),
        "CostUsd": float(usage.cost_usd),
    }
    metrics(values, model=own.settings.model, status=status)
