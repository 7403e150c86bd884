"""What 1,000 encounters cost on AWS, by model, from list prices as data; prints the tables of docs/aws.md.

``python -m evals.benchmarks.aws_cost``. Tokens are those of the embedded coder's own conversations over the shipped encounters
(prompt, tools, tool answers, turns), at four characters a token: what a Bedrock model would be sent if it worked the same way.
No Bedrock call was measured. AWS's part is counted from the code (requests an encounter makes) and from measured seconds.
"""

import csv
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage

from agent.models.prices import Price, prices
from agent.policy import Policy
from agent.run import code_encounter, make_context
from agent.settings import load_settings
from tools import load_tools

ENCOUNTERS = Path(__file__).resolve().parents[1] / "encounters"
CHARACTERS_PER_TOKEN = 4
SECONDS = {"rules": Decimal("1.0"), "model": Decimal(45)}
"""Billed seconds of the function. rules: 0.1 s of a processor measured, the rest is S3 and DynamoDB (assumed); model: assumed."""
MEMORY_GB = Decimal(2)
USED = {
    "lambda_request": Decimal(1),
    "state_transition": Decimal("4.2"),
    "s3_put": Decimal(8),
    "s3_get": Decimal(1),
    "dynamodb_write": Decimal(40),
    "dynamodb_read": Decimal(12),
    "kms_request": Decimal(3),
    "event": Decimal(1),
    "log_gb": Decimal("0.0000015"),
}
"""What one member of a batch uses. Transitions: item, task, choice, end, and its share of the batch. Writes: row 3, emission and
audit 8, answer 2, lease 2, checkpoint 25 (assumed: compressed, 1 KB a unit)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """Of one encounter: read for the first time, read again from the cache, written."""

    fresh: float
    cached: float
    output: float
    turns: float


def main() -> int:
    """Measure and print two tables."""
    said = [_tokens(messages) for messages in _conversations()]
    each = Tokens(**{n: statistics.mean(getattr(t, n) for t in said) for n in Tokens.__slots__})
    out = sys.stdout.write
    out(
        f"{len(said)} encounters: {each.turns:.1f} turns; {each.fresh:,.0f} tokens read first, {each.cached:,.0f} again,"
    )
    out(f" {each.output:,.0f} written an encounter\n\n")
    out(
        "| model | tokens, no cache | tokens, prompt cache | AWS | together, with cache |\n|---|---|---|---|---|\n"
    )
    aws = {kind: 1000 * aws_cost(seconds) for kind, seconds in SECONDS.items()}
    out(f"| rules | 0.00 | 0.00 | {aws['rules']:.2f} | {aws['rules']:.2f} |\n")
    for price in sorted(prices(), key=lambda p: p.input, reverse=True):
        plain, cached = (
            1000 * token_cost(each, price, cache=False),
            1000 * token_cost(each, price, cache=True),
        )
        out(
            f"| {price.prefix} | {plain:,.2f} | {cached:,.2f} | {aws['model']:.2f} | {cached + aws['model']:,.2f} |\n"
        )
    return 0


def aws_cost(seconds: Decimal) -> Decimal:
    """US dollars of AWS's services for one member of a batch."""
    listed = aws_prices()
    used = {**USED, "lambda_gb_second": seconds * MEMORY_GB}
    return sum((listed[name] * amount for name, amount in used.items()), Decimal(0))


def aws_prices() -> dict[str, Decimal]:
    """The price table, by item."""
    text = (files("agent.aws") / "prices.csv").read_text(encoding="utf-8")
    return {row["item"]: Decimal(row["usd"]) for row in csv.DictReader(text.splitlines())}


def token_cost(tokens: Tokens, price: Price, *, cache: bool) -> Decimal:
    """US dollars of the tokens of one encounter."""
    fresh, again, written = (Decimal(str(x)) for x in (tokens.fresh, tokens.cached, tokens.output))
    read = again * (price.cache_read if cache else price.input)
    first = fresh * (price.cache_write if cache else price.input)
    return (read + first + written * price.output) / 1_000_000


def _conversations() -> Iterator[Sequence[BaseMessage]]:
    context = make_context(load_settings(), policy=Policy(accept_derived_charges=True), pdf=False)
    for file in sorted(ENCOUNTERS.glob("*.json")):
        yield code_encounter(file, context=context).state["messages"]


def _tokens(messages: Sequence[BaseMessage]) -> Tokens:
    """Each turn reads everything before it; what the turn before had read comes from the cache."""
    sent, before, fresh, cached, output, turns = _tool_characters(), 0, 0, 0, 0, 0
    for message in messages:
        if isinstance(message, AIMessage):
            turns += 1
            fresh += sent - before
            cached += before
            before = sent
            output += _characters(message)
        sent += _characters(message)
    each = CHARACTERS_PER_TOKEN
    return Tokens(fresh=fresh / each, cached=cached / each, output=output / each, turns=turns)


def _characters(message: BaseMessage) -> int:
    calls: Any = message.tool_calls if isinstance(message, AIMessage) else []
    return len(str(message.text)) + len(orjson.dumps([[c["name"], c["args"]] for c in calls], default=str))


def _tool_characters() -> int:
    return sum(
        len(t.name) + len(t.description) + len(orjson.dumps(t.args, default=str)) for t in load_tools()
    )


if __name__ == "__main__":
    sys.exit(main())
