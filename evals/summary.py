"""From the scores of cases to the summary of a run, as the contract prints it; every rate with its interval."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.breakdown import breakdown, claim_level
from evals.metrics import (
    Counts,
    Interval,
    auroc,
    bootstrap,
    brier,
    expected_calibration_error,
    f1,
    quantile,
    ratio,
    wilson,
)
from evals.results import CaseResult
from evals.scorers import UNSCORED, CaseScore


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A rate over summed counts, and how many things it is a rate of (of a harmonic mean: of its smaller side)."""

    rate: Callable[[Counts], float | None]
    size: Callable[[Counts], float]


def share(part: str, *whole: str) -> Metric:
    """The rate of one count in the sum of others."""

    def size(c: Counts) -> float:
        return sum(c.get(name, 0.0) for name in whole)

    return Metric(rate=lambda c: ratio(c.get(part, 0.0), size(c)), size=size)


def _harmonic(recall: Metric, precision: Metric) -> Metric:
    return Metric(
        rate=lambda c: f1(recall.rate(c), precision.rate(c)),
        size=lambda c: min(recall.size(c), precision.size(c)),
    )


_MUST_RECALL = share("must_found", "must")
_MAY_PRECISION = share("acceptable", "given")
_LINE_RECALL = share("line_found", "line_must")
_LINE_PRECISION = share("line_found", "line_found", "line_wrong")

METRICS: Mapping[str, Mapping[str, Metric]] = {
    "icd10": {
        "must_recall": _MUST_RECALL,
        "may_precision": _MAY_PRECISION,
        "f1": _harmonic(_MUST_RECALL, _MAY_PRECISION),
        "strict_f1": _harmonic(_MUST_RECALL, share("exact", "given")),
        "f1_3char": _harmonic(share("must3_found", "must3"), share("acceptable3", "given3")),
        "f1_hierarchical": _harmonic(
            share("tree_found", "tree_must"), share("tree_acceptable", "tree_given")
        ),
        "sequence": share("ordered", "pairs"),
    },
    "lines": {
        "precision": _LINE_PRECISION,
        "recall": _LINE_RECALL,
        "f1": _harmonic(_LINE_RECALL, _LINE_PRECISION),
    },
    "modifiers": {
        "precision": share("modifiers_right", "modifiers_given"),
        "recall": share("modifiers_right", "modifiers_gold"),
    },
    "links": {"accuracy": share("link_right", "link_of"), "all_acceptable": share("link_clean", "link_of")},
    "mdm": {"elements": share("elements_right", "elements")},
    "rejected": {"recall": share("rejected_found", "rejected_of")},
    "queries": {"recall": share("query_found", "query_of")},
    "opportunities": {"recall": share("opportunity_found", "opportunity_of")},
    "units": {"accuracy": share("units_right", "units_of")},
    "evidence": {
        "verified": share("evidence_verified", "evidence_of"),
        "place": share("place_right", "place_of"),
    },
}
_ICD_COUNTS = (
    "must",
    "must_found",
    "given",
    "acceptable",
    "exact",
    "must3",
    "must3_found",
    "given3",
    "acceptable3",
    "tree_must",
    "tree_found",
    "tree_given",
    "tree_acceptable",
    "pairs",
    "ordered",
)
_MODIFIER_COUNTS = ("modifiers_given", "modifiers_gold", "modifiers_right")
_LINE_COUNTS = (*_MODIFIER_COUNTS, "units_right", "units_of")
INTERVALS = (
    "95 %: rates over codes, money and severity by 1,000 bootstrap resamples of whole cases (Wilson of the pooled counts "
    "where every resample agrees); rates with one verdict a case by Wilson's score interval"
)
HOLDS = ("policy", "data", "limit", "edition")


def summarise(results: Sequence[CaseResult], *, wall: float, commit: str, model: str) -> dict[str, Any]:
    """Build the summary of a run.

    Args:
        results: one record a case; failed ones count as empty answers.
        wall: seconds of the whole run.
        commit: of the code that ran.
        model: spec of the model that ran.
    """
    scores = [r.score for r in results]
    counts = [case_counts(score) for score in scores]
    micro = _micro(counts)
    micro["icd10"] |= _first_listed(scores, micro["icd10"]["ci95"])
    solved = [r for r in results if r.failure is None]
    blocked, blocked_interval = _rate(r.status == "blocked" for r in solved)
    return {
        "cases": len(results),
        "failed": len(results) - len(solved),
        **{name: micro[name] for name in ("icd10",)},
        "em": _em(scores),
        **{
            name: micro[name]
            for name in ("lines", "modifiers", "links", "mdm", "rejected", "queries", "opportunities")
        },
        "claim": claim_level(results),
        "must_not": _must_not(scores),
        "fabricated_codes": sum(len(s.codes.fabricated) for s in scores),
        "unknown_codes": sum(len(s.codes.unknown) for s in scores),
        "evidence_verified": micro["evidence"]["verified"],
        "evidence_place": micro["evidence"]["place"],
        "held": {kind: sum(kind in r.reasons for r in solved if r.status == "held") for kind in HOLDS},
        "blocked_rate": blocked,
        "ci95": {
            "evidence_verified": micro["evidence"]["ci95"]["verified"],
            "evidence_place": micro["evidence"]["ci95"]["place"],
            "blocked_rate": blocked_interval,
        },
        "calibration": _calibration(scores),
        "latency_ms": _latency([r.seconds for r in solved]),
        "encounters_per_s": ratio(len(results), wall),
        "tokens": int(sum(r.tokens for r in results)),
        "cost_usd": round(sum(r.cost_usd for r in results), 6),
        "units": micro["units"],
        "perfect_cases": sum(s.perfect for s in scores),
        "unscored_cases": sum(s == UNSCORED for s in scores),
        "breakdown": breakdown(results),
        "intervals": INTERVALS,
        "model": model,
        "commit": commit,
        "editions": _editions(results),
    }


def case_counts(score: CaseScore) -> Counter[str]:
    """The counts of one case that micro averages are made of; unscored parts add nothing."""
    counts: Counter[str] = Counter(evidence_of=score.evidence.of, evidence_verified=score.evidence.verified)
    counts.update(place_of=score.evidence.place_of, place_right=score.evidence.place_right)
    if score.em is not None:
        counts.update(elements=score.em.elements, elements_right=score.em.elements_right)
        counts.update({name: getattr(score.em, name) for name in _MODIFIER_COUNTS})
    if score.rejected is not None:
        counts.update(rejected_of=score.rejected.of, rejected_found=score.rejected.found)
    if score.queries is not None:
        counts.update(query_of=score.queries.of, query_found=score.queries.found)
    if score.opportunities is not None:
        found = score.opportunities
        counts.update(opportunity_of=found.of, opportunity_found=found.found)
    if score.icd10 is not None:
        counts.update({name: getattr(score.icd10, name) for name in _ICD_COUNTS})
    if score.lines is not None:
        counts.update({name: getattr(score.lines, name) for name in _LINE_COUNTS})
        counts.update(
            {"line_must": score.lines.must, "line_found": score.lines.found, "line_wrong": score.lines.wrong}
        )
    if score.links is not None:
        counts.update(
            {"link_of": score.links.of, "link_right": score.links.right, "link_clean": score.links.clean}
        )
    return counts


def _micro(counts: Sequence[Counts]) -> dict[str, dict[str, Any]]:
    """Every micro-averaged rate with its 95 % interval.

    Whole cases are resampled (the codes of one note are not independent). Where every resample gives the same rate
    (all right, all wrong, a single case) that interval has no width and claims a certainty nobody has; it is then the
    Wilson interval of the pooled counts, whose n for a harmonic mean is the smaller of its two sides.
    """
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    flat = {f"{group}.{name}": metric for group, ms in METRICS.items() for name, metric in ms.items()}
    drawn = bootstrap(counts, {name: metric.rate for name, metric in flat.items()})
    return {
        group: {name: metric.rate(total) for name, metric in ms.items()}
        | {"ci95": {name: _interval(metric, total, drawn[f"{group}.{name}"]) for name, metric in ms.items()}}
        for group, ms in METRICS.items()
    }


def _interval(metric: Metric, total: Counts, drawn: Interval | None) -> Interval | None:
    rate = metric.rate(total)
    if drawn is None or rate is None or drawn[0] < drawn[1]:
        return drawn
    size = metric.size(total)
    return wilson(rate * size, size)


def _rate(flags: Iterable[bool]) -> tuple[float | None, tuple[float, float] | None]:
    said = list(flags)
    return ratio(sum(said), len(said)), wilson(sum(said), len(said))


def _first_listed(scores: Sequence[CaseScore], intervals: dict[str, Any]) -> dict[str, Any]:
    rate, interval = _rate(s.icd10.first for s in scores if s.icd10 and s.icd10.first is not None)
    return {"first_listed": rate, "ci95": intervals | {"first_listed": interval}}


def _em(scores: Sequence[CaseScore]) -> dict[str, Any]:
    scored = [s.em for s in scores if s.em is not None]
    rates = {
        name: _rate(getattr(e, name) for e in scored) for name in ("exact", "within_one", "over", "under")
    }
    return (
        {name: rate for name, (rate, _) in rates.items()}
        | {"scored": len(scored)}
        | {"ci95": {name: interval for name, (_, interval) in rates.items()}}
    )


def _must_not(scores: Sequence[CaseScore]) -> dict[str, Any]:
    bad, of = sum(len(s.codes.violations) for s in scores), sum(s.codes.must_not for s in scores)
    return {"violations": bad, "of": of, "ci95": wilson(bad, of)}


def _calibration(scores: Sequence[CaseScore]) -> dict[str, Any]:
    pairs = [(j.confidence, j.right) for s in scores for j in s.confidence]
    return {
        "ece": expected_calibration_error(pairs),
        "brier": brier(pairs),
        "auroc": auroc(pairs),
        "codes": len(pairs),
    }


def _latency(seconds: Sequence[float]) -> dict[str, float | None]:
    if not seconds:
        return {"p50": None, "p95": None}
    return {name: round(1000 * quantile(seconds, q), 1) for name, q in (("p50", 0.5), ("p95", 0.95))}


def _editions(results: Sequence[CaseResult]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for result in results:
        for table, edition in result.editions.items():
            found.setdefault(table, set()).add(edition)
    return {table: ", ".join(sorted(editions)) for table, editions in sorted(found.items())}
