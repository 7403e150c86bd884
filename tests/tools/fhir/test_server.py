"""The embedded store and the server over it: bytes kept, searches as FHIR means them, writes whole or not at all."""

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from tests.tools.fhir.record import past, resources
from tests.tools.fhir.servers import BASE, ENCOUNTERS, client, holding, many, service
from tools.fhir import InputError
from tools.fhir.rest import FhirError
from tools.fhir.server import FhirService, FhirStore, Request
from tools.fhir.server.load import load
from tools.fhir.server.parameters import table

NDJSON = b'{"resourceType":"Patient","id":"a","x":1.50}\n\n{"resourceType":"Patient","id":"b"}\n'


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


# The store.


def test_bytes_are_kept_as_they_came(tmp_path: Path) -> None:
    source = b'{ "resourceType" : "Patient", "id":"a",\n "multipleBirthInteger": 1, "extension":[{"url":"u","valueDecimal":185.50}] }'
    (tmp_path / "p.json").write_bytes(source)
    store = FhirStore(tmp_path / "s.sqlite")
    assert load(store, tmp_path / "p.json") == 1
    row = store.get("Patient", "a")
    assert row is not None
    assert row.body == source
    store.close()
    again = FhirStore(tmp_path / "s.sqlite")
    assert again.counts() == {"Patient": 1}
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o777 == 0o600
    again.close()


def test_ndjson_plain_and_packed_folders_and_twice(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Patient.ndjson").write_bytes(NDJSON)
    (tmp_path / "more.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType":"Patient","id":"c"}'))
    (tmp_path / "notes.txt").write_text("no")
    store = FhirStore()
    assert load(store, tmp_path) == 3
    assert load(store, tmp_path) == 3
    assert store.counts() == {"Patient": 3}
    row = store.get("Patient", "a")
    assert row is not None
    assert (row.version, row.body) == (2, NDJSON.split(b"\n")[0])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.ndjson", NDJSON + b"{broken", "line 4: broken JSON"),
        ("x.json", b"{broken", "broken JSON"),
        ("x.json", b'{"a": 1}', "no FHIR resource"),
        ("x.ndjson", NDJSON + b'{"id":"z"}', "without a resourceType"),
        ("x.ndjson", NDJSON + b'{"resourceType":"Patient"}', "without an id"),
    ],
)
def test_a_broken_file_leaves_nothing_behind(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    store = FhirStore()
    with pytest.raises(InputError, match=told):
        load(store, tmp_path / name)
    assert store.counts() == {}


def test_nothing_to_load(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"no \.json"):
            load(FhirStore(), path)


def test_references_of_a_shipped_bundle_are_rewritten() -> None:
    served = service(ENCOUNTERS / "05-ankle-injury.json")
    assert b"urn:uuid" not in b"".join(row.body for row in served.store.select("1=1", ()))


# Searching.

VITALS = [
    observation(
        "o1",
        code={"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
        effectiveDateTime="2026-03-05",
    ),
    observation(
        "o2",
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        effectiveDateTime="2026-03",
    ),
    observation(
        "o3",
        code={"coding": [{"system": "urn:own", "code": "8302-2"}]},
        effectiveDateTime="2026-03-05T22:30:00-06:00",
    ),
    observation(
        "o4",
        code={"text": "none"},
        effectivePeriod={"start": "2026-01-01", "end": "2026-12-31"},
        subject={"reference": "Patient/other"},
    ),
]
STRICT = quote("http://loinc.org|8302-2", safe="")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("patient=pat", "o1 o2 o3"),
        ("patient=Patient/pat", "o1 o2 o3"),
        ("patient=http://127.0.0.1/fhir/r4/Patient/pat", "o1 o2 o3"),
        ("subject=Patient/other", "o4"),
        ("subject=other", "o4"),
        ("patient=pat,other", "o1 o2 o3 o4"),
        ("patient=nobody", ""),
        ("code=8302-2", "o1 o3"),
        (f"code={STRICT}", "o1"),
        ("code=8302-2,29463-7&patient=pat", "o1 o2 o3"),
        ("code=8302-2&code=29463-7", ""),
        ("code:not=8302-2", "o2 o4"),
        ("status=final&_id=o1,o4", "o1 o4"),
        ("date=2026-03-05", "o1"),
        ("date=2026-03", "o1 o2 o3"),
        ("date=gt2026-03-05", "o2 o3 o4"),
        ("date=ge2026-03-05", "o1 o2 o3 o4"),
        ("date=lt2026-03-05", "o2 o4"),
        ("date=le2026-02-01", "o4"),
        ("date=sa2026-03-05", "o3"),
        ("date=eb2026-12-01", "o1 o2 o3"),
        ("date=ge2026-03-05T00:00:00Z&date=le2026-03-06T12:00:00Z&patient=pat", "o1 o2 o3"),
        ("date=2026-03-06T04:30:00Z", "o3"),
        ("date=ne2026-03-05", "o2 o3 o4"),
        ("unknown=1", "o1 o2 o3 o4"),
    ],
)
def test_searches_mean_what_fhir_says(query: str, wanted: str) -> None:
    served = holding(*resources().values(), *VITALS)
    assert found(served, f"/Observation?{query}") == wanted.split()


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("Patient?name=doe", ["pat"]),
        ("Patient?name=JO", ["pat"]),
        ("Patient?family:exact=Do", []),
        ("Patient?name:contains=oe", ["pat"]),
        ("Patient?name=oe", []),
        ("Patient?gender=female&birthdate=1980-08-16", ["pat"]),
        ("Patient?birthdate=lt1980", []),
        ("Practitioner?identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi%7C1003000126", ["doctor"]),
        ("PractitionerRole?practitioner=doctor", ["role"]),
        ("Location?name=test%20gr", ["place"]),
        ("Organization?address=elgin", ["group"]),
        ("Encounter?class=AMB&date=ge2026-08-15", ["enc"]),
        ("DocumentReference?encounter=Encounter/enc", ["note"]),
        ("Coverage?patient=pat", ["cov"]),
    ],
)
def test_other_types_and_kinds(query: str, wanted: list[str]) -> None:
    assert found(holding(*resources().values()), f"/{query}") == wanted


def test_underscore_and_percent_are_letters() -> None:
    served = holding({**resources()["pat"], "name": [{"family": "D%_e"}]})
    assert found(served, "/Patient?family=d%25_") == ["pat"]
    assert found(served, "/Patient?family=d_") == []


def test_includes_and_provenance() -> None:
    stamp = {"resourceType": "Provenance", "id": "p1", "target": [{"reference": "Encounter/enc"}]}
    served = holding(*resources().values(), stamp)
    _, page = ask(served, "/Encounter?_id=enc&_revinclude=Provenance:target&_include=Encounter:patient")
    modes = {e["resource"]["id"]: e["search"]["mode"] for e in page["entry"]}
    assert modes == {"enc": "match", "p1": "include", "pat": "include"}
    assert page["total"] == 1


@pytest.mark.parametrize("mode", ["hapi", "healthlake"])
def test_stricter_modes_refuse_what_they_do_not_know(mode: Any) -> None:
    served = holding(*resources().values(), mode=mode)
    status, body = ask(served, "/CareTeam?role=116154003")
    assert (status, body["resourceType"]) == (400, "OperationOutcome")
    assert ask(served, "/Observation?date=yesterday")[0] == 400
    assert ask(served, "/Observation?code:below=x")[0] == 400
    assert ask(served, "/Nonsense?x=1")[0] == 400


def test_prefer_strict() -> None:
    served = holding(*resources().values())
    assert ask(served, "/Patient?shoe=9")[0] == 200
    assert ask(served, "/Patient?shoe=9", prefer="handling=strict")[0] == 400


def test_hapi_pages_over_the_base_address() -> None:
    served = holding(*resources().values(), *many(25), mode="hapi")
    _, page = ask(served, "/Condition?patient=pat&_count=10")
    follow = next(link["url"] for link in page["link"] if link["relation"] == "next")
    start, _, query = follow.partition("?")
    assert start == BASE
    assert [pair.split("=")[0] for pair in query.split("&")] == [
        "_getpages",
        "_getpagesoffset",
        "_count",
        "_pretty",
        "_bundletype",
    ]
    assert ask(served, follow.removeprefix(BASE))[1]["total"] == 25
    assert ask(served, "?_getpages=gone")[0] == 410


def test_healthlake_binds_the_page_token_to_its_count() -> None:
    served = holding(*resources().values(), *many(250), mode="healthlake")
    _, page = ask(served, "/Condition?subject=Patient/pat&_count=1000")
    assert len(page["entry"]) == 100
    follow = next(link["url"] for link in page["link"] if link["relation"] == "next").removeprefix(BASE)
    assert follow.endswith("+/==")
    status, body = ask(served, follow.replace("_count=100", "_count=50"))
    assert (status, body["issue"][0]["diagnostics"]) == (400, "Invalid pagination token.")
    assert ask(served, follow)[0] == 200
    assert ask(served, "/Condition?patient=pat")[0] == 400


def test_count_only_and_sort() -> None:
    served = holding(*resources().values(), *many(3))
    assert ask(served, "/Condition?_summary=count") == (
        200,
        {"resourceType": "Bundle", "type": "searchset", "total": 3},
    )
    assert found(served, "/Condition?_sort=-_id") == ["c0002", "c0001", "c0000"]
    assert ask(served, "/Condition?_sort=code")[0] == 400
    assert ask(served, "/Condition?_count=none")[0] == 400


def test_the_capability_statement_says_what_is_searched() -> None:
    served = holding(mode="healthlake")
    _, body = ask(served, "/metadata")
    listed = {one["type"]: {p["name"] for p in one["searchParam"]} for one in body["rest"][0]["resource"]}
    assert set(listed) == set(table())
    assert "patient" not in listed["Condition"]
    assert {"patient", "_id", "_lastUpdated"} <= listed["Immunization"]
    assert body["fhirVersion"] == "4.0.1"


# Writing.


def test_read_missing_deleted_and_again() -> None:
    served = holding(*resources().values())
    assert ask(served, "/Patient/pat")[0] == 200
    assert ask(served, "/Patient/none")[0] == 404
    assert ask(served, "/Patient/pat", "DELETE")[0] == 204
    assert ask(served, "/Patient/pat")[0] == 410
    assert found(served, "/Patient?name=doe") == []
    assert ask(served, "/Patient/pat", "PUT", b'{"resourceType":"Patient","id":"pat"}')[0] == 201
    assert ask(served, "/Patient/pat", "PATCH")[0] == 405


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"resourceType":"Group","id":"pat"}', b'{"resourceType":"Patient","id":"x"}']
)
def test_a_write_that_does_not_fit_is_refused(body: bytes) -> None:
    served = holding(*resources().values())
    status, answer = ask(served, "/Patient/pat", "PUT", body)
    assert (status, answer["resourceType"]) == (400, "OperationOutcome")
    assert ask(served, "/Patient/pat")[1]["name"][0]["family"] == "Doe"


def transaction(kind: str, *entries: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def post(full_url: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "fullUrl": full_url,
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


GROUP = {"resourceType": "Organization", "name": "G", "identifier": [{"system": "urn:n", "value": "1"}]}


def test_a_transaction_rewrites_its_references() -> None:
    served = holding()
    place = {
        "resourceType": "Location",
        "name": "L",
        "managingOrganization": {"reference": "urn:uuid:11111111-1111-1111-1111-111111111111"},
    }
    by_number = {**place, "managingOrganization": {"reference": "Organization?identifier=urn:n|1"}}
    status, answer = ask(
        served,
        "/",
        "POST",
        transaction(
            "transaction",
            post("urn:uuid:2", place),
            post("urn:uuid:3", by_number),
            post("urn:uuid:11111111-1111-1111-1111-111111111111", GROUP),
        ),
    )
    assert status == 200
    assert [e["response"]["status"] for e in answer["entry"]] == ["201", "201", "201"]
    group = answer["entry"][2]["response"]["location"].split("/_history")[0]
    for entry in answer["entry"][:2]:
        own = entry["response"]["location"].split("/_history")[0]
        assert ask(served, f"/{own}")[1]["managingOrganization"]["reference"] == group


def test_a_transaction_is_whole_or_not_at_all() -> None:
    bad = post(
        "urn:uuid:2",
        {
            "resourceType": "Location",
            "managingOrganization": {"reference": "Organization?identifier=urn:n|2"},
        },
    )
    served = holding()
    assert ask(served, "/", "POST", transaction("transaction", post("urn:uuid:1", GROUP), bad))[0] == 412
    assert served.store.counts() == {}
    status, answer = ask(
        served, "/", "POST", transaction("batch", post("urn:uuid:1", GROUP), {"resource": {}})
    )
    assert status == 200
    assert [e["response"]["status"] for e in answer["entry"]] == ["201", "400"]
    assert served.store.counts() == {"Organization": 1}
    assert ask(served, "/", "POST", transaction("history"))[0] == 400


def test_conditional_create_is_one_create() -> None:
    served = holding()
    body = orjson.dumps(GROUP)
    first = ask(served, "/Organization", "POST", body, if_none_exist="identifier=urn%3An%7C1")
    again = ask(served, "/Organization", "POST", body, if_none_exist="identifier=urn%3An%7C1")
    assert (first[0], again[0]) == (201, 200)
    assert ask(served, "/Organization", "POST", body)[0] == 201
    assert ask(served, "/Organization", "POST", body, if_none_exist="identifier=urn%3An%7C1")[0] == 412
    assert served.store.counts() == {"Organization": 2}


@pytest.mark.parametrize("mode", ["plain", "hapi", "healthlake"])
def test_the_client_creates_once_by_id(mode: Any) -> None:
    served = holding(mode=mode)
    reader = client(served)
    served.faults.add("drop", path="/Organization/")
    made = [reader.create_once("Organization", GROUP, [("identifier", "urn:n|1")], key="k") for _ in range(3)]
    assert [one.made for one in made] == [True, False, False]
    assert served.store.counts() == {"Organization": 1}


def with_support(served: FhirService, **support: bool) -> None:
    answer = served.handle

    def fewer(request: Request) -> Any:
        from tools.fhir.server.service import Reply

        reply = answer(request)
        if not request.target.endswith("/metadata"):
            return reply
        body = orjson.loads(reply.body)
        for one in body["rest"][0]["resource"]:
            one.update(support)
        return Reply(status=200, body=orjson.dumps(body), headers=reply.headers)

    served.handle = fewer  # type: ignore[method-assign] # a server with less


def test_the_client_creates_once_by_condition() -> None:
    served = holding()
    with_support(served, updateCreate=False)
    reader = client(served)
    made = [reader.create_once("Organization", GROUP, [("identifier", "urn:n|1")], key="k") for _ in range(2)]
    assert [one.made for one in made] == [True, False]
    assert made[0].reference == made[1].reference
    served.writer.create("Organization", orjson.dumps(GROUP).decode())
    with pytest.raises(FhirError, match="HTTP 412"):
        reader.create_once("Organization", GROUP, [("identifier", "urn:n|1")], key="k")


def test_without_either_nothing_is_written() -> None:
    served = holding()
    with_support(served, updateCreate=False, conditionalCreate=False)
    with pytest.raises(FhirError, match="nothing was written"):
        client(served).create_once("Organization", GROUP, [], key="k")
    assert served.store.counts() == {}


def test_servers_that_rewrite_stamp_their_own_meta() -> None:
    served = holding(*resources().values(), mode="hapi")
    body = ask(served, "/Patient/pat")[1]
    assert body["meta"] == {"versionId": "1", "lastUpdated": body["meta"]["lastUpdated"]}
    assert "meta" not in ask(holding(*resources().values()), "/Patient/pat")[1]


def test_outside_the_base_there_is_nothing() -> None:
    served = holding()
    for target in ("/other/Patient/x", "/fhir/r4x/Patient/x"):
        assert served.handle(Request(method="GET", target=target)).status == 404
    assert ask(served, "/Patient/x/y")[0] == 404


def test_a_bundle_that_is_none_is_refused() -> None:
    assert ask(holding(), "/", "POST", b"{")[0] == 400
