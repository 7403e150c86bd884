"""Prometheus figures: counts and times, without ids, names or practices."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one application; each has a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "superbill_http_requests", "Requests met", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "superbill_http_seconds",
            "Seconds to meet a request",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.encounters = Counter(
            "superbill_encounters", "Encounters coded", ("outcome",), registry=self._registry
        )
        self.waiting = Gauge(
            "superbill_encounters_waiting", "Encounters queued or running", registry=self._registry
        )
        self.decisions = Counter(
            "superbill_decisions", "Decisions by people", ("action",), registry=self._registry
        )

    def text(self) -> bytes:
        """The figures in Prometheus's text form."""
        return generate_latest(self._registry)
