"""The Lambda functions. ``handler`` codes one encounter; the others are the further steps of the state machine.

All may be delivered twice. Answers and logs carry ids and addresses, never what a document says.
"""

import hashlib
import time
from typing import TYPE_CHECKING, Any

import orjson

from agent.aws.announce import announce
from agent.aws.clients import AwsError, AwsMissingError, aws_client, told
from agent.aws.logs import log, metrics
from agent.aws.place import S3Place, read_object
from agent.aws.runtime import Runtime, runtime
from agent.batch.job import FETCHED
from agent.batch.manifest import PLAIN_ID, Item, item_of
from agent.cli.errors import BY_STATUS, EXIT_INPUT, EXIT_INTERNAL, fault_line
from agent.desk.source import encounter_id, packed

if TYPE_CHECKING:
    from agent.run import CodingResult

Event = dict[str, Any]


class BadInputError(Exception):
    """The encounter or the event can not be used: retrying changes nothing, so it is a dead letter with its reason."""


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
    item = _item(event)
    run = _run_id(own, item, event)
    if (before := own.store.answer(run)) is not None:
        log("coded", run=run, status=before["status"], duplicate=True, request=_request(context))
        return before
    answer, result = _coded(own, item, event)
    own.store.keep_answer(run, answer)
    _measure(own, result, time.perf_counter() - began, run, _request(context))
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
    own, event = runtime(), _arrived(event)
    item = _item(event)
    event = {**event, "announce": False}  # the state machine has a step of its own for that
    if isinstance(item.encounter, str) and item.encounter.startswith("s3://"):
        return event
    from agent.cli.errors import user_errors

    try:
        with own.job(fhir=True) as job:
            raw = job.fetch(item)
    except AwsError:
        raise
    except user_errors() as error:
        raise BadInputError(_line(error)) from None
    name = f"{encounter_id(raw)}-{raw.sha256[:16]}{FETCHED}"
    place = own.out / ".sources"
    place.put(name, packed(raw))
    log("fetched", request=_request(context))
    return {**event, "encounter": place.uri(name), "id": event.get("id") or _safe(encounter_id(raw))}


def member(event: Event, context: Any = None) -> Event:
    """Code one member of a manifest.

    Args:
        event: ``{"item": <line of the manifest>, "number": <its control number>}``.
        context: of Lambda.

    Returns:
        The member's row of the results, as ``superbill batch`` writes it; bad input is a row too, with its reason.

    Raises:
        AwsBusyError: worth another delivery; AwsError: AWS refuses, which no other member would survive either.
    """
    line = event["item"] if isinstance(event["item"], dict) else {}
    item = item_of(orjson.dumps(event["item"]), int(event.get("line", 0)))
    row = {
        "id": item.id,
        "exit": EXIT_INPUT,
        "status": "failed",
        "encounter": "",
        "out": "",
        "reason": item.fault,
    }
    if item.fault:
        return row
    given = {name: line[name] for name in ("id", "encounter", "options") if name in line}
    try:
        said = handler({**given, "number": event.get("number"), "announce": False}, context)
    except (BadInputError, AwsMissingError) as error:
        log("refused", error=type(error).__name__, request=_request(context))
        return {**row, "reason": str(error)}
    except AwsError:
        raise  # AWS's fault, not the member's: tried again, and redriven when it is mended
    except Exception as error:  # the boundary of one member, as in a batch
        log("fault", error=type(error).__name__, request=_request(context))
        return {**row, "exit": EXIT_INTERNAL, "reason": fault_line(error)}
    return {
        **row,
        "exit": BY_STATUS[said["status"]],
        "status": said["status"],
        "encounter": said["encounter_id"],
        "out": str(runtime().out / item.id),
        "reason": "; ".join(r["text"] for r in said["review"]["reasons"]),
    }


def review(event: Event, context: Any = None) -> Event:
    """Keep the task token of a held encounter and tell that a person is wanted.

    Args:
        event: ``{"token", "answer": <answer of handler>}``.
        context: of Lambda.
    """
    own, answer = runtime(), event["answer"]
    own.store.keep_token(own.settings.tenant, answer["encounter_id"], event["token"])
    announce(own.settings, answer, own.secrets.get("webhook_key"))
    log("review asked", status=answer["status"], request=_request(context))
    return {}


def decide(event: Event, context: Any = None) -> Event:
    """Carry out a person's decision on a held encounter and let its state machine go on.

    Args:
        event: ``{"encounter_id", "decision": {"action": "approve"|"reject", "claim_sha256", "by", "role", "reason"}}``.
        context: of Lambda.

    Returns:
        The answer as of ``handler``, with the new status.

    Raises:
        BadInputError: nothing is held under this id, or the decision is about another claim than the one that waits.
    """
    own = runtime()
    decision, row = _decision(own, event)
    with own.store.alone(own.settings.tenant, row["encounter"]):
        answer = _decided(own, row, decision)
    token = own.store.token(own.settings.tenant, row["encounter"])
    if token:
        _send(own, token, answer)
    log("decided", status=answer["status"], request=_request(context))
    return answer


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
    log("submitted", duplicate=not left, request=_request(context))
    return {**event, "submitted": name}


def notify(event: Event, context: Any = None) -> Event:
    """Tell everyone who is configured that the encounter is through."""
    own = runtime()
    announce(own.settings, event, own.secrets.get("webhook_key"))
    log("announced", status=event["status"], request=_request(context))
    return event


def reserve(event: Event, context: Any = None) -> Event:
    """Count a manifest in S3 and reserve the control numbers of its members, once per content.

    Args:
        event: ``{"bucket", "key"}`` of a JSON Lines manifest.
        context: of Lambda.

    Returns:
        The event with ``members`` and ``first``, the number of its first member.
    """
    own = runtime()
    lines, digest = 0, hashlib.sha256()
    with told("the manifest"):
        body = aws_client("s3", own.settings.region).get_object(Bucket=event["bucket"], Key=event["key"])[
            "Body"
        ]
        for line in body.iter_lines():
            lines += bool(line.strip())
            digest.update(line + b"\n")
    if not lines:
        raise BadInputError("the manifest holds no line")
    run = f"block-{digest.hexdigest()}"
    with own.store.alone("", run):
        kept = own.store.answer(run)
        if kept is None:
            kept = {"first": own.store.reserve_block(lines), "members": lines}
            own.store.keep_answer(run, kept, days=3650)
    log("reserved", request=_request(context))
    return {**event, **kept}


def _coded(own: Runtime, item: Item, event: Event) -> "tuple[Event, CodingResult]":
    from agent.cli.errors import user_errors

    try:
        with own.job() as job:
            raw = job.fetch(item)
            out = own.out / (event.get("id") or _safe(encounter_id(raw)))
            result = job.code_raw(raw, item, out, event.get("number"))
    except AwsError:
        raise
    except user_errors() as error:
        raise BadInputError(_line(error)) from None
    return _answer(result, out), result


def _answer(result: "CodingResult", out: S3Place) -> Event:
    coding = result.coding
    return {
        "encounter_id": coding.encounter_id,
        "status": coding.status,
        "artifacts": {kind: out.uri(name) for kind, name in coding.artifacts.items()},
        "review": coding.review.model_dump(mode="json"),
    }


def _decision(own: Runtime, event: Event) -> tuple[Any, Event]:
    from pydantic import ValidationError

    from agent.state import Decision

    try:
        decision = Decision.model_validate(event["decision"])
    except (KeyError, ValidationError):
        raise BadInputError("decision needs action, claim_sha256 and by") from None
    row = own.store.work(own.settings.tenant, str(event.get("encounter_id", "")))
    if row is None or row["status"] != "held":
        raise BadInputError("no encounter is held under this id")
    if row["claim_sha256"] != decision.claim_sha256:
        raise BadInputError("the claim has changed since it was shown; look again")
    return decision, row


def _decided(own: Runtime, row: Event, decision: Any) -> Event:
    from dataclasses import replace

    from agent.aws.place import place_of
    from agent.run import decide as resume

    session = own.session()
    out = place_of(row["out"], kms_key=own.settings.kms_key, region=own.settings.region)
    if not isinstance(out, S3Place):
        raise BadInputError("this encounter's outputs are not in S3")
    own.store.audit(
        decision.by,
        decision.action,
        row["encounter"],
        {"claim_sha256": decision.claim_sha256, "role": decision.role, "reason": decision.reason},
        tenant=own.settings.tenant,
        encounter=row["encounter"],
    )
    context = replace(session.context, out=out)
    return _answer(resume(session.graph, row["thread"], decision, context), out)


def _send(own: Runtime, token: str, answer: Event) -> None:
    client = aws_client("stepfunctions", own.settings.region)
    with told("the state machine"):
        try:
            client.send_task_success(taskToken=token, output=orjson.dumps(answer).decode())
        except (client.exceptions.TaskTimedOut, client.exceptions.TaskDoesNotExist):
            log(
                "late decision", status=answer["status"]
            )  # it waited too long; the claim is decided all the same


def _item(event: Event) -> Item:
    given, own_id = event.get("encounter"), event.get("id")
    options = event.get("options") or {}
    if not isinstance(given, str | dict) or not given or not isinstance(options, dict):
        raise BadInputError('the event is {"encounter": {...}|"s3://..."|"Encounter/<id>", "options": {}}')
    if isinstance(given, str) and not given.startswith(("s3://", "Encounter/")):
        raise BadInputError("encounter must be a Bundle, an s3:// address or Encounter/<id>")
    if own_id is not None and not (isinstance(own_id, str) and PLAIN_ID.fullmatch(own_id)):
        raise BadInputError("id must be 1 to 128 letters, digits, '-', '_' or '.'")
    return Item(line=0, digest="", id=own_id or "encounter", encounter=given, options=options)


def _arrived(event: Event) -> Event:
    """The event of an object that has come into the bucket, as one of ours; any other as it is."""
    found, bucket = event.get("object"), event.get("bucket")
    if "encounter" in event or not isinstance(found, dict) or not isinstance(bucket, dict):
        return event
    return {"encounter": f"s3://{bucket.get('name')}/{found.get('key')}"}


def _run_id(own: Runtime, item: Item, event: Event) -> str:
    """The same for each delivery of the same request; a hash, so that it names no one."""
    s = own.settings
    said = [s.tenant, s.model, event.get("id"), item.encounter, item.options, event.get("number")]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


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


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)[:80].lstrip("._-") or "encounter"


def _request(context: Any) -> str:
    return str(getattr(context, "aws_request_id", ""))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
