"""A manifest's part: numbers reserved, each member coded to a row of the results."""

import hashlib
from typing import Any

import orjson

from agent.aws.clients import AwsError, AwsMissingError, aws_client, told
from agent.aws.events import BadInputError, Event, request_of
from agent.aws.functions import handler
from agent.aws.logs import log
from agent.aws.runtime import runtime
from agent.batch.manifest import item_of
from agent.cli.errors import BY_STATUS, EXIT_INPUT, EXIT_INTERNAL, fault_line


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
        log("refused", error=type(error).__name__, request=request_of(context))
        return {**row, "reason": str(error)}
    except AwsError:
        raise  # AWS's fault, not the member's: tried again, and redriven when it is mended
    except Exception as error:  # the boundary of one member, as in a batch
        log("fault", error=type(error).__name__, request=request_of(context))
        return {**row, "exit": EXIT_INTERNAL, "reason": fault_line(error)}
    return {
        **row,
        "exit": BY_STATUS[said["status"]],
        "status": said["status"],
        "encounter": said["encounter_id"],
        "out": str(runtime().out / item.id),
        "reason": "; ".join(r["text"] for r in said["review"]["reasons"]),
    }


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
    log("reserved", request=request_of(context))
    return {**event, **kept}
