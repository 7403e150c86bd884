"""Fit the confidence of a model: rows of features with the verdict of gold in, the weights of a logistic curve out.

``python -m evals.calibrate fit`` reads ``evals/calibration/<model>.csv`` (features and verdicts, no text) and writes
``agent/confidence/<model>.csv``; ``python -m evals.calibrate rows --cases FILE --half tuned`` codes cases and prints rows
to add. Ridge-penalised maximum likelihood by gradient descent from zero: the same rows give the same weights.
"""

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agent.coding import Coding
from agent.confidence import Features, features, probability
from evals.case import load_cases
from evals.cli import half
from evals.metrics import auroc, brier, expected_calibration_error
from evals.solvers import agent_solver

ROWS: Final = Path(__file__).parent / "calibration"
WEIGHTS: Final = Path(__file__).parents[1] / "agent" / "confidence"
STEPS, RATE, RIDGE = 3000, 0.5, 0.005

Row = tuple[Features, bool]


def load(path: Path) -> list[Row]:
    """Read rows of features, 0 to 1, and ``right``, 0 or 1.

    Raises:
        ValueError: a cell is no number.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            (
                {k: float(v) for k, v in row.items() if k not in ("right", "source")},
                row["right"] == "1",
            )
            for row in csv.DictReader(lines)
        ]


def fit(rows: Sequence[Row]) -> dict[str, float]:
    """The weights under which the verdicts are likeliest, held towards zero by a ridge (not the constant)."""
    weights = dict.fromkeys(rows[0][0], 0.0)
    for _ in range(STEPS):
        slope = dict.fromkeys(weights, 0.0)
        for found, right in rows:
            total = sum(weights[k] * v for k, v in found.items())
            error = 1 / (1 + math.exp(-total)) - right
            for k, v in found.items():
                slope[k] += error * v
        for k in weights:
            ridge = 0.0 if k == "constant" else RIDGE * weights[k]
            weights[k] -= RATE * (slope[k] / len(rows) + ridge)
    return {k: round(v, 3) for k, v in weights.items()}


def measure(rows: Sequence[Row], weights: dict[str, float]) -> dict[str, float | int | None]:
    """How well the weights foretell the verdicts of rows."""
    pairs = [(probability(found, weights), right) for found, right in rows]
    return {
        "codes": len(pairs),
        "wrong": sum(not right for _, right in pairs),
        "ece": expected_calibration_error(pairs),
        "brier": brier(pairs),
        "auroc": auroc(pairs),
    }


def fit_model(model: str) -> None:
    """Write the weights of a model from its rows."""
    rows = load(ROWS / f"{model}.csv")
    weights = fit(rows)
    lines = ["feature,weight", *(f"{k},{v}" for k, v in weights.items())]
    (WEIGHTS / f"{model}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{measure(rows, weights)}\n")


def print_rows(cases: Path, which: str, source: str) -> None:
    """Code the cases with the embedded coder and print one row a diagnosis."""
    writer = None
    with agent_solver("rules") as (solve, _):
        for case in load_cases(cases):
            if case.gold.icd10 is None or which not in ("all", half(case.id)):
                continue
            coding = Coding.model_validate(solve(case).coding)
            codes = [d.code for d in coding.diagnoses]
            for d in coding.diagnoses:
                found = features(d, d.display, codes)
                right = int(d.code in case.gold.icd10.acceptable)
                writer = writer or _writer(found)
                writer.writerow({**found, "right": right, "source": source})


def _writer(found: Features) -> "csv.DictWriter[str]":
    writer = csv.DictWriter(sys.stdout, [*found, "right", "source"], lineterminator="\n")
    writer.writeheader()
    return writer


def main(arguments: list[str] | None = None) -> int:
    """Fit weights, or print rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    fitted = actions.add_parser("fit")
    fitted.add_argument("--model", default="rules")
    printed = actions.add_parser("rows")
    printed.add_argument("--cases", type=Path, required=True)
    printed.add_argument("--half", choices=("all", "tuned", "held_out"), default="all")
    printed.add_argument("--source", default="")
    options = parser.parse_args(arguments)
    if options.action == "fit":
        fit_model(options.model)
    else:
        print_rows(options.cases, options.half, options.source)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
