"""The service on a port of this machine (standard library; one thread a connection)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.fhir.server.service import FhirService, Reply, Request

_MOST_BODY = 64_000_000


def _handler(service: FhirService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection; addresses and bodies hold patients' data and are not logged."""

        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            if size > _MOST_BODY:
                self._send(Reply(status=413))
                return
            body = self.rfile.read(size)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = service.handle(Request(method=self.command, target=self.path, headers=headers, body=body))
            if reply.drop:
                self.close_connection = True
                return
            self._send(reply)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 # names of the standard library

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
