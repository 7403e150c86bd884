"""report.html of a run: one self-contained page with the rates, the calibration and every case with a fault."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evals.metrics import reliability
from evals.results import CaseResult

_WIDTH, _ROW, _LEFT = 760, 24, 190
_RATES = (
    ("diagnoses: must recall", "icd10", "must_recall"),
    ("diagnoses: may precision", "icd10", "may_precision"),
    ("diagnoses: F1", "icd10", "f1"),
    ("diagnoses: strict F1", "icd10", "strict_f1"),
    ("diagnoses: 3-character F1", "icd10", "f1_3char"),
    ("first-listed", "icd10", "first_listed"),
    ("visit: exact", "em", "exact"),
    ("visit: within one level", "em", "within_one"),
    ("visit: over-coded", "em", "over"),
    ("visit: under-coded", "em", "under"),
    ("lines: precision", "lines", "precision"),
    ("lines: recall", "lines", "recall"),
    ("lines: F1", "lines", "f1"),
    ("modifiers: precision", "modifiers", "precision"),
    ("modifiers: recall", "modifiers", "recall"),
    ("links: accuracy", "links", "accuracy"),
)


def render_report(summary: Mapping[str, Any], results: Sequence[CaseResult], notes: Mapping[str, str]) -> str:
    """Render the page of a run; ``notes`` are the notes by case id."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    wrong = sorted((r for r in results if not r.score.perfect), key=lambda r: (-len(r.why), r.id))
    pairs = [(j.confidence, j.right) for r in results for j in r.score.confidence]
    return environment.get_template("report.html").render(
        s=summary,
        tiles=_tiles(summary),
        bars=Markup(_bars(summary)),  # noqa: S704 - numbers and our own words only
        curve=Markup(_curve(pairs)) if pairs else "",  # noqa: S704 - numbers only
        often=_often(results),
        wrong=[r.model_dump(mode="json") for r in wrong],
        notes=notes,
    )


def percent(value: float | None) -> str:
    """A rate as people read it; a dash where nothing was scored."""
    return "–" if value is None else f"{100 * value:.1f} %"


def _tiles(s: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    must_not, calibration = s["must_not"], s["calibration"]
    ece = calibration["ece"]
    return [
        ("diagnoses F1", percent(s["icd10"]["f1"]), f"strict {percent(s['icd10']['strict_f1'])}"),
        ("first-listed", percent(s["icd10"]["first_listed"]), ""),
        ("visit exact", percent(s["em"]["exact"]), f"of {s['em']['scored']}"),
        ("lines F1", percent(s["lines"]["f1"]), ""),
        ("links", percent(s["links"]["accuracy"]), ""),
        ("must not", str(must_not["violations"]), f"of {must_not['of']}"),
        ("fabricated", str(s["fabricated_codes"]), "codes"),
        ("evidence verified", percent(s["evidence_verified"]), ""),
        ("calibration error", "–" if ece is None else f"{ece:.3f}", f"{calibration['codes']} codes"),
        ("median", f"{s['latency_ms']['p50'] or 0:.0f} ms", f"p95 {s['latency_ms']['p95'] or 0:.0f} ms"),
        ("without a fault", str(s["perfect_cases"]), f"of {s['cases']} cases"),
    ]


def _bars(summary: Mapping[str, Any]) -> str:
    rows = [(t, summary[g][n], summary[g]["ci95"][n]) for t, g, n in _RATES if summary[g][n] is not None]
    span = _WIDTH - _LEFT - 70
    parts = [_bar(i, *row, span) for i, row in enumerate(rows)]
    height = _ROW * len(rows) + 8
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" aria-label="rates with 95 % intervals" '
        f'font-size="13" font-family="system-ui,sans-serif">{"".join(parts)}</svg>'
    )


def _bar(index: int, title: str, value: float, interval: tuple[float, float] | None, span: int) -> str:
    y = index * _ROW + 4
    middle = y + 8
    whisker = ""
    if interval:
        low, high = (_LEFT + span * edge for edge in interval)
        whisker = (
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {y + 4}v8M{high:.1f} {y + 4}v8" '
            'stroke="#1c2330" fill="none"/>'
        )
    return (
        f'<text x="0" y="{y + 13}" fill="#1c2330">{title}</text>'
        f'<rect x="{_LEFT}" y="{y}" width="{span}" height="16" fill="#eef1f5"/>'
        f'<rect x="{_LEFT}" y="{y}" width="{span * value:.1f}" height="16" fill="#8fb7d3"/>{whisker}'
        f'<text x="{_LEFT + span + 8}" y="{y + 13}" fill="#1c2330">{percent(value)}</text>'
    )


def _curve(pairs: Sequence[tuple[float, bool]]) -> str:
    size, pad = 300, 30
    most = max(n for _, _, n in reliability(pairs))

    def at(x: float, y: float) -> tuple[float, float]:
        return pad + size * x, pad + size * (1 - y)

    dots = "".join(
        '<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="#2f6f9f" fill-opacity=".7"/>'.format(
            *at(confidence, right), 3 + 9 * (n / most) ** 0.5
        )
        for confidence, right, n in reliability(pairs)
    )
    whole = size + 2 * pad
    return (
        f'<svg viewBox="0 0 {whole} {whole}" width="{whole}" role="img" aria-label="calibration" font-size="12" '
        f'font-family="system-ui,sans-serif"><rect x="{pad}" y="{pad}" width="{size}" height="{size}" fill="#f7f8fa" '
        f'stroke="#d9dee7"/><path d="M{pad} {pad + size}L{pad + size} {pad}" stroke="#9aa4b5" '
        f'stroke-dasharray="4 4"/>{dots}<text x="{pad}" y="{whole - 8}" fill="#5b6577">confidence 0 to 1</text>'
        f'<text x="{pad}" y="{pad - 8}" fill="#5b6577">share right</text></svg>'
    )


def _often(results: Sequence[CaseResult]) -> list[tuple[str, list[tuple[str, int]]]]:
    missed: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for result in results:
        for score in (result.score.icd10, result.score.lines):
            if score is not None:
                missed.update(score.missed)
                extra.update(score.extra)
    return [("missed", missed.most_common(15)), ("extra", extra.most_common(15))]
