"""Telling others that an encounter is through: EventBridge, SNS, a signed webhook; ids and addresses only."""

import hashlib
import hmac
import time
from typing import Any

import orjson

from agent.aws.clients import AwsBusyError, AwsError, aws_client, told
from agent.settings import Settings

SOURCE = "superbill"
KINDS = {"held": "Encounter held", "emitted": "Encounter emitted"}


def announce(settings: Settings, answer: dict[str, Any], webhook_key: str | None) -> list[str]:
    """Tell everyone who is configured.

    Returns:
        Who was told: ``event_bus``, ``topic``, ``webhook``.

    Raises:
        AwsError: a receiver refuses; AwsBusyError: it could not be reached, worth another try.
    """
    detail = {name: answer[name] for name in ("encounter_id", "status", "artifacts")}
    body = orjson.dumps(detail, option=orjson.OPT_SORT_KEYS)
    done = []
    if settings.event_bus:
        _event(settings, body, answer["status"])
        done.append("event_bus")
    if settings.topic:
        with told("the SNS topic"):
            aws_client("sns", settings.region).publish(TopicArn=settings.topic, Message=body.decode())
        done.append("topic")
    if settings.webhook:
        _webhook(settings.webhook, body, webhook_key)
        done.append("webhook")
    return done


def _event(settings: Settings, body: bytes, status: str) -> None:
    entry = {
        "Source": SOURCE,
        "DetailType": KINDS.get(status, f"Encounter {status}"),
        "Detail": body.decode(),
        "EventBusName": settings.event_bus,
    }
    with told("the event bus"):
        done = aws_client("events", settings.region).put_events(Entries=[entry])
    if done["FailedEntryCount"]:
        raise AwsBusyError("the event bus did not take the event; run again")


def signature(key: str, at: int, body: bytes) -> str:
    """``t=<seconds>,v1=<hex>``: HMAC-SHA256 over ``<seconds>.<body>``, so that a receiver can refuse old ones."""
    made = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


def _webhook(address: str, body: bytes, key: str | None) -> None:
    import httpx

    if not key:
        raise AwsError("the webhook has no key to sign with; put webhook_key into the secret")
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise AwsError("the webhook is no https:// address; mend SUPERBILL_WEBHOOK")
    headers = {
        "content-type": "application/json",
        "x-superbill-signature": signature(key, int(time.time()), body),
    }
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        raise AwsBusyError(f"the webhook can not be reached ({type(error).__name__}); run again") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise AwsBusyError(f"the webhook is busy ({answer.status_code}); run again")
    if answer.status_code >= 400:
        raise AwsError(f"the webhook refuses ({answer.status_code}); check its address and key")
