"""The fault table of a FHIR server: each fault injected, each with the right outcome."""

import logging
from typing import Any

import httpx
import orjson
import pytest

from tests.tools.fhir.record import resources
from tests.tools.fhir.servers import BASE, TODAY, Time, client, fetched, holding, ids, many
from tools.fhir import InputError
from tools.fhir.rest import (
    BrokenAnswerError,
    FhirError,
    RefusedError,
    UnavailableError,
    fetch,
)
from tools.fhir.rest.address import base_of, decode, encode
from tools.fhir.rest.errors import NotFoundError
from tools.fhir.server import FhirService
from tools.fhir.server.faults import fault_of


@pytest.fixture
def served() -> FhirService:
    return holding(*resources().values(), *many(120), mode="hapi")


@pytest.mark.parametrize("kind", ["429", "503", "500", "throttle", "drop", "cut"])
def test_what_passes_is_tried_again_and_changes_nothing(served: FhirService, kind: str) -> None:
    undisturbed = fetched(served).sha256
    served.faults.add(kind, times=2, path="Condition/_search")
    served.faults.add(kind, times=2, path="_getpages")
    assert fetched(served).sha256 == undisturbed
    assert all(one.times == 0 for one in served.faults.planned)


@pytest.mark.parametrize("kind", ["429", "503", "500", "throttle", "drop"])
def test_what_stays_is_given_up_with_a_clear_word(served: FhirService, kind: str) -> None:
    served.faults.add(kind, times=99, path="Condition/_search")
    time = Time()
    with pytest.raises(UnavailableError, match=r"search of Condition: .* after 6 tries; run it again later"):
        fetch(client(served, time), "enc", as_of=TODAY)
    pauses = {"429": [1.0, 1.0, 2.0, 4.0, 8.0]}.get(kind, [0.5, 1.0, 2.0, 4.0, 8.0])
    assert time.slept == pauses


def test_a_page_that_stays_cut_is_not_taken_for_a_whole_one(served: FhirService) -> None:
    served.faults.add("cut", times=99, path="Condition/_search")
    with pytest.raises(BrokenAnswerError, match="no whole JSON"):
        fetched(served)


@pytest.mark.parametrize(
    ("kind", "error", "told"),
    [
        ("loop", BrokenAnswerError, "round in a circle"),
        ("elsewhere", BrokenAnswerError, "another host"),
        ("partial", FhirError, "failed in part"),
        ("short", BrokenAnswerError, "119 resources came of 120 counted"),
        ("bare", BrokenAnswerError, "holds no resource"),
        ("expired", RefusedError, "renew the credentials"),
        ("skew", RefusedError, "the clock of this machine"),
    ],
)
def test_what_can_not_be_trusted_stops_the_encounter(
    served: FhirService, kind: str, error: type[Exception], told: str
) -> None:
    served.faults.add(kind, times=3 if kind == "bare" else 1, path="Condition/_search")
    with pytest.raises(error, match=told):
        fetched(served)
    assert len(ids(fetched(served), "Condition")) == 120


def test_nothing_is_asked_of_another_host(served: FhirService) -> None:
    hosts: set[str] = set()
    inner = client(served)._wire._client._transport

    def watch(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        assert isinstance(inner, httpx.MockTransport)
        return inner.handle_request(request)

    served.faults.add("elsewhere", path="Condition/_search")
    with pytest.raises(BrokenAnswerError):
        fetch(client(httpx.MockTransport(watch)), "enc", as_of=TODAY)
    assert hosts == {"127.0.0.1"}


def test_a_page_cap_ends_what_never_ends(served: FhirService) -> None:
    with pytest.raises(BrokenAnswerError, match="over 3 pages"):
        fetch(
            client(holding(*resources().values(), *many(900), mode="healthlake"), page_cap=3),
            "enc",
            as_of=TODAY,
        )
    assert fetch(client(served, page_cap=3), "enc", as_of=TODAY).encounter is not None


def scripted(*replies: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A server that answers in this order."""
    waiting, seen = list(replies), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = waiting.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.MockTransport(answer), seen


def patient() -> httpx.Response:
    return httpx.Response(200, content=b'{"resourceType":"Patient","id":"p"}')


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("7", 7.0),
        ("0", 0.5),
        ("Tue, 24 Nov 2026 06:40:12 GMT", 12.0),
        ("Tue, 24 Nov 2026 06:39:00 GMT", 0.5),
        ("soon", 0.5),
        ("", 0.5),
    ],
)
def test_retry_after_is_honoured(header: str, waited: float) -> None:
    time = Time(now=1_795_502_400.0)
    through, _ = scripted(httpx.Response(503, headers={"Retry-After": header}), patient())
    assert client(through, time).read("Patient", "p").id == "p"
    assert time.slept == [pytest.approx(waited)]


def test_a_server_that_asks_for_too_long_is_given_up() -> None:
    through, seen = scripted(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(UnavailableError, match="asks to wait 3600 s"):
        client(through).read("Patient", "p")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadTimeout("x"), httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ReadError("x")],
)
def test_silence_is_tried_again(fault: httpx.TransportError) -> None:
    through, seen = scripted(fault, fault, patient())
    assert client(through).read("Patient", "p").id == "p"
    assert len(seen) == 3


def test_the_jitter_lies_between_nothing_and_the_whole_pause() -> None:
    from tools.fhir.rest import Wire
    from tools.fhir.rest.auth import Anonymous

    for chance in (0.0, 0.25):
        time = Time()
        through, _ = scripted(httpx.Response(500), patient())
        wire = Wire(
            httpx.Client(transport=through),
            Anonymous(),
            clock=time.clock,
            sleep=time.sleep,
            chance=lambda c=chance: c,  # type: ignore[misc] # default binds
        )
        wire.send("GET", f"{BASE}/Patient/p", "Patient/p")
        assert time.slept == [0.5 * chance]


@pytest.mark.parametrize("status", [400, 405, 409, 422])
def test_a_refused_request_is_not_repeated(status: int) -> None:
    through, seen = scripted(httpx.Response(status, content=b'{"issue":[{"code":"invalid"}]}'))
    with pytest.raises(FhirError, match=rf"HTTP {status} \(invalid\)|HTTP {status}"):
        client(through).read("Patient", "p")
    assert len(seen) == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    through, seen = scripted(httpx.Response(status, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(BrokenAnswerError, match="redirect"):
        client(through).read("Patient", "p")
    assert len(seen) == 1


def test_gone_is_not_there() -> None:
    through, _ = scripted(httpx.Response(410))
    with pytest.raises(NotFoundError, match="HTTP 410"):
        client(through).read("Patient", "p")


def test_another_resource_than_asked_for_is_refused() -> None:
    through, _ = scripted(httpx.Response(200, content=b'{"resourceType":"Patient","id":"q"}'))
    with pytest.raises(BrokenAnswerError, match="another resource"):
        client(through).read("Patient", "p")


@pytest.mark.parametrize("body", [b"<html>login</html>", b"[]", b"{}", b"", b"\xff"])
def test_no_fhir_is_told(body: bytes) -> None:
    through, _ = scripted(httpx.Response(200, content=body))
    with pytest.raises(BrokenAnswerError, match="no FHIR resource"):
        client(through).read("Patient", "p")


def test_a_server_without_post_search_is_asked_by_get(served: FhirService) -> None:
    answer = served.handle

    def no_post(request: Any) -> Any:
        from tools.fhir.server.service import outcome

        return outcome(405, "not-supported", "no") if request.method == "POST" else answer(request)

    served.handle = no_post  # type: ignore[method-assign] # a server with less
    assert len(ids(fetched(served), "Condition")) == 120


@pytest.mark.parametrize(
    "statement",
    [
        {"resourceType": "Patient", "id": "x"},
        {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"},
        {"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"},
    ],
)
def test_only_r4_is_spoken(statement: dict[str, str]) -> None:
    through, _ = scripted(httpx.Response(200, content=orjson.dumps(statement)))
    with pytest.raises(BrokenAnswerError, match=r"R4 \(4.0.1\) is needed|no CapabilityStatement"):
        assert client(through).capability


SECRET_WORDS = ("Doe", "Jo", "1980-08-16", "pat", "M-123", "diagnostic text")


def test_no_error_holds_a_word_of_the_record_or_of_the_server(served: FhirService) -> None:
    issue = {"severity": "error", "code": "processing", "diagnostics": "diagnostic text about Jo Doe"}
    body = orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue, {"code": "Jo Doe!"}]})
    through, _ = scripted(httpx.Response(422, content=body))
    with pytest.raises(FhirError) as told:
        client(through).search("Condition", [("patient", "pat")])
    assert "(processing)" in str(told.value)
    assert not [w for w in SECRET_WORDS if w in str(told.value)]


def test_no_log_holds_an_address_or_a_token(served: FhirService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fetched(served)
    assert not [r for r in caplog.records if r.name.startswith(("httpx", "httpcore"))]


# Addresses.


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://fhir.example/r4", "plain http only to this machine"),
        ("ftp://127.0.0.1/r4", "base address"),
        ("https://user:pw@fhir.example/r4", "base address"),
        ("https://fhir.example/r4?x=1", "base address"),
        ("fhir.example", "base address"),
    ],
)
def test_a_base_address_that_can_not_be_used(url: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        base_of(url)


@pytest.mark.parametrize(
    "url", ["https://Fhir.Example/a/b", "https://fhir.example/a/b/", "https://fhir.example/a/b//"]
)
def test_base_addresses_are_one_whatever_their_slash(url: str) -> None:
    assert base_of(url).at("Patient/p") == "https://fhir.example/a/b/Patient/p"
    assert base_of("https://fhir.example").at("metadata") == "https://fhir.example/metadata"


TOKEN = "a+b/c==&x y|é%"


def test_values_are_escaped_strictly_and_come_back() -> None:
    query = encode([("code", "http://loinc.org|8302-2"), ("page", TOKEN)])
    assert query == "code=http%3A%2F%2Floinc.org%7C8302-2&page=a%2Bb%2Fc%3D%3D%26x%20y%7C%C3%A9%25"
    assert decode(query) == [("code", "http://loinc.org|8302-2"), ("page", TOKEN)]


def test_a_plus_in_a_page_token_stays_a_plus() -> None:
    base = base_of("https://h.example/r4")
    assert base.follow("https://h.example/r4/Condition?_count=10&page=a+b/c==").endswith(
        "page=a%2Bb%2Fc%3D%3D"
    )
    assert base.follow("Condition?page=2") == "https://h.example/r4/Condition?page=2"
    assert base.follow("https://h.example/r4?_getpages=1") == "https://h.example/r4?_getpages=1"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/r4/Condition?page=2",
        "http://h.example/r4/Condition",
        "https://h.example:8443/r4/Condition",
        "https://h.example/admin",
        "https://h.example/r4evil/Condition",
        "https://h.example/r4/../admin",
        "//evil.example/r4/Condition",
        "https://h.example@evil.example/r4/Condition",
    ],
)
def test_a_link_out_of_the_base_is_refused(link: str) -> None:
    with pytest.raises(BrokenAnswerError, match="not followed"):
        base_of("https://h.example/r4").follow(link)


def test_the_wire_carries_exactly_the_escaped_address() -> None:
    through, seen = scripted(httpx.Response(200, content=b'{"resourceType":"Bundle","type":"searchset"}'))
    reader = client(through)
    reader._post = False
    reader.search("Observation", [("code", "http://loinc.org|8302-2"), ("x", "a b+c~d")])
    assert seen[0].url.raw_path == (
        b"/fhir/r4/Observation?code=http%3A%2F%2Floinc.org%7C8302-2&x=a%20b%2Bc~d&_count=100"
    )


@pytest.mark.parametrize("given", ["429:3:Condition", "cut", "drop:2"])
def test_faults_are_named_on_the_command_line(given: str) -> None:
    assert fault_of(given).kind == given.split(":")[0]


@pytest.mark.parametrize("given", ["430", "429:x", ""])
def test_a_fault_that_is_none(given: str) -> None:
    with pytest.raises(ValueError, match="KIND"):
        fault_of(given)
