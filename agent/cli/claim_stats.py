"""The tables of ``superbill claim stats``."""

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from agent.ledger.stats import Count, Stats


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
