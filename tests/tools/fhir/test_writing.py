"""Writes to the embedded server: whole or not at all, and ours never twice."""

from typing import Any

import orjson
import pytest

from tests.tools.fhir.asking import ask, found
from tests.tools.fhir.record import resources
from tests.tools.fhir.servers import client, holding
from tools.fhir.rest import FhirError
from tools.fhir.server import FhirService, Request


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
