"""Events and answers of the functions: checked, named, hashed."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from agent.aws.clients import AwsError
from agent.aws.place import S3Place
from agent.aws.table import LEASE
from agent.batch.manifest import PLAIN_ID, Item

if TYPE_CHECKING:
    from agent.run import CodingResult

Event = dict[str, Any]
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


class BadInputError(Exception):
    """The encounter or the event can not be used: retrying changes nothing, so it is a dead letter with its reason."""


def item_of_event(event: Event) -> Item:
    """The member an event is about.

    Raises:
        BadInputError: it is no event of ours.
    """
    given, own_id = event.get("encounter"), event.get("id")
    options = event.get("options") or {}
    if not isinstance(given, str | dict) or not given or not isinstance(options, dict):
        raise BadInputError('the event is {"encounter": {...}|"s3://..."|"Encounter/<id>", "options": {}}')
    if isinstance(given, str) and not given.startswith(("s3://", "Encounter/")):
        raise BadInputError("encounter must be a Bundle, an s3:// address or Encounter/<id>")
    if own_id is not None and not (isinstance(own_id, str) and PLAIN_ID.fullmatch(own_id)):
        raise BadInputError("id must be 1 to 128 letters, digits, '-', '_' or '.'")
    return Item(line=0, digest="", id=own_id or "encounter", encounter=given, options=options)


def arrived(event: Event) -> Event:
    """The event of an object that has come into the bucket, as one of ours; any other as it is."""
    found, bucket = event.get("object"), event.get("bucket")
    if "encounter" in event or not isinstance(found, dict) or not isinstance(bucket, dict):
        return event
    return {"encounter": f"s3://{bucket.get('name')}/{found.get('key')}"}


@contextmanager
def bad_input_told() -> Iterator[None]:
    """What is wrong with the input comes out as one error that no state machine tries again.

    Raises:
        BadInputError: of any error that is the user's to mend.
    """
    from agent.cli.errors import one_line, user_errors

    try:
        yield
    except AwsError:
        raise
    except user_errors() as error:
        raise BadInputError(one_line(error)) from None


def lease_of(context: Any) -> float:
    """Seconds for which an encounter is kept from others: as long as the function can still run."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return left() / 1000 + 5 if left else LEASE


def decided(thread: str) -> str:
    """Under which name the answer of a person's decision is kept; it outlives the first answer."""
    return f"decided-{thread}"


def run_id(thread: str, item: Item, event: Event) -> str:
    """The same for each delivery of the same content with the same options; a hash, so that it names no one."""
    said = [thread, event.get("id"), item.options, event.get("number")]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def answer_of(result: "CodingResult", out: S3Place) -> Event:
    """What a function answers about a coded encounter."""
    coding = result.coding
    return {
        "encounter_id": coding.encounter_id,
        "status": coding.status,
        "artifacts": {kind: out.uri(name) for kind, name in coding.artifacts.items()},
        "review": coding.review.model_dump(mode="json"),
    }


def safe(name: str) -> str:
    """The id of an output: the name where it is a plain id, else what is plain of it and a hash; two names never share one."""
    if PLAIN_ID.fullmatch(name):
        return name
    plain = NOT_PLAIN.sub("_", name)[:80].lstrip("._-") or "encounter"
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def request_of(context: Any) -> str:
    """Lambda's request id."""
    return str(getattr(context, "aws_request_id", ""))
