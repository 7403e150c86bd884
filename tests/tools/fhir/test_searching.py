"""Searches of the embedded server mean what FHIR says; its modes differ as servers do."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.tools.fhir.asking import ask, found, observation
from tests.tools.fhir.record import resources
from tests.tools.fhir.servers import BASE, holding, many
from tools.fhir.server.parameters import table

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
