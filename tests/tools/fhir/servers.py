"""Our FHIR server inside the tests' process, and clients of it that need neither network nor time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.conftest import ROOT
from tools.fhir import RawEncounter
from tools.fhir.rest import FhirClient, Patience, Wire, fetch
from tools.fhir.rest.address import base_of
from tools.fhir.rest.auth import Anonymous, Signer
from tools.fhir.server import FhirService, FhirStore, Request
from tools.fhir.server.load import load
from tools.fhir.server.service import Reply

ENCOUNTERS = ROOT / "evals" / "encounters"
BASE = "http://127.0.0.1/fhir/r4"
NOW = 1_795_500_000.0
TODAY = date(2026, 11, 24)


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = NOW
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def transport(service: FhirService) -> httpx.MockTransport:
    """The service as httpx sees it; a dropped connection is a dropped connection."""

    def answer(request: httpx.Request) -> httpx.Response:
        reply = service.handle(
            Request(
                method=request.method,
                target=request.url.raw_path.decode(),
                headers=dict(request.headers),
                body=request.content,
            )
        )
        if reply.drop:
            raise httpx.RemoteProtocolError("server disconnected", request=request)
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)

    return httpx.MockTransport(answer)


class Watched(FhirService):
    """A server that keeps what it was asked."""

    def __init__(self, store: FhirStore, base: str, **options: Any) -> None:
        super().__init__(store, base, **options)
        self.seen: list[Request] = []

    def handle(self, request: Request) -> Reply:
        self.seen.append(request)
        return super().handle(request)


def service(*paths: Path, mode: Any = "plain", **options: Any) -> Watched:
    """A server that holds these files."""
    store = FhirStore()
    load(store, *paths)
    return Watched(store, BASE, mode=mode, clock=lambda: NOW, **options)


def holding(*resources: Mapping[str, Any], mode: Any = "plain", **options: Any) -> Watched:
    """A server that holds these resources."""
    made = service(mode=mode, **options)
    for one in resources:
        made.writer.put(one["resourceType"], one["id"], orjson.dumps(one).decode())
    return made


def client(
    served: FhirService | httpx.BaseTransport,
    time: Time | None = None,
    *,
    signer: Signer | None = None,
    url: str = BASE,
    page_cap: int = 500,
) -> FhirClient:
    """A client of a server; the largest pause is always taken."""
    clock = time or Time()
    through = transport(served) if isinstance(served, FhirService) else served
    wire = Wire(
        httpx.Client(transport=through),
        signer or Anonymous(),
        patience=Patience(),
        clock=clock.clock,
        sleep=clock.sleep,
        chance=lambda: 1.0,
    )
    return FhirClient(base_of(url), wire, page_cap=page_cap)


def fetched(served: FhirService, encounter: str = "enc", **options: Any) -> RawEncounter:
    """An encounter through the client."""
    return fetch(client(served), encounter, **{"as_of": TODAY, **options})


def ids(raw: RawEncounter, kind: str) -> set[str]:
    """Ids of a type in what was fetched."""
    return {one.id for one in raw.bundle.of_type(kind)}


def targets(served: Watched) -> list[str]:
    """What was asked, without the base path."""
    return [f"{one.method} {one.target.removeprefix('/fhir/r4')}" for one in served.seen]


def many(count: int, **members: Any) -> Iterable[dict[str, Any]]:
    """Conditions of the patient of ``record.py``."""
    for number in range(count):
        yield {
            "resourceType": "Condition",
            "id": f"c{number:04d}",
            "subject": {"reference": "Patient/pat"},
            "recordedDate": "2026-01-01",
            "code": {"text": f"condition {number}"},
            **members,
        }
