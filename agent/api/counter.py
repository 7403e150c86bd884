"""The counter at the door: every request is counted and timed under its route's template, refused when too large."""

import logging
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.metrics import Metrics
from agent.cli.errors import fault_line

log = logging.getLogger("superbill.api")
LARGEST_BODY: Final = 32_000_000
LOST: Final = "a fault of ours; nothing was changed by it, and the log says where"


class Counter:
    """ASGI middleware around the whole service."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Meet one request; log method, route, status and time, never an id or a value."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", "no-store")
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
            await send(message)

        try:
            length = Headers(scope=scope).get("content-length", "0")
            if not length.isdigit() or int(length) > LARGEST_BODY:
                refusal = JSONResponse(
                    {"error": f"over the limit of {LARGEST_BODY:,} bytes"}, status_code=413
                )
                await refusal(scope, receive, sending)
            else:
                await self._met(scope, _limited(receive), sending)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    async def _met(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the outermost boundary: the server would print the message
            log.error("%s", fault_line(error))
            if not begun:
                await JSONResponse({"error": LOST}, status_code=500)(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = str(getattr(scope.get("route"), "path", "(no route)"))
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        log.info("%s %s %d %.0f ms", scope["method"], route, status, seconds * 1000)


def _limited(receive: Receive) -> Receive:
    """A body without a stated length ends as a broken connection when it passes the limit."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > LARGEST_BODY else message

    return receiving
