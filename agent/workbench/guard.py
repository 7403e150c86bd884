"""The workbench's door: its headers, its body limit, its words."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

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
    "cache-control": "no-store",
}
SECURE: Final = {**HEADERS, "strict-transport-security": "max-age=31536000"}


def guard() -> dict[str, Any]:
    """How :class:`agent.door.Door` stands before the workbench."""
    return {
        "log": log,
        "largest": LARGEST_BODY,
        "headers": _headers,
        "too_large": _too_large,
        "lost": _lost,
    }


def _headers(scheme: str) -> Mapping[str, str]:
    return SECURE if scheme == "https" else HEADERS


def _too_large() -> Response:
    return PlainTextResponse("The request is too large.", status_code=413)


def _lost() -> Response:
    return PlainTextResponse(LOST, status_code=500)
