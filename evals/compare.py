"""Two runs of the same cases: what got better and worse, case by case, and whether chance explains the difference.

Rates are compared over the cases both runs hold, by a paired bootstrap: whole cases are resampled, each with both of its
answers, and a difference is significant when its 95 % interval does not hold zero. Whether a case is right as a whole is
compared by McNemar's exact test. Clock and cost are no decision and move nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from evals.metrics import Counts, Interval, bootstrap, mcnemar
from evals.results import CaseResult
from evals.scorers import CaseScore, severity
from evals.summary import METRICS, Metric, case_counts, share
from knowledge.records import Record

Json = dict[str, Any]
Verdict = Literal["better", "worse", "other"]

_SHOWN = (
    ("icd10", ("must_recall", "may_precision", "f1", "strict_f1", "f1_3char", "f1_hierarchical", "sequence")),
    ("lines", ("precision", "recall", "f1")),
    ("modifiers", ("precision", "recall")),
    ("units", ("accuracy",)),
    ("links", ("accuracy",)),
    ("mdm", ("elements",)),
    ("evidence", ("verified",)),
)
COMPARED: Mapping[str, Metric] = {
    **{f"{group}.{name}": METRICS[group][name] for group, names in _SHOWN for name in names},
    "icd10.first_listed": share("first_right", "first_of"),
    **{f"em.{name}": share(f"em_{name}", "em_of") for name in ("exact", "within_one", "over", "under")},
}


class CompareError(Exception):
    """Runs can not be compared: the message says which folder and why."""


class Rate(Record):
    """A rate of both runs; ``ci95`` is the interval of its change."""

    rate: str
    before: float
    after: float
    change: float
    ci95: Interval | None
    significant: bool


class Moved(Record):
    """A case whose decision is not as it was; ``what`` says each difference in one line."""

    id: str
    verdict: Verdict
    what: tuple[str, ...]
    weight_before: float
    weight_after: float
    why_before: tuple[str, ...]
    why_after: tuple[str, ...]
    expected: Json
    before: Json
    after: Json


class Comparison(Record):
    """Everything two runs differ in. ``better`` and ``worse`` count cases that became right or wrong as a whole."""

    cases: int
    better: int
    worse: int
    p: float | None
    rates: tuple[Rate, ...]
    moved: tuple[Moved, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


def load_results(folder: Path) -> tuple[CaseResult, ...]:
    """The results of a run's folder.

    Raises:
        CompareError: there are none, or a line is no result.
    """
    path = folder / "results.jsonl"
    try:
        return tuple(CaseResult.model_validate_json(line) for line in path.read_bytes().splitlines())
    except OSError as error:
        raise CompareError(
            f"{folder}: holds no results.jsonl ({error.strerror}); give the folder of a run"
        ) from error
    except ValidationError as error:
        raise CompareError(f"{path}: not the results of this version; run the evaluation again") from error


def load_summary(folder: Path) -> Json:
    """The summary of a run's folder.

    Raises:
        CompareError: there is none.
    """
    try:
        found: Json = orjson.loads((folder / "summary.json").read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise CompareError(
            f"{folder}: holds no summary.json that can be read; give the folder of a run"
        ) from error
    return found


def compare(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> Comparison:
    """Compare the cases that both runs hold."""
    old, new = {r.id: r for r in before}, {r.id: r for r in after}
    shared = [(old[name], new[name]) for name in old if name in new]
    better = sum(b.score.perfect and not a.score.perfect for a, b in shared)
    worse = sum(a.score.perfect and not b.score.perfect for a, b in shared)
    moved = [_moved(a, b) for a, b in shared if a.decision != b.decision]
    order = {"worse": 0, "better": 1, "other": 2}
    return Comparison(
        cases=len(shared),
        better=better,
        worse=worse,
        p=mcnemar(better, worse),
        rates=_rates(shared),
        moved=tuple(sorted(moved, key=lambda m: (order[m.verdict], m.id))),
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
    )


def _rates(shared: Sequence[tuple[CaseResult, CaseResult]]) -> tuple[Rate, ...]:
    rows = [_side("a", a.score) | _side("b", b.score) for a, b in shared]
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row)
    drawn = bootstrap(rows, {name: _change(metric) for name, metric in COMPARED.items()})
    found = []
    for name, metric in COMPARED.items():
        was, now = metric.rate(_of("a", total)), metric.rate(_of("b", total))
        if was is None or now is None:
            continue
        interval = drawn[name]
        beyond = interval is not None and not interval[0] <= 0 <= interval[1]
        found.append(
            Rate(rate=name, before=was, after=now, change=now - was, ci95=interval, significant=beyond)
        )
    return tuple(found)


def _side(side: str, score: CaseScore) -> dict[str, float]:
    counts = case_counts(score)
    if score.em is not None:
        counts.update(
            {f"em_{n}": int(getattr(score.em, n)) for n in ("exact", "within_one", "over", "under")}
        )
        counts.update(em_of=1)
    if score.icd10 is not None and score.icd10.first is not None:
        counts.update(first_of=1, first_right=int(score.icd10.first))
    return {f"{side}:{name}": float(n) for name, n in counts.items()}


def _of(side: str, counts: Counts) -> Counts:
    return {name[2:]: n for name, n in counts.items() if name.startswith(f"{side}:")}


def _change(metric: Metric) -> Callable[[Counts], float | None]:
    def change(counts: Counts) -> float | None:
        was, now = metric.rate(_of("a", counts)), metric.rate(_of("b", counts))
        return None if was is None or now is None else now - was

    return change


def _moved(a: CaseResult, b: CaseResult) -> Moved:
    was, now = severity(a.score).weight, severity(b.score).weight
    verdict: Verdict = "better" if now < was else "worse" if now > was else "other"
    return Moved(
        id=a.id,
        verdict=verdict,
        what=tuple(_what(a.decision, b.decision)),
        weight_before=was,
        weight_after=now,
        why_before=a.why,
        why_after=b.why,
        expected=b.expected,
        before=a.given,
        after=b.given,
    )


def _what(was: Json, now: Json) -> Iterator[str]:
    """Every difference of two decisions, in one line each."""
    if was["status"] != now["status"]:
        yield f"status {was['status']} → {now['status']}"
    yield from _sets("diagnosis", was["given"]["icd10"], now["given"]["icd10"])
    if was["given"]["em"] != now["given"]["em"]:
        yield f"visit {was['given']['em'] or 'none'} → {now['given']['em'] or 'none'}"
    yield from _sets("line", _lines(was), _lines(now))
    yield from _sets("finding", was["findings"], now["findings"])
    yield from _sets("held by", was["reasons"], now["reasons"])
    for key in ("mdm", "rejected", "queries", "opportunities"):
        if was["given"].get(key) != now["given"].get(key):
            yield f"{key}: {_short(was['given'].get(key))} → {_short(now['given'].get(key))}"


def _lines(decision: Json) -> list[str]:
    return [
        "-".join([line["code"], *line["modifiers"]])
        + (f" ×{line['units']:g}" if line["units"] != 1 else "")
        + f" ({', '.join(line['links']) or 'no diagnosis'})"
        for line in decision["given"]["lines"]
    ]


def _sets(name: str, was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    gone, come = Counter(was) - Counter(now), Counter(now) - Counter(was)
    yield from (f"{name} − {value}" for value in gone.elements())
    yield from (f"{name} + {value}" for value in come.elements())
    if not gone and not come and list(was) != list(now):
        yield f"{name} order {', '.join(was)} → {', '.join(now)}"


def _short(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
