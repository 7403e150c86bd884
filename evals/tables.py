"""What the evaluation prints: the contract's table with intervals, several solvers side by side, a comparison."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.charts import percent
from evals.compare import Comparison

_SHOWN = (
    (
        "icd10",
        ("must_recall", "may_precision", "f1", "strict_f1", "f1_3char", "f1_hierarchical", "first_listed"),
    ),
    ("em", ("exact", "within_one", "over", "under")),
    ("lines", ("precision", "recall", "f1")),
    ("modifiers", ("precision", "recall")),
    ("units", ("accuracy",)),
    ("links", ("accuracy",)),
    ("claim", ("clean", "right_payment", "over", "under")),
)
_WHERE_SCORED = (
    ("icd10", ("sequence",)),
    ("mdm", ("elements",)),
    ("rejected", ("recall",)),
    ("queries", ("recall",)),
    ("opportunities", ("recall",)),
)


def print_summaries(summaries: Sequence[Mapping[str, Any]]) -> None:
    """The table of a run, a column a solver with its interval."""
    first = summaries[0]
    table = Table(title=f"{first['cases']} cases, commit {first['commit'] or 'unknown'}")
    table.add_column("", no_wrap=True)
    table.add_column("rate", no_wrap=True)
    for summary in summaries:
        table.add_column(_name(summary), no_wrap=True)
        table.add_column("95 % interval", no_wrap=True)
    for row in zip(*(list(_rows(s, summaries)) for s in summaries), strict=True):
        table.add_row(*row[0][:2], *(cell for one in row for cell in one[2:]))
    wide_console().print(table)


def wide_console() -> Console:
    """The terminal as it is; a file or pipe is wide enough that no figure is cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def _name(summary: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (summary.get("solver", ""), summary["model"]))) or "value"


def _rows(
    summary: Mapping[str, Any], summaries: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, str, str]]:
    said = [
        *_SHOWN,
        *((g, ns) for g, ns in _WHERE_SCORED if any(s[g][n] is not None for s in summaries for n in ns)),
    ]
    for group, names in said:
        for index, name in enumerate(names):
            rate, interval = summary[group][name], summary[group]["ci95"][name]
            yield "" if index else group, name, percent(rate), span(interval)
    yield from _whole_run(summary)


def _whole_run(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """The rows of the contract's table that speak of the whole run."""
    must_not, latency, severity = summary["must_not"], summary["latency_ms"], summary["claim"]["severity"]
    low_high = summary["claim"]["ci95"]["severity"]
    interval = f"{low_high[0]:.2f} to {low_high[1]:.2f}" if low_high else ""
    yield "severity", "weight of a case", "–" if severity is None else f"{severity:.2f}", interval
    yield "must_not", "violations", f"{must_not['violations']} of {must_not['of']}", span(must_not["ci95"])
    yield "codes", "fabricated", str(summary["fabricated_codes"]), ""
    for group, name in (("evidence", "evidence_verified"), ("blocked", "blocked_rate")):
        yield group, name, percent(summary[name]), span(summary["ci95"][name])
    for index, (kind, number) in enumerate(summary["held"].items()):
        yield "" if index else "held", kind, str(number), ""
    for index, name in enumerate(("ece", "brier", "auroc")):
        found = summary["calibration"][name]
        yield "" if index else "calibration", name, "–" if found is None else f"{found:.3f}", ""
    for index, (name, found) in enumerate(latency.items()):
        yield "" if index else "latency", name, "–" if found is None else f"{found:.0f} ms", ""
    speed = summary["encounters_per_s"]
    yield "speed", "encounters per second", "–" if speed is None else f"{speed:.2f}", ""
    yield "use", "tokens", f"{summary['tokens']:,}", ""
    yield "", "cost", f"{summary['cost_usd']:.2f} USD", ""
    yield "cases", "without a fault", str(summary["perfect_cases"]), ""
    yield "", "failed", str(summary["failed"]), ""
    yield "", "unscored, not run", f"{summary['unscored_cases']}, {summary['not_run']}", ""


def span(interval: Sequence[float] | None) -> str:
    """An interval as people read it."""
    return f"{percent(interval[0])} to {percent(interval[1])}" if interval else ""


def said_p(p: float) -> str:
    """A p-value as people write it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def print_comparison(found: Comparison) -> None:
    """Rates side by side, then every case whose decision moved."""
    table = Table("rate", "before", "after", "change", "95 % of the change", "")
    for r in found.rates:
        mark = "beyond chance" if r.significant else ""
        interval = f"{100 * r.ci95[0]:+.1f} to {100 * r.ci95[1]:+.1f}" if r.ci95 else ""
        change = f"{100 * r.change:+.1f}"
        table.add_row(r.rate, percent(r.before), percent(r.after), change, interval, mark)
    console = wide_console()
    console.print(table)
    p = "no case flipped" if found.p is None else f"McNemar's exact test {said_p(found.p)}"
    console.print(
        f"{len(found.moved)} of {found.cases} decisions moved; {found.better} cases became right, {found.worse} wrong ({p})"
    )
    for case in found.moved:
        console.print(f"  {case.verdict:<7}{case.id}: {'; '.join(case.what)}", markup=False, soft_wrap=True)
    for name, ids in (("before", found.only_before), ("after", found.only_after)):
        if ids:
            console.print(f"only {name}: {len(ids)} cases", markup=False)
