"""Requests to the embedded server, for its tests."""

from typing import Any

import orjson

from tests.tools.fhir.record import past
from tools.fhir.server import FhirService, Request


def ask(served: FhirService, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    reply = served.handle(
        Request(
            method=method,
            target=f"/fhir/r4{target}",
            headers={k.replace("_", "-"): v for k, v in headers.items()},
            body=body,
        )
    )
    return reply.status, orjson.loads(reply.body) if reply.body else None


def found(served: FhirService, target: str) -> list[str]:
    status, page = ask(served, target)
    assert status == 200, page
    return [e["resource"]["id"] for e in page["entry"] if e["search"]["mode"] == "match"]


def observation(own_id: str, **members: Any) -> dict[str, Any]:
    return past("Observation", own_id, status="final", **members)
