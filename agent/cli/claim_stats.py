"""``superbill claim stats``: tables, JSON and the page with charts."""

import argparse
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table

from agent.cli.errors import EXIT_OK
from agent.cli.files import write_file

if TYPE_CHECKING:
    from agent.ledger.ledger import Ledger
    from agent.ledger.stats import Count, Stats


def print_figures(options: argparse.Namespace, ledger: "Ledger") -> int:
    """Print the figures of the ledger."""
    from agent.ledger.stats import stats
    from agent.ledger.stats_page import stats_page

    found = stats(ledger)
    if options.html:
        write_file(options.html, stats_page(found).encode())
    if options.json:
        sys.stdout.write(orjson.dumps(_numbers(found.model_dump())).decode() + "\n")
        return EXIT_OK
    print_stats(found)
    return EXIT_OK


def _numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list | tuple) else value


def print_stats(found: "Stats") -> None:
    """Print measures, then denials by reason and by payer with a bar each."""
    console = Console()
    table = Table("measure", "value")
    rate = "-" if found.clean_claim_rate is None else f"{found.clean_claim_rate:.1%} of {found.answered}"
    days = "-" if found.days_to_decision is None else f"{found.days_to_decision:.1f}"
    table.add_row("claims", str(found.claims))
    for state, count in found.states.items():
        table.add_row(f"  {state}", str(count))
    for name, value in (("clean claims", rate), ("median days to decision", days)):
        table.add_row(name, value)
    for name in ("charged", "paid", "outstanding", "rejected", "denied"):
        table.add_row(f"{name} $", f"{getattr(found, name):,.2f}")
    table.add_row("unmatched replies", str(found.unmatched))
    console.print(table)
    for title, counts in (("denied for", found.by_reason), ("denied by", found.by_payer)):
        if counts:
            console.print(_breakdown(title, counts))


def _breakdown(title: str, counts: "tuple[Count, ...]") -> Table:
    table = Table(title, "lines", "charge $", "")
    most = max(count.charge for count in counts) or Decimal(1)
    for count in counts:
        bar = "█" * max(1, round(20 * count.charge / most))
        table.add_row(f"{count.name} {count.meaning}".strip(), str(count.lines), f"{count.charge:,.2f}", bar)
    return table
