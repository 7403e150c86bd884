"""The ledger's figures as one page that needs nothing else: tiles and bars."""

from decimal import Decimal
from pathlib import Path

from agent.ledger.stats import Count, Stats
from knowledge.records import Record

_WIDEST = 330
_SHOWN = 48
_TONES = {
    "paid": "good",
    "accepted": "other",
    "denied": "bad",
    "rejected": "bad",
    "taken_back": "bad",
    "partly_paid": "wait",
}


class Bar(Record):
    """One bar: its label (shortened in ``short``), what stands beside it, its width in the drawing's units."""

    label: str
    short: str
    said: str
    width: int
    tone: str


class Chart(Record):
    """Bars under a title."""

    title: str
    rows: tuple[Bar, ...]


def stats_page(found: Stats) -> str:
    """The page as HTML; it holds no patient, only counts and money."""
    from jinja2 import Environment, StrictUndefined

    template = Path(__file__).with_name("templates") / "stats.html"
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(template.read_text("utf-8"))
    return page.render(tiles=_tiles(found), charts=[c for c in _charts(found) if c.rows])


def _tiles(found: Stats) -> list[tuple[str, str, str]]:
    rate = "-" if found.clean_claim_rate is None else f"{found.clean_claim_rate:.1%}"
    days = "-" if found.days_to_decision is None else f"{found.days_to_decision:.1f}"
    return [
        ("clean claims", rate, f"of {found.answered} answered; {found.claims} in all"),
        ("days to decision", days, "median, from sending to the payer's decision"),
        ("paid", f"${found.paid:,.0f}", f"of ${found.charged:,.0f} charged"),
        (
            "at stake",
            f"${found.denied + found.rejected + found.outstanding:,.0f}",
            "denied, rejected or waiting",
        ),
    ]


def _charts(found: Stats) -> list[Chart]:
    most = max(found.states.values(), default=1)
    states = tuple(
        _bar(name.replace("_", " "), str(count), Decimal(count) / most, _TONES.get(name, "wait"))
        for name, count in found.states.items()
    )
    money = [
        ("waiting", found.outstanding, "wait"),
        ("denied", found.denied, "bad"),
        ("rejected", found.rejected, "bad"),
    ]
    largest = max((value for _, value, _ in money), default=Decimal(0)) or Decimal(1)
    stake = tuple(_bar(name, f"${value:,.2f}", value / largest, tone) for name, value, tone in money if value)
    return [
        Chart(title="Where the claims stand", rows=states),
        Chart(title="Money at stake", rows=stake),
        Chart(title="Denied for", rows=_counted(found.by_reason)),
        Chart(title="Denied by", rows=_counted(found.by_payer)),
    ]


def _counted(counts: tuple[Count, ...]) -> tuple[Bar, ...]:
    most = max((count.charge for count in counts), default=Decimal(0)) or Decimal(1)
    return tuple(
        _bar(
            f"{count.name} {count.meaning}".strip(),
            f"${count.charge:,.2f} on {count.lines} line{'s' if count.lines != 1 else ''}",
            count.charge / most,
            "bad",
        )
        for count in counts
    )


def _bar(label: str, said: str, share: Decimal, tone: str) -> Bar:
    short = label if len(label) <= _SHOWN else f"{label[: _SHOWN - 1]}…"
    return Bar(label=label, short=short, said=said, width=max(2, round(share * _WIDEST)), tone=tone)
