"""Metrics and their 95 % intervals, from counts; every one is proven on examples small enough to do by hand."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

Interval = tuple[float, float]
Counts = Mapping[str, float]
Z95 = 1.959963984540054


def ratio(part: float, whole: float) -> float | None:
    """A share, or None where there is nothing to share."""
    return part / whole if whole else None


def f1(recall: float | None, precision: float | None) -> float | None:
    """Harmonic mean; None where either is undefined, 0 where both are 0."""
    if recall is None or precision is None:
        return None
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def wilson(hits: float, n: float) -> Interval | None:
    """The 95 % Wilson score interval of a proportion; None for n = 0."""
    if not n:
        return None
    p, z2 = hits / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (max(0.0, centre - half) if hits else 0.0, min(1.0, centre + half) if hits < n else 1.0)


def bootstrap(
    cases: Sequence[Counts],
    metrics: Mapping[str, Callable[[Counts], float | None]],
    *,
    rounds: int = 1000,
    seed: int = 20261001,
) -> dict[str, Interval | None]:
    """95 % percentile intervals of metrics over summed counts, resampling whole cases.

    The codes of one note are not independent, so notes are drawn, not codes. The same seed gives the same
    interval.
    """
    drawn = random.Random(seed)  # noqa: S311 - resampling, not secrecy
    names = sorted({name for counts in cases for name in counts})
    rows = [[counts.get(name, 0.0) for name in names] for counts in cases]
    values: dict[str, list[float]] = {name: [] for name in metrics}
    for _ in range(rounds if rows else 0):
        sample = drawn.choices(rows, k=len(rows))
        total = dict(zip(names, map(sum, zip(*sample, strict=True)), strict=True))
        for name, metric in metrics.items():
            if (value := metric(total)) is not None:
                values[name].append(value)
    return {name: _percentiles(found) for name, found in values.items()}


def _percentiles(values: list[float]) -> Interval | None:
    if not values:
        return None
    return (quantile(values, 0.025), quantile(values, 0.975))


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile with linear interpolation between order statistics."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def expected_calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float | None:
    """Mean gap between confidence and correctness over equal-width bins, weighted by their size."""
    if not pairs:
        return None
    held: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        held.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    gaps = (abs(sum(c for c, _ in group) - sum(r for _, r in group)) for group in held.values())
    return sum(gaps) / len(pairs)


def brier(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """Mean squared distance between confidence and outcome."""
    return ratio(sum((c - r) ** 2 for c, r in pairs), len(pairs))


def auroc(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """Chance that a right code is given more confidence than a wrong one (ties half); None with one class only."""
    positives = sum(right for _, right in pairs)
    negatives = len(pairs) - positives
    if not positives or not negatives:
        return None
    ordered = sorted(pairs)
    edges = [0, *(i for i, (a, b) in enumerate(pairwise(ordered), 1) if a[0] != b[0]), len(ordered)]
    rank_sum = 0.0
    for start, end in pairwise(edges):
        middle = (start + 1 + end) / 2
        rank_sum += middle * sum(right for _, right in ordered[start:end])
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def reliability(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and size of every bin that holds something."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        held.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return [
        (sum(c for c, _ in g) / len(g), sum(r for _, r in g) / len(g), len(g))
        for _, g in sorted(held.items())
    ]


def mcnemar(better: int, worse: int) -> float | None:
    """Two-sided exact p of McNemar's test over paired verdicts that flipped; None where none did."""
    n = better + worse
    if not n:
        return None
    tail: float = sum(math.comb(n, k) for k in range(min(better, worse) + 1)) * 0.5**n
    return min(1.0, 2 * tail)
