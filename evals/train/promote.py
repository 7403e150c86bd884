"""The gate before a model becomes the active one: better by a margin on cases it never saw, and no more over-coding.

Two runs of the same cases are compared (``superbill eval run`` of the model before and of the tuned one). ``gate.csv`` says which
rate has to gain how much, beyond chance, and which may not get worse.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from agent.models.registry import Judgement, Registry
from evals.compare import Comparison, Rate, compare, load_results, load_summary
from evals.results import CaseResult
from evals.train.records import TrainError
from evals.train.write import HELD_OUT, read_manifest
from knowledge.tables import read_csv

LEAST_CASES: Final = 30
"""On fewer cases a margin says nothing."""
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A rate and what is asked of its change: ``gain`` at least ``least`` beyond chance, ``over`` no rise, ``right`` no fall."""

    rate: str
    role: str
    least: Decimal
    why: str


@cache
def bounds() -> tuple[Bound, ...]:
    """The table of the gate.

    Raises:
        TableError: it is not as described.
    """
    return read_csv(Path(__file__).with_name("gate.csv"), Bound)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate says; ``against`` is empty where a model may be promoted."""

    comparison: Comparison
    against: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the model may be promoted."""
        return not self.against

    def judgement(self, before: str) -> Judgement:
        """For the registry."""
        rates = {r.rate: (r.before, r.after) for r in self.comparison.rates}
        return Judgement(
            cases=self.comparison.cases, before=before, rates=rates, passed=self.passed, why=self.against
        )


def gate(
    before: Sequence[CaseResult], after: Sequence[CaseResult], *, margin: Decimal | None = None
) -> Verdict:
    """Compare two runs and say what speaks against the second.

    Args:
        before: of the model that is to be replaced.
        after: of the new one.
        margin: least gain, instead of the table's.
    """
    found = compare(before, after)
    return Verdict(comparison=found, against=tuple(_against(found, margin)))


def _against(found: Comparison, margin: Decimal | None) -> Iterator[str]:
    if found.only_before or found.only_after:
        missing = len(found.only_before) + len(found.only_after)
        yield f"{missing} cases are in one run only; run both on the same cases"
    if found.cases < LEAST_CASES:
        yield f"{found.cases} cases; at least {LEAST_CASES} are asked"
    rates = {r.rate: r for r in found.rates}
    for bound in bounds():
        rate = rates.get(bound.rate)
        if rate is None:
            if bound.role == "gain":
                yield f"{bound.rate} is not scored by these cases"
            continue
        least = margin if margin is not None and bound.role == "gain" else bound.least
        yield from _bound(bound.role, rate, float(least))


def _bound(role: str, rate: Rate, least: float) -> Iterator[str]:
    said = f"{rate.rate} {rate.before:.4f} -> {rate.after:.4f}"
    if role == "gain":
        if rate.change < least:
            yield f"{said}: a gain of {least:g} is asked"
        elif not rate.significant:
            yield f"{said}: may be chance (95 % interval of the change holds zero)"
    else:
        worse = rate.change > least if role == "over" else rate.change < -least
        if worse:
            yield f"{said}: over-coding is worse"


def promote(
    name: str,
    before: Path,
    after: Path,
    registry: Registry,
    *,
    data: Path,
    who: str,
    margin: Decimal | None = None,
) -> tuple[Verdict, str | None]:
    """Judge a tuned model by two runs, keep the judgement, and make it active when the gate lets it pass.

    Args:
        name: of a served model.
        before: folder of the run of the model that is to be replaced.
        after: folder of the run of the tuned model.
        registry: that knows it.
        data: folder of the export it was trained on: its manifest says which cases it never saw.
        who: promotes.
        margin: least gain, instead of the table's.

    Returns:
        The verdict, and the spec that is active now (None where it was refused).

    Raises:
        TrainError: the runs are not of this model, or hold cases that training may have seen.
        RegistryError: no such model, or it is not served.
        CompareError: a folder holds no run.
    """
    spec, model = registry.spec(name), registry.get(name)
    old, new = load_summary(before), load_summary(after)
    if new["model"] not in {spec, f"registry:{name}"}:
        raise TrainError(
            f"{after}: is a run of {new['model'] or 'no model'}, not of {name} (--model registry:{name})"
        )
    if old["model"] == new["model"] or old["solver"] != new["solver"]:
        raise TrainError("the two runs have to be of two models, by the same solver")
    manifest = read_manifest(data)
    if manifest["data_sha256"] != model.data_sha256:
        raise TrainError(f"{data}: is not the export that {name} was trained on")
    results = load_results(after)
    _unseen(results, manifest, data)
    verdict = gate(load_results(before), results, margin=margin)
    registry.update(name, judgement=verdict.judgement(str(old["model"])))
    if not verdict.passed:
        return verdict, None
    return verdict, registry.promote(name, who, "the gate let it pass")


def _unseen(results: Sequence[CaseResult], manifest: Json, data: Path) -> None:
    """Every case of the run is one that the export was checked against, or one that it held out."""
    known = {i for s in manifest["checks"]["eval_sets"] for i in s["ids"]}
    known |= {orjson.loads(line)["id"] for line in (data / HELD_OUT).read_bytes().splitlines()}
    unknown = [r.id for r in results if r.id not in known]
    if unknown:
        raise TrainError(
            f"{len(unknown)} cases of the run were neither held out nor checked for leaks when the data was exported (export "
            "with --against them)"
        )
