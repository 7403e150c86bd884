"""Fetching official files from a loopback server over HTTPS: what is taken, and what is not."""

import ssl
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.cli import main
from agent.cli.errors import EXIT_INPUT, EXIT_OK
from knowledge.errors import TableError
from knowledge.imported import ImportedTables
from knowledge.sources.fetch import Address, address_of, fetch, read_addresses
from tests.knowledge import official


def _archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("GPCI2026.csv", official.gpci())
        archive.writestr("readme.txt", "Our own words about the files.")
    return out.getvalue()


class _Server(BaseHTTPRequestHandler):
    """A file, and every way in which an address may not give it."""

    def do_GET(self) -> None:
        kind = self.path.strip("/").split("/")[0]
        body = _archive()
        if kind == "moved":
            self._answer(302, b"", location="/file/GPCI%202026.zip")
        elif kind in {"unsafe", "licensed", "round"}:
            where = {"unsafe": "http://127.0.0.1/x.zip", "licensed": "/license/ama?file=x", "round": "/round"}
            self._answer(302, b"", location=where[kind])
        elif kind == "page":
            self._answer(200, b"<html>", type="text/html; charset=utf-8")
        elif kind == "cut":
            self._answer(200, body[:100], length=str(len(body)))
        else:
            self._answer(200 if kind == "file" else 404, body)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-length", headers.pop("length", str(len(body))))
        self.send_header("content-type", headers.pop("type", "application/zip"))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, secret


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pem, secret = _certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(pem))
        yield f"https://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def _address(url: str, access: str = "free") -> Address:
    return Address(name="gpci", what="w", access=access, url=url, page="https://page.example")  # type: ignore[arg-type]  # checked by the reader


def test_a_file_is_fetched_whole_and_its_checksum_told(server: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    got = fetch(
        _address(f"{server}/moved"), tmp_path, progress=lambda _w, done, total: seen.append((done, total))
    )
    assert (got.path.name, got.sha256) == ("GPCI 2026.zip", sha256(got.path.read_bytes()).hexdigest())
    assert seen[-1] == (got.size, got.size)
    assert [p.name for p in tmp_path.iterdir()] == ["GPCI 2026.zip"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("unsafe", "is not https; nothing was fetched"),
        ("licensed", r"licence page; accept the terms at https://page\.example"),
        ("round", "redirected more than 5 times"),
        ("page", "answers with a page, not a file"),
        ("cut", "was not reached|cut off"),
        ("nothing", "answers 404"),
    ],
)
def test_what_is_not_the_file_is_not_taken(server: str, tmp_path: Path, path: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        fetch(_address(f"{server}/{path}"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_size_and_certificate_are_checked(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TableError, match="more than the 50"):
        fetch(_address(f"{server}/file/x.zip"), tmp_path, largest=50)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(TableError, match="was not reached"):
        fetch(_address(f"{server}/file/x.zip"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_fetches_and_imports_and_names_the_licence_page(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(tmp_path / "home"))
    listed = tmp_path / "addresses.csv"
    listed.write_text(
        "name,what,access,url,page\n"
        f"gpci,indices,free,{server}/file/GPCI2026.zip,https://page.example\n"
        f"pairs,edits,licence,{server}/file/pairs.zip,https://accept.example\n",
        encoding="utf-8",
    )
    command = ["knowledge", "import", "--addresses", str(listed), "--from-url"]
    assert main([*command, "gpci", "pairs"]) == EXIT_INPUT
    assert "accept the terms at https://accept.example" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
    assert main([*command, "gpci"]) == EXIT_OK
    told = capsys.readouterr()
    assert "gpci 2026: imported" in told.out
    assert "bytes from https://127.0.0.1" in told.err
    assert ImportedTables(tmp_path / "home").editions("gpci")[0].rows == 109


def test_the_shipped_list_is_strict_and_unknown_names_are_told(tmp_path: Path) -> None:
    shipped = read_addresses()
    assert {row.access for row in shipped} == {"free", "licence"}
    with pytest.raises(TableError, match="not in the list of addresses; known are"):
        address_of("nothing", shipped)
    bad = tmp_path / "addresses.csv"
    bad.write_text("name,what,access,url,page\na,b,free,http://x.example/y.zip,https://p.example\n")
    with pytest.raises(TableError, match="the address is https"):
        read_addresses(bad)
