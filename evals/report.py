"""report.html of a run, compare.html of two: self-contained pages with charts, and every case with a fault told whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from evals import charts
from evals.charts import percent
from evals.compare import Comparison
from evals.results import CaseResult
from evals.scorers import severity
from evals.tables import said_p, span

Json = dict[str, Any]
_RATES = (
    ("diagnoses: must recall", "icd10", "must_recall"),
    ("diagnoses: may precision", "icd10", "may_precision"),
    ("diagnoses: F1", "icd10", "f1"),
    ("diagnoses: strict F1", "icd10", "strict_f1"),
    ("diagnoses: 3-character F1", "icd10", "f1_3char"),
    ("diagnoses: hierarchical F1", "icd10", "f1_hierarchical"),
    ("diagnoses: order", "icd10", "sequence"),
    ("first-listed", "icd10", "first_listed"),
    ("visit: exact", "em", "exact"),
    ("visit: within one level", "em", "within_one"),
    ("visit: over-coded", "em", "over"),
    ("visit: under-coded", "em", "under"),
    ("visit: MDM elements", "mdm", "elements"),
    ("lines: precision", "lines", "precision"),
    ("lines: recall", "lines", "recall"),
    ("lines: F1", "lines", "f1"),
    ("units", "units", "accuracy"),
    ("modifiers: precision", "modifiers", "precision"),
    ("modifiers: recall", "modifiers", "recall"),
    ("links: accuracy", "links", "accuracy"),
    ("rejected: recall", "rejected", "recall"),
    ("queries: recall", "queries", "recall"),
    ("opportunities: recall", "opportunities", "recall"),
    ("claims: clean", "claim", "clean"),
    ("claims: right payment", "claim", "right_payment"),
)


def render_report(
    summary: Mapping[str, Any],
    results: Sequence[CaseResult],
    notes: Mapping[str, str],
    others: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Render the page of a run.

    Args:
        summary: of the run.
        results: its cases.
        notes: the notes by case id.
        others: summaries of other solvers on the same cases, shown beside this one.
    """
    wrong = sorted(
        (r for r in results if not r.score.perfect), key=lambda r: (-severity(r.score).weight, r.id)
    )
    pairs = [(j.confidence, j.right) for r in results for j in r.score.confidence]
    return _template("report.html").render(
        s=summary,
        tiles=_tiles(summary),
        bars=Markup(charts.bars(_rates(summary))),  # noqa: S704 - charts escape what they print
        groups=Markup(charts.groups(_groups(summary))),  # noqa: S704
        curve=Markup(charts.calibration(pairs)) if pairs else "",  # noqa: S704
        over_under=Markup(charts.over_under(_over_under(summary))),  # noqa: S704
        solvers=_solvers([summary, *others]) if others else [],
        scatter=Markup(charts.cost_accuracy(_points([summary, *others]))) if others else "",  # noqa: S704
        often=_often(results),
        rules=_rules(summary),
        wrong=[_shown(r, notes.get(r.id, "")) for r in wrong],
        percent=percent,
    )


def render_comparison(found: Comparison, before: str, after: str, notes: Mapping[str, str]) -> str:
    """Render the page of two runs; ``before`` and ``after`` are their names."""
    rows = [(r.rate, r.before, r.after, r.significant) for r in found.rates]
    return _template("compare.html").render(
        c=found,
        before=before,
        after=after,
        chart=Markup(charts.changes(rows)) if rows else "",  # noqa: S704
        moved=[m.model_dump(mode="json") for m in found.moved],
        notes=notes,
        said_p=said_p,
    )


def _template(name: str) -> Template:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    ).get_template(name)


def _tiles(s: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    must_not, calibration, claim = s["must_not"], s["calibration"], s["claim"]
    ece = calibration["ece"]
    return [
        ("without a fault", f"{s['perfect_cases']}", f"of {s['cases']} cases"),
        ("diagnoses F1", percent(s["icd10"]["f1"]), f"strict {percent(s['icd10']['strict_f1'])}"),
        ("first-listed", percent(s["icd10"]["first_listed"]), ""),
        ("visit exact", percent(s["em"]["exact"]), f"of {s['em']['scored']}"),
        ("lines F1", percent(s["lines"]["f1"]), f"links {percent(s['links']['accuracy'])}"),
        (
            "must not",
            str(must_not["violations"]),
            f"of {must_not['of']} · {s['fabricated_codes']} fabricated",
        ),
        ("evidence verified", percent(s["evidence_verified"]), ""),
        ("clean claims", percent(claim["clean"]), f"right payment {percent(claim['right_payment'])}"),
        ("severity", _number(claim["severity"], ".2f"), f"{claim['paying_faults']} faults change payment"),
        ("calibration error", _number(ece, ".3f"), f"{calibration['codes']} codes"),
        ("median", f"{s['latency_ms']['p50'] or 0:.0f} ms", f"p95 {s['latency_ms']['p95'] or 0:.0f} ms"),
        ("cost", f"{s['cost_usd']:.2f} USD", f"{s['tokens']:,} tokens"),
    ]


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _rates(s: Mapping[str, Any]) -> list[tuple[str, float, Any]]:
    return [(t, s[g][n], s[g]["ci95"][n]) for t, g, n in _RATES if s[g][n] is not None]


def _groups(s: Mapping[str, Any]) -> list[tuple[str, Json]]:
    parts = s["breakdown"]
    return [*parts["dataset"].items(), *parts["specialty"].items()]


def _over_under(s: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    rows = [("visits", s["em"]["over"] or 0.0, s["em"]["under"] or 0.0)]
    if s["claim"]["over"] is not None:
        rows.append(("money of gold", s["claim"]["over"], s["claim"]["under"]))
    lines = s["lines"]
    if lines["precision"] is not None and lines["recall"] is not None:
        rows.append(("lines", 1 - lines["precision"], 1 - lines["recall"]))
    return rows


def _rules(s: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Rules under which something is wrong first, then the most frequent."""
    rules = s["breakdown"]["rule"].items()
    return sorted(rules, key=lambda kv: (kv[1]["perfect"], -kv[1]["cases"], kv[0]))[:20]


def _solvers(summaries: Sequence[Mapping[str, Any]]) -> list[Json]:
    shown = [row for row in _RATES if any(s[row[1]][row[2]] is not None for s in summaries)]
    return [
        {"name": title, "cells": [_cell(s, group, rate) for s in summaries]} for title, group, rate in shown
    ]


def _cell(s: Mapping[str, Any], group: str, rate: str) -> tuple[str, str]:
    return percent(s[group][rate]), span(s[group]["ci95"][rate])


def _points(summaries: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, float, Any]]:
    return [
        (s["solver"], s["cost_usd"] / max(1, s["cases"]), s["icd10"]["f1"], s["icd10"]["ci95"]["f1"])
        for s in summaries
        if s["icd10"]["f1"] is not None
    ]


def _shown(result: CaseResult, note: str) -> Json:
    found = severity(result.score)
    return {
        **result.model_dump(mode="json"),
        "weight": found.weight,
        "paying": found.paying,
        "note": Markup(highlighted(note, result.spans)),  # noqa: S704 - escaped piece by piece
    }


def highlighted(note: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """The note as HTML with its evidence marked; the codes that cite a passage are its tooltip and stand behind it."""
    spans = [span for span in spans if span[1] <= len(note)]
    edges = sorted({0, len(note), *(edge for start, end, _ in spans for edge in (start, end))})
    parts = []
    for start, end in pairwise(edges):
        codes = list(dict.fromkeys(code for a, b, code in spans if a <= start and end <= b))
        text = escape(note[start:end])
        ends = [code for code in codes if any(b == end and code == c for _, b, c in spans)]
        tag = f"<sup>{escape(' '.join(ends))}</sup>" if ends else ""
        parts.append(f'<mark title="{escape(", ".join(codes))}">{text}</mark>{tag}' if codes else text)
    return "".join(parts)


def _often(results: Sequence[CaseResult]) -> list[tuple[str, list[tuple[str, int]]]]:
    missed: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for result in results:
        for score in (result.score.icd10, result.score.lines):
            if score is not None:
                missed.update(score.missed)
                extra.update(score.extra)
    return [("missed", missed.most_common(15)), ("extra", extra.most_common(15))]
