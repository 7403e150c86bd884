"""A person's part: the state machine's token kept, the decision carried out, the machine sent on."""

from typing import Any

import orjson

from agent.aws.announce import announce
from agent.aws.clients import aws_client, told
from agent.aws.events import BadInputError, Event, answer_of, decided, request_of
from agent.aws.logs import log
from agent.aws.place import S3Place
from agent.aws.runtime import Runtime, runtime


def review(event: Event, context: Any = None) -> Event:
    """Keep the task token of a held encounter and tell that a person is wanted.

    Args:
        event: ``{"token", "answer": <answer of handler>}``.
        context: of Lambda.
    """
    own, answer = runtime(), event["answer"]
    own.store.keep_token(own.settings.tenant, answer["encounter_id"], event["token"])
    announce(own.settings, answer, own.secrets.get("webhook_key"))
    log("review asked", status=answer["status"], request=request_of(context))
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
        own.store.keep_answer(decided(row["thread"]), answer, days=3650)
    token = own.store.token(own.settings.tenant, row["encounter"])
    if token:
        _send(own, token, answer)
    log("decided", status=answer["status"], request=request_of(context))
    return answer


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

    session = own.session
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
    context = replace(session.context_of(own.settings.tenant), out=out)
    return answer_of(resume(session.graph, row["thread"], decision, context), out)


def _send(own: Runtime, token: str, answer: Event) -> None:
    client = aws_client("stepfunctions", own.settings.region)
    with told("the state machine"):
        try:
            client.send_task_success(taskToken=token, output=orjson.dumps(answer).decode())
        except (client.exceptions.TaskTimedOut, client.exceptions.TaskDoesNotExist):
            log(
                "late decision", status=answer["status"]
            )  # it waited too long; the claim is decided all the same
