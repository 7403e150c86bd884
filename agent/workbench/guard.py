"""What stands before every request: headers, body limit, and a log line without ids, names or addresses."""

import logging
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.cli.errors import fault_line

log = logging.getLogger("superbill.workbench")

LOST: Final = "Something broke, and nothing was changed by it. Reload the page; the log says where."
LARGEST_BODY: Final = 2 * 1024 * 1024
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is too large, add the headers, log method, route, status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(scope, message)
            await send(message)

        try:
            if _too_large(scope):
                refusal = PlainTextResponse("The request is too large.", status_code=413)
                await refusal(scope, receive, sending)
            else:
                await self._met(scope, _limited(receive), sending)
        finally:
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %d %.0f ms", scope["method"], _route(scope), status, took)

    async def _met(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A fault of ours ends as a page of ours, and as one line without values: its message may hold a patient's data."""
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
                await PlainTextResponse(LOST, status_code=500)(scope, receive, send)


def _dress(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("strict-transport-security", "max-age=31536000")


def _too_large(scope: Scope) -> bool:
    length = Headers(scope=scope).get("content-length", "0")
    return not length.isdigit() or int(length) > LARGEST_BODY


def _limited(receive: Receive) -> Receive:
    """A body without a stated length ends as a broken connection when it passes the limit."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > LARGEST_BODY else message

    return receiving


def _route(scope: Scope) -> str:
    """The route's template (``/case/{token}``), never the path itself."""
    return str(getattr(scope.get("route"), "path", "(no route)"))
