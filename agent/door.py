"""What stands before every request of a web face: headers, body limit, and a log line without ids, names or addresses."""

import logging
import time
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.cli.errors import fault_line

Told = Callable[[str, str, int, float], None]


class Door:
    """ASGI middleware around a whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: logging.Logger,
        largest: int,
        headers: Callable[[str], Mapping[str, str]],
        too_large: Callable[[], Response],
        lost: Callable[[], Response],
        told: Told | None = None,
    ) -> None:
        """Stand before ``app``.

        Args:
            app: the application.
            log: hears method, route, status and time of each request.
            largest: bytes of the largest body.
            headers: of every answer that does not set them itself, by the request's scheme.
            too_large: the answer to a larger body.
            lost: the answer to a fault of ours.
            told: hears method, route, status and seconds too.
        """
        self._app, self._log, self._largest = app, log, largest
        self._headers, self._too_large, self._lost = headers, too_large, lost
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is too large, add the headers, tell method, route, status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope["scheme"]).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            length = Headers(scope=scope).get("content-length", "0")
            if not length.isdigit() or int(length) > self._largest:
                await self._too_large()(scope, receive, sending)
            else:
                await self._met(scope, _limited(receive, self._largest), sending)
        finally:
            self._tell(scope["method"], _route(scope), status, time.perf_counter() - started)

    async def _met(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A fault of ours ends as an answer of ours, and as one line without values: its message may hold a patient's data."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the outermost boundary: the server would print the message
            self._log.error("%s", fault_line(error))
            if not begun:
                await self._lost()(scope, receive, send)

    def _tell(self, method: str, route: str, status: int, seconds: float) -> None:
        if self._told is not None:
            self._told(method, route, status, seconds)
        self._log.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)


def _limited(receive: Receive, largest: int) -> Receive:
    """A body without a stated length ends as a broken connection when it passes the limit."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > largest else message

    return receiving


def _route(scope: Scope) -> str:
    """The route's template (``/case/{token}``), never the path itself."""
    return str(getattr(scope.get("route"), "path", "(no route)"))
