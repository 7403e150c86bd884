"""Metrics proven on examples small enough to do by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics import (
    auroc,
    bootstrap,
    brier,
    expected_calibration_error,
    f1,
    quantile,
    ratio,
    reliability,
    wilson,
)


def test_ratio_and_f1() -> None:
    assert ratio(1, 4) == 0.25
    assert ratio(0, 0) is None
    assert f1(0.5, 1.0) == pytest.approx(2 / 3)
    assert f1(0.0, 0.0) == 0.0
    assert f1(None, 1.0) is None


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),  # textbook values of the Wilson score interval
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (50, 100, 0.4038, 0.5962),
    ],
)
def test_wilson(hits: int, n: int, low: float, high: float) -> None:
    interval = wilson(hits, n)
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-4)


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 200), st.integers(0, 200))
def test_wilson_holds_the_rate_and_stays_a_share(n: int, hits: int) -> None:
    hits = min(hits, n)
    interval = wilson(hits, n)
    assert interval is not None
    low, high = interval
    assert 0.0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1.0


def test_quantile_interpolates() -> None:
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 0.95) == pytest.approx(4.8)
    assert quantile([7], 0.95) == 7


def test_calibration_error_by_hand() -> None:
    # bin 0.9: mean confidence 0.95, right 1 of 2 -> gap 0.45, half of the codes; bin 0.2: 0.25 against 0 -> 0.25
    pairs = [(0.95, True), (0.95, False), (0.25, False), (0.25, False)]
    assert expected_calibration_error(pairs) == pytest.approx(0.35)
    assert expected_calibration_error([(1.0, True)]) == 0.0
    assert expected_calibration_error([]) is None
    assert reliability(pairs) == [(0.25, 0.0, 2), (0.95, 0.5, 2)]


def test_brier_by_hand() -> None:
    assert brier([(0.8, True), (0.4, False)]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier([]) is None


def test_auroc_by_hand() -> None:
    # of the four pairs (right, wrong): 0.9>0.5, 0.9>0.7, 0.6>0.5, 0.6<0.7 -> 3 of 4
    assert auroc([(0.9, True), (0.6, True), (0.5, False), (0.7, False)]) == 0.75
    assert auroc([(0.5, True), (0.5, False)]) == 0.5
    assert auroc([(0.9, True), (0.8, True)]) is None


def test_bootstrap_is_repeatable_and_draws_whole_cases() -> None:
    cases = [{"hit": 1, "of": 2}, {"hit": 2, "of": 2}, {"hit": 0, "of": 2}, {"hit": 2, "of": 2}]
    metrics = {"rate": lambda c: ratio(c["hit"], c["of"]), "nothing": lambda c: None}
    once = bootstrap(cases, metrics, rounds=300)
    assert once == bootstrap(cases, metrics, rounds=300)
    assert once["nothing"] is None
    assert once["rate"] is not None
    low, high = once["rate"]
    assert 0.0 <= low < 5 / 8 < high <= 1.0


def test_bootstrap_of_equal_cases_has_no_width() -> None:
    metrics = {"rate": lambda c: ratio(c["hit"], c["of"])}
    assert bootstrap([{"hit": 1, "of": 2}] * 5, metrics, rounds=50)["rate"] == (0.5, 0.5)
    assert bootstrap([], metrics)["rate"] is None
