"""The service's door: every request is counted and timed under its route's template."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from agent.api.metrics import Metrics

log = logging.getLogger("superbill.api")
LARGEST_BODY: Final = 32_000_000
LOST: Final = "a fault of ours; nothing was changed by it, and the log says where"
HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def counter(metrics: Metrics) -> dict[str, Any]:
    """How :class:`agent.door.Door` stands before the service."""

    def told(method: str, route: str, status: int, seconds: float) -> None:
        metrics.requests.labels(method, route, str(status)).inc()
        metrics.seconds.labels(route).observe(seconds)

    return {
        "log": log,
        "largest": LARGEST_BODY,
        "headers": _headers,
        "too_large": _too_large,
        "lost": _lost,
        "told": told,
    }


def _headers(_: str) -> Mapping[str, str]:
    return HEADERS


def _too_large() -> Response:
    return JSONResponse({"error": f"over the limit of {LARGEST_BODY:,} bytes"}, status_code=413)


def _lost() -> Response:
    return JSONResponse({"error": LOST}, status_code=500)
