"""What training costs, as far as list prices are known (``costs.csv``); what is not known is said, never guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from knowledge.tables import read_csv

CHARACTERS_A_TOKEN: Final = 4
"""A rule of thumb for English; Bedrock bills what its own tokenizer counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """A list price in US dollars; None where none is known to us."""

    item: str
    unit: str
    usd: Decimal | None
    source: str
    date: str


def costs() -> dict[str, Cost]:
    """The price table by item.

    Raises:
        TableError: it is not as described.
    """
    return {row.item: row for row in read_csv(Path(__file__).with_name("costs.csv"), Cost)}


def estimate(manifest: dict[str, Any], name: str, epochs: int) -> Iterator[str]:
    """What a job over a format of an export comes to, a line an item.

    Args:
        manifest: of the export.
        name: the format.
        epochs: passes over the data.
    """
    table = costs()
    files = {k: v for k, v in manifest["files"].items() if k.startswith(f"{name}/")}
    size = sum(v["bytes"] for v in files.values())
    tokens = files[f"{name}/train.jsonl"]["bytes"] // CHARACTERS_A_TOKEN * epochs
    amounts = {
        "training_tokens": Decimal(tokens) / 1000,
        "s3_put": Decimal(len(files)),
        "s3_gb_month": Decimal(size) / 10**9,
    }
    yield f"about {tokens:,} tokens trained ({epochs} epochs; {CHARACTERS_A_TOKEN} characters a token)"
    for item, row in table.items():
        if row.usd is None:
            yield f"{item}: unknown here, {row.unit}; see {row.source}"
        elif item in amounts:
            yield f"{item}: {amounts[item] * row.usd:.6f} USD ({row.usd} a {row.unit}, {row.date})"
        else:
            yield f"{item}: {row.usd} USD a {row.unit} ({row.date})"
