"""Charts as inline SVG: no script, no font, no network; every one has a title a screen reader says."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from evals.metrics import Interval, reliability

INK, SOFT, LINE, TRACK = "#1c2330", "#5b6577", "#d9dee7", "#eef1f5"
BLUE, PALE, GREEN, RED = "#2f6f9f", "#8fb7d3", "#2f7d4f", "#b3402a"
PALETTE = (BLUE, "#c77b30", "#6b5aa8", GREEN, RED)


def percent(value: float | None) -> str:
    """A rate as people read it; a dash where nothing was scored."""
    return "–" if value is None else f"{100 * value:.1f} %"


def svg(width: int, height: float, title: str, parts: Iterable[str], *, full: bool = True) -> str:
    """The frame of a chart."""
    size = f'width="100%" style="max-width:{width}px"' if full else f'width="{width}"'
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" {size} role="img" aria-label="{escape(title)}" font-size="13" '
        f'font-family="system-ui,sans-serif">{"".join(parts)}</svg>'
    )


def label(x: float, y: float, words: str, *, fill: str = INK, anchor: str = "start", size: int = 13) -> str:
    """Text of a chart."""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'


def bars(rows: Sequence[tuple[str, float, Interval | None]]) -> str:
    """A bar a rate with its 95 % interval as a whisker: title, rate, interval."""
    left, span, step = 190, 500, 24
    parts = [_bar(n * step + 4, left, span, *row) for n, row in enumerate(rows)]
    return svg(760, step * len(rows) + 8, "rates with 95 % intervals", parts)


def _bar(y: float, left: int, span: int, title: str, value: float, interval: Interval | None) -> str:
    drawn = _whisker(interval, y + 8, left, span) if interval else ""
    return (
        label(0, y + 13, title)
        + f'<rect x="{left}" y="{y}" width="{span}" height="16" rx="3" fill="{TRACK}"/>'
        + f'<rect x="{left}" y="{y}" width="{span * value:.1f}" height="16" rx="3" fill="{PALE}"/>{drawn}'
        + label(left + span + 8, y + 13, percent(value))
    )


def _whisker(interval: Sequence[float], y: float, left: float, span: float, colour: str = INK) -> str:
    low, high = (left + span * edge for edge in interval)
    return (
        f'<path d="M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8" '
        f'stroke="{colour}" fill="none"/>'
    )


def groups(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """F1 of the diagnoses and the share of cases without a fault, for each part of a run."""
    left, span, step = 230, 440, 34
    parts = [
        label(left, 12, "diagnoses F1", fill=BLUE),
        label(left + 110, 12, "cases without a fault", fill=GREEN),
    ]
    for n, (name, part) in enumerate(rows):
        y = 22 + n * step
        parts.append(label(0, y + 15, f"{name[:26]} ({part['cases']})"))
        pairs = ((part["icd10_f1"], BLUE, None), (part["perfect"], GREEN, part["ci95"]))
        for k, (value, colour, interval) in enumerate(pairs):
            top = y + 12 * k
            parts.append(f'<rect x="{left}" y="{top}" width="{span}" height="9" rx="2" fill="{TRACK}"/>')
            if value is not None:
                parts.append(
                    f'<rect x="{left}" y="{top}" width="{span * value:.1f}" height="9" rx="2" fill="{colour}" '
                    'fill-opacity=".75"/>'
                )
            parts.append(_whisker(interval, top + 4.5, left, span) if interval else "")
            parts.append(label(left + span + 8, top + 9, percent(value), size=11, fill=colour))
    return svg(760, 26 + step * len(rows), "parts of the run", parts)


def calibration(pairs: Sequence[tuple[float, bool]]) -> str:
    """Confidence against the share that was right; the area of a dot is the number of codes."""
    size, pad = 280, 34
    bins = reliability(pairs)
    most = max(n for _, _, n in bins)
    dots = [
        f'<circle cx="{pad + size * c:.1f}" cy="{pad + size * (1 - r):.1f}" r="{3 + 9 * (n / most) ** 0.5:.1f}" '
        f'fill="{BLUE}" fill-opacity=".7"><title>{n} codes: said {percent(c)}, right {percent(r)}</title></circle>'
        for c, r, n in bins
    ]
    frame = (
        f'<rect x="{pad}" y="{pad}" width="{size}" height="{size}" fill="#f7f8fa" stroke="{LINE}"/>'
        f'<path d="M{pad} {pad + size}L{pad + size} {pad}" stroke="#9aa4b5" stroke-dasharray="4 4"/>'
    )
    words = (
        label(pad, size + 2 * pad - 8, "confidence, 0 to 1", fill=SOFT)
        + label(pad, pad - 10, "share right", fill=SOFT)
    )  # fmt: skip
    return svg(size + 2 * pad, size + 2 * pad, "calibration", [frame, *dots, words], full=False)


def over_under(rows: Sequence[tuple[str, float, float]]) -> str:
    """Over-coding to the right, under-coding to the left of a common zero: title, over, under as shares."""
    most = max((max(o, u) for _, o, u in rows), default=0.0) or 1.0
    left, middle, half, step = 170, 445, 190, 30
    parts = [
        label(middle - 6, 14, "under", fill=BLUE, anchor="end"),
        label(middle + 6, 14, "over", fill=RED),
    ]
    for n, (title, over, under) in enumerate(rows):
        y = 24 + n * step
        wide, back = half * over / most, half * under / most
        parts += [
            label(0, y + 14, title),
            f'<rect x="{left + 85}" y="{y}" width="{2 * half}" height="20" rx="3" fill="{TRACK}"/>',
            f'<rect x="{middle - back:.1f}" y="{y}" width="{back:.1f}" height="20" fill="{BLUE}"/>',
            f'<rect x="{middle}" y="{y}" width="{wide:.1f}" height="20" fill="{RED}"/>',
            label(left + 78, y + 14, percent(under), anchor="end", fill=BLUE),
            label(middle + half + 8, y + 14, percent(over), fill=RED),
        ]
    height = 24 + step * len(rows)
    parts.append(f'<path d="M{middle} 20V{height}" stroke="{INK}"/>')
    return svg(760, height + 4, "over- and under-coding", parts)


def cost_accuracy(points: Sequence[tuple[str, float, float, Interval | None]]) -> str:
    """Solvers by cost of a case (log scale; free ones at the left edge) and diagnoses F1: name, USD, F1, interval."""
    left, top, wide, high = 60, 34, 690, 240
    paid = [cost for _, cost, _, _ in points if cost > 0]
    low = math.floor(math.log10(min(paid))) if paid else -3
    top_power = max(math.ceil(math.log10(max(paid))) if paid else low + 1, low + 1)
    parts = [f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" fill="#f7f8fa" stroke="{LINE}"/>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + high * (1 - share)
        parts.append(f'<path d="M{left} {y:.1f}h{wide}" stroke="{LINE}"/>' + label(left - 8, y + 4, f"{share:g}", anchor="end", fill=SOFT))  # fmt: skip
    for n, (name, cost, accuracy, interval) in enumerate(points):
        x = (
            left + 14
            if cost <= 0
            else left + 40 + (wide - 330) * (math.log10(cost) - low) / (top_power - low)
        )
        y = top + high * (1 - accuracy)
        colour = PALETTE[n % len(PALETTE)]
        if interval:
            a, b = (top + high * (1 - edge) for edge in interval)
            parts.append(f'<path d="M{x:.1f} {a:.1f}V{b:.1f}" stroke="{colour}"/>')
        said = "free" if cost <= 0 else f"{cost:.4f} USD"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')
        parts.append(
            label(x + 12, y + (4 if n % 2 == 0 else 18), f"{name} ({said}, F1 {accuracy:.3f})", fill=colour)
        )
    parts.append(
        label(left, top + high + 22, "cost of a case (logarithmic; free at the left edge)", fill=SOFT)
    )
    parts.append(label(left, top - 16, "diagnoses F1", fill=SOFT))
    return svg(760, top + high + 32, "cost against accuracy", parts)


LOWER_IS_BETTER = (".over", ".under")


def changes(rows: Sequence[tuple[str, float, float, bool]]) -> str:
    """Two runs, a line a rate: hollow dot before, full dot after; coloured where chance does not explain it."""
    left, span, step = 190, 440, 26
    parts = []
    for n, (title, before, after, significant) in enumerate(rows):
        y = 14 + n * step
        a, b = left + span * before, left + span * after
        risen = (after > before) is not title.endswith(LOWER_IS_BETTER)
        colour = (GREEN if risen else RED) if significant else SOFT
        parts += [
            label(0, y + 4, title),
            f'<path d="M{left} {y}h{span}" stroke="{TRACK}" stroke-width="8"/>',
            f'<path d="M{a:.1f} {y}H{b:.1f}" stroke="{colour}" stroke-width="3"/>',
            f'<circle cx="{a:.1f}" cy="{y}" r="5" fill="#fff" stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{b:.1f}" cy="{y}" r="5" fill="{colour}"/>',
            label(left + span + 12, y + 4, f"{percent(after)} ({100 * (after - before):+.1f})", fill=colour),
        ]
    return svg(760, 10 + step * len(rows), "rates before and after", parts)
