"""List prices of Bedrock models as data: what a run's tokens cost in US dollars."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from langchain_core.messages import AIMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """US dollars per million tokens; ``prefix`` is matched inside the model id."""

    prefix: str
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal


@cache
def prices() -> tuple[Price, ...]:
    """The price table, longest prefix first."""
    text = (files(__package__) / "prices.csv").read_text(encoding="utf-8")
    rows = [Price(prefix=r["prefix"], **_amounts(r)) for r in csv.DictReader(text.splitlines())]
    return tuple(sorted(rows, key=lambda p: -len(p.prefix)))


def _amounts(row: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(row[name]) for name in ("input", "output", "cache_read", "cache_write")}


def cost_usd(spec: str, reply: AIMessage) -> Decimal:
    """Cost of one reply; zero for ``rules`` and for models without a listed price."""
    used = reply.usage_metadata
    price = next((p for p in prices() if p.prefix in spec), None)
    if used is None or price is None:
        return Decimal(0)
    details = used.get("input_token_details", {})
    read, write = details.get("cache_read", 0) or 0, details.get("cache_creation", 0) or 0
    plain = max(used["input_tokens"] - read - write, 0)
    total = (
        plain * price.input
        + read * price.cache_read
        + write * price.cache_write
        + used["output_tokens"] * price.output
    )
    return (total / 1_000_000).quantize(Decimal("0.000001"))
