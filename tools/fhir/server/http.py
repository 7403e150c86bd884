"""The service on a port of this machine (standard library; one thread a connection)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.fhir.rest.address import is_loopback
from tools.fhir.server.service import FhirService, Reply, Request

_MOST_BODY = 64_000_000


def _is_ours(host: str | None) -> bool:
    """True when the caller meant this machine: a web page of another name must not read the records here."""
    name = (host or "").rsplit(":", 1)[0].strip("[]")
    return is_loopback(name)


def _handler(service: FhirService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection; addresses and bodies hold patients' data and are not logged."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body go out in two writes

        def _answer(self) -> None:
            given = self.headers.get("Content-Length") or "0"
            if not _is_ours(self.headers.get("Host")):
                self._refuse(403)
                return
            if not given.isdigit() or int(given) > _MOST_BODY:
                self._refuse(413)
                return
            size = int(given)
            body = self.rfile.read(size)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = service.handle(Request(method=self.command, target=self.path, headers=headers, body=body))
            if reply.drop:
                self.close_connection = True
                return
            self._send(reply)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 # names of the standard library

        def _refuse(self, status: int) -> None:
            self.close_connection = True
            self._send(Reply(status=status))

        def _send(self, reply: Reply) -> None:
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Date" not in reply.headers:
                self.send_header("Date", self.date_time_string())
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def bind(port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A listening socket (0 takes a free port); give it a service by :func:`attach`."""
    return _Server((host, port), BaseHTTPRequestHandler)


def attach(server: ThreadingHTTPServer, service: FhirService) -> None:
    """Let the server answer by the service."""
    server.RequestHandlerClass = _handler(service)


@contextmanager
def running(service: FhirService, server: ThreadingHTTPServer) -> Iterator[None]:
    """Answer in a thread until the block ends."""
    attach(server, service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
