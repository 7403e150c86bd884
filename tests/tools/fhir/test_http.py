"""The server on a real port: hung connections, foreign host names, bodies that are none."""

import socket
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.tools.fhir.record import resources
from tests.tools.fhir.servers import Time, holding
from tools.fhir.rest import FhirClient, Patience, UnavailableError, Wire
from tools.fhir.rest.address import base_of
from tools.fhir.rest.auth import Anonymous
from tools.fhir.server.http import bind, running


@pytest.fixture
def address() -> Iterator[str]:
    server = bind(0)
    with running(holding(*resources().values()), server):
        yield f"http://127.0.0.1:{server.server_port}/fhir/r4"


def test_only_callers_who_mean_this_machine_are_answered(address: str) -> None:
    assert httpx.get(f"{address}/Patient/pat").status_code == 200
    assert httpx.get(f"{address}/Patient/pat", headers={"Host": "localhost"}).status_code == 200
    for host in ("attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", ""):
        refused = httpx.get(f"{address}/Patient/pat", headers={"Host": host})
        assert (refused.status_code, refused.content) == (403, b"")


@pytest.mark.parametrize("size", ["99999999999", "-1", "many"])
def test_a_body_too_large_or_of_no_size_is_refused(address: str, size: str) -> None:
    parts = httpx.URL(address)
    with closing(socket.create_connection(("127.0.0.1", parts.port or 0))) as caller:
        caller.sendall(
            f"POST /fhir/r4 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode()
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 413")


def test_a_server_that_hangs_is_given_up() -> None:
    time = Time()
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, httpx.Client(timeout=0.05) as http:
        port = silent.getsockname()[1]
        wire = Wire(
            http,
            Anonymous(),
            patience=Patience(tries=2),
            sleep=time.sleep,
            clock=time.clock,
            chance=lambda: 1.0,
        )
        reader = FhirClient(base_of(f"http://127.0.0.1:{port}/fhir/r4"), wire)
        with pytest.raises(UnavailableError, match="Patient/p: ReadTimeout after 2 tries"):
            reader.read("Patient", "p")
    assert time.slept == [0.5]


def test_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    with httpx.Client() as http:
        wire = Wire(http, Anonymous(), patience=Patience(tries=2), sleep=lambda _: None)
        with pytest.raises(UnavailableError, match="ConnectError after 2 tries"):
            FhirClient(base_of(f"http://127.0.0.1:{port}/r4"), wire).read("Patient", "p")
