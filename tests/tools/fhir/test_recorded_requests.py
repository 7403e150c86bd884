"""Requests that a conformance tool once sent to a HAPI server of US Core data: ours answers them alike."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest

from tests.tools.fhir.servers import BASE
from tools.fhir.server import FhirService, FhirStore, Request
from tools.fhir.server.load import load

pytestmark = pytest.mark.shared


@cache
def loaded(folder: Path) -> FhirService:
    store = FhirStore()
    for path in sorted(folder.glob("*.json")):
        load(store, path)
    return FhirService(store, BASE, mode="hapi")


@pytest.fixture
def served(shared: Path) -> FhirService:
    return loaded(shared / "samples" / "fhir" / "uscore")


def recorded(shared: Path) -> list[tuple[str, str, int]]:
    path = shared / "samples" / "fhir" / "uscore" / "recorded_requests.tsv"
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if line)
    return [(method, target, int(status)) for method, target, status in rows]


def ask(served: FhirService, target: str) -> tuple[int, Any]:
    reply = served.handle(Request(method="GET", target=f"/fhir/r4{target}"))
    return reply.status, orjson.loads(reply.body)


def searches(shared: Path) -> Iterator[tuple[str, int]]:
    for method, target, status in recorded(shared):
        if method == "get" and "?" in target and "_getpages" not in target:
            yield target, status


def test_every_recorded_search_has_the_recorded_status(served: FhirService, shared: Path) -> None:
    listed = list(searches(shared))
    assert len(listed) > 1300
    wrong = [(target, status, got) for target, status in listed if (got := ask(served, target)[0]) != status]
    assert wrong == []


def test_every_read_of_what_is_there_succeeds(served: FhirService, shared: Path) -> None:
    there = 0
    for method, target, status in recorded(shared):
        path = target.strip("/").split("/")
        if method != "get" or "?" in target or len(path) != 2 or status != 200:
            continue
        known = served.store.get(*path) is not None
        there += known
        assert ask(served, target)[0] == (200 if known else 404)
    assert there >= 2  # most recorded reads are of ids that the server itself had given


def test_results_are_the_patients_and_fulfil_what_was_asked(served: FhirService, shared: Path) -> None:
    """Each match is judged by its own JSON, not by our index."""
    matched = 0
    for target, status in searches(shared):
        if status != 200:
            continue
        kind, _, query = target.strip("/").partition("?")
        asked = [(k, unquote(v)) for k, _, v in (p.partition("=") for p in query.split("&"))]
        for entry in ask(served, f"{target}&_count=200")[1]["entry"]:
            if entry["search"]["mode"] != "match":
                continue
            matched += 1
            one = entry["resource"]
            assert one["resourceType"] == kind
            for name, value in asked:
                assert fulfils(one, name, value), (target, one["id"])
    assert matched > 6_000


def fulfils(one: dict[str, Any], name: str, value: str) -> bool:
    """Whether a resource shows what was asked for; parameters that need more than a look are let pass."""
    text = orjson.dumps(one).decode()
    if name == "patient":
        return f'"Patient/{value.split("/")[-1]}"' in text
    if name in {"status", "intent", "lifecycle-status"}:
        return one.get("status", one.get("intent", one.get("lifecycleStatus"))) in value.split(",") or any(
            one.get(k) in value.split(",") for k in ("status", "intent", "lifecycleStatus")
        )
    if name in {"code", "category", "type", "clinical-status", "class"}:
        return any(f'"{part.split("|")[-1]}"' in text for part in value.split(","))
    if name == "_id":
        return one["id"] in value.split(",")
    return True


def test_what_was_asked_for_is_found(served: FhirService) -> None:
    """Counts of the two patients' data, taken from the files themselves."""
    for patient, kind in (("85", "Observation"), ("355", "Condition"), ("355", "Encounter")):
        wanted = {
            row.id
            for row in served.store.select("type=?", (kind,))
            if orjson.loads(row.body)["subject"]["reference"].endswith(f"Patient/{patient}")
        }
        _, page = ask(served, f"/{kind}?patient={patient}&_count=200")
        assert {e["resource"]["id"] for e in page["entry"]} == wanted
        assert len(wanted) > 10


def test_post_search_of_every_recorded_type(served: FhirService, shared: Path) -> None:
    listed = [target for method, target, _ in recorded(shared) if method == "post"]
    assert len(listed) == 23
    for target in listed:
        reply = served.handle(Request(method="POST", target=f"/fhir/r4{target}", body=b"_count=1"))
        assert reply.status == 200


def test_the_next_link_has_the_recorded_form(served: FhirService, shared: Path) -> None:
    example = next(target for _, target, _ in recorded(shared) if "_getpages" in target)
    _, page = ask(served, "/Observation?patient=85")
    follow = next(link["url"] for link in page["link"] if link["relation"] == "next")
    names = [[p.split("=")[0] for p in t.partition("?")[2].split("&")] for t in (example, follow)]
    assert names[0] == names[1]
    assert len(page["entry"]) == 10
