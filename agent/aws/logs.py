"""Structured logs and CloudWatch metrics (embedded metric format) on stdout, without PHI: only named fields, only safe ones."""

import sys
import time

import orjson

FIELDS = frozenset(
    {
        "action",
        "answer",
        "code",
        "cost_usd",
        "duplicate",
        "error",
        "exit",
        "function",
        "input_tokens",
        "model",
        "output_tokens",
        "request",
        "run",
        "seconds",
        "status",
        "tenant",
        "turns",
    }
)
"""What a log line may say. No encounter id, no address, no message: those may name a person."""
METRICS = {
    "Seconds": "Seconds",
    "InputTokens": "Count",
    "OutputTokens": "Count",
    "CostUsd": "None",
    "Encounters": "Count",
    "Failures": "Count",
}


def log(action: str, **fields: object) -> None:
    """One JSON line.

    Raises:
        ValueError: a field that is not on the list.
    """
    if unknown := sorted(set(fields) - FIELDS):
        raise ValueError(f"{unknown[0]}: no field of the log; see agent.aws.logs.FIELDS")
    _write({"time": round(time.time(), 3), "action": action, **fields})


def metrics(values: dict[str, float], *, model: str, status: str) -> None:
    """One line that CloudWatch turns into metrics of the namespace Superbill, by model and status."""
    listed = [{"Name": name, "Unit": METRICS[name]} for name in values]
    directive = {"Namespace": "Superbill", "Dimensions": [["Model", "Status"], ["Status"]], "Metrics": listed}
    head = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}}
    _write({**head, "Model": model, "Status": status, **values})


def _write(said: dict[str, object]) -> None:
    sys.stdout.write(orjson.dumps(said).decode() + "\n")
    sys.stdout.flush()
