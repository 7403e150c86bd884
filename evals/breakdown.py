"""Claim-level figures of a run, and its parts: by dataset, specialty, rule that makes a case right, finding."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evals.metrics import Counts, bootstrap, f1, ratio, wilson
from evals.results import CaseResult
from evals.scorers import severity

Json = dict[str, Any]


def claim_level(results: Sequence[CaseResult]) -> Json:
    """Clean claims, money over and under, relative values and severity.

    ``clean`` is the share of claims whose codes the self-check does not refuse; ``right_payment`` the share of priced cases
    whose claim is worth what gold is worth. ``over`` and ``under`` are shares of gold's money, ``severity`` is the mean
    weight of a case's faults (weights in scorers/severity.csv), ``paying_faults`` of them those that change payment. Where
    every resample gives the same sum there is no interval: it would claim a certainty nobody has.
    """
    checked = [r.clean for r in results if r.clean is not None]
    money = [r.score.money for r in results if r.score.money is not None]
    exact = [m.over < 0.005 and m.under < 0.005 for m in money]
    rows = [_counts(r) for r in results]
    total = _total(rows)
    rates: dict[str, Callable[[Counts], float | None]] = {
        "over": lambda c: ratio(c.get("over", 0.0), c.get("gold", 0.0)),
        "under": lambda c: ratio(c.get("under", 0.0), c.get("gold", 0.0)),
        "severity": lambda c: ratio(c.get("weight", 0.0), c.get("n", 0.0)),
        "rvu_delta": lambda c: ratio(c.get("rvu", 0.0), c.get("priced", 0.0)),
    }
    drawn = {k: v if v is None or v[0] < v[1] else None for k, v in bootstrap(rows, rates).items()}
    return {
        "clean": ratio(sum(checked), len(checked)),
        "right_payment": ratio(sum(exact), len(exact)),
        **{name: rate(total) for name, rate in rates.items()},
        "gold_usd": round(total.get("gold", 0.0), 2),
        "over_usd": round(total.get("over", 0.0), 2),
        "under_usd": round(total.get("under", 0.0), 2),
        "priced": len(money),
        "unpriced_codes": sorted({code for m in money for code in m.unpriced}),
        "faults": int(total.get("faults", 0)),
        "paying_faults": int(total.get("paying", 0)),
        "kinds": dict(_kinds(results).most_common()),
        "ci95": {
            "clean": wilson(sum(checked), len(checked)),
            "right_payment": wilson(sum(exact), len(exact)),
            **drawn,
        },
    }


def _counts(result: CaseResult) -> Counts:
    found = severity(result.score)
    counts = {"n": 1.0, "weight": found.weight, "faults": float(found.faults), "paying": float(found.paying)}
    money = result.score.money
    if money is None:
        return counts
    return counts | {
        "priced": 1.0,
        "gold": money.gold,
        "over": money.over,
        "under": money.under,
        "rvu": money.rvu_delta,
    }


def _total(rows: Iterable[Counts]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for row in rows:
        for name, value in row.items():
            total[name] += value
    return total


def _kinds(results: Iterable[CaseResult]) -> Counter[str]:
    found: Counter[str] = Counter()
    for result in results:
        found.update(severity(result.score).kinds)
    return found


def breakdown(results: Sequence[CaseResult]) -> Json:
    """The same run in parts; a case may stand under several rules."""
    return {
        "dataset": _parts(results, lambda r: (r.dataset,)),
        "specialty": _parts(results, lambda r: (r.specialty,)),
        "rule": _parts(results, lambda r: r.rules),
        "finding": _findings(results),
    }


def _parts(results: Sequence[CaseResult], keys: Callable[[CaseResult], tuple[str, ...]]) -> dict[str, Json]:
    groups: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        for key in keys(result):
            if key:
                groups[key].append(result)
    return {key: _part(members) for key, members in sorted(groups.items())}


def _part(members: Sequence[CaseResult]) -> Json:
    perfect = sum(r.score.perfect for r in members)
    return {
        "cases": len(members),
        "perfect": ratio(perfect, len(members)),
        "ci95": wilson(perfect, len(members)),
        "icd10_f1": _icd_f1(members),
        "severity": sum(severity(r.score).weight for r in members) / len(members),
    }


def _icd_f1(members: Iterable[CaseResult]) -> float | None:
    scores = [r.score.icd10 for r in members if r.score.icd10 is not None]
    recall = ratio(sum(s.must_found for s in scores), sum(s.must for s in scores))
    return f1(recall, ratio(sum(s.acceptable for s in scores), sum(s.given for s in scores)))


def _findings(results: Sequence[CaseResult]) -> dict[str, Mapping[str, Any]]:
    """How often each rule of the self-check spoke, and on how many cases that gold finds wrong."""
    cases: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for result in results:
        rules = {" ".join(text.split()[:2]) for text in result.findings}
        cases.update(rules)
        wrong.update(rules if not result.score.perfect else ())
    return {
        rule: {"cases": n, "wrong": wrong[rule], "ci95": wilson(wrong[rule], n)}
        for rule, n in cases.most_common()
    }
