"""``superbill train local`` and ``train apply``: what the embedded coder learns from approved cases, without a GPU."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from evals.cli import count
from evals.train.cli import add_person, guarded, progress

if TYPE_CHECKING:
    from evals.train.local import Learned
    from evals.train.promote import Verdict

PROPOSALS: Final = "proposals.csv"
REPORT: Final = "learned.json"


def add(actions: Any) -> None:
    """Declare the actions."""
    local = actions.add_parser(
        "local", help="propose terms and confidence from approved cases, and what they gain"
    )
    local.add_argument(
        "--cases", type=Path, required=True, help="approved cases, in any form that eval run takes"
    )
    local.add_argument(
        "--out", type=Path, required=True, help=f"folder for {PROPOSALS} (to review) and {REPORT}"
    )
    local.add_argument(
        "--support", type=count, default=2, metavar="N", help="cases that have to show a wording (default 2)"
    )
    local.add_argument("--json", action="store_true")
    local.set_defaults(run=guarded(local_command))
    apply = actions.add_parser(
        "apply", help="judge the accepted terms, and put them where SUPERBILL_LEARNED points"
    )
    apply.add_argument("proposals", type=Path, help=f"the reviewed {PROPOSALS}")
    apply.add_argument("--cases", type=Path, required=True, help="the same cases")
    apply.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="the learned folder")
    add_person(apply)
    apply.add_argument("--json", action="store_true")
    apply.set_defaults(run=guarded(apply_command))


def local_command(options: argparse.Namespace) -> int:
    """Learn, judge, write what is to be reviewed, and say what it gains."""
    from evals.datasets import load_dataset
    from evals.train.local import learn, write_confidence
    from evals.train.terms import write_proposals

    cases = load_dataset(options.cases)
    with progress(quiet=options.json) as step:
        found = learn(cases, support=options.support, step=step)
    options.out.mkdir(parents=True, exist_ok=True)
    write_proposals(options.out / PROPOSALS, found.proposed)
    if found.calibrated and found.calibrated.passed:
        write_confidence(options.out, found.calibrated.weights)
    said = _told(found)
    (options.out / REPORT).write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))
    if options.json:
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return 0
    for line in _lines(said):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(
        f"review {options.out / PROPOSALS}, then superbill train apply\n" if found.proposed else ""
    )
    return 0


def _told(found: "Learned") -> dict[str, Any]:
    calibrated = found.calibrated
    return {
        "taught_by": found.taught_by,
        "judged_by": found.judged_by,
        "terms": {"proposed": len(found.proposed), **_verdict(found.verdict)},
        "confidence": None
        if calibrated is None
        else {
            "rows": calibrated.rows,
            "judged_on": calibrated.judged_on,
            "before": calibrated.before,
            "after": calibrated.after,
            "better": calibrated.passed,
        },
    }


def _verdict(verdict: "Verdict") -> dict[str, Any]:
    comparison = verdict.comparison
    return {
        "cases_better": comparison.better,
        "cases_worse": comparison.worse,
        "rates": {r.rate: [round(r.before, 4), round(r.after, 4)] for r in comparison.rates if r.change},
        "passes_the_gate": verdict.passed,
        "against": list(verdict.against),
    }


def _lines(said: dict[str, Any]) -> Iterator[str]:
    terms, confidence = said["terms"], said["confidence"]
    yield f"{said['taught_by']} cases taught, {said['judged_by']} others judged"
    yield f"terms: {terms['proposed']} proposed; {terms['cases_better']} cases better, {terms['cases_worse']} worse"
    for name, (before, after) in terms["rates"].items():
        yield f"  {name}: {before:.4f} -> {after:.4f}"
    for why in terms["against"]:
        yield f"  the gate: {why}"
    if confidence is None:
        yield "confidence: nothing to fit"
        return
    before, after = confidence["before"], confidence["after"]
    verdict = "better" if confidence["better"] else "no gain: the shipped weights stay"
    yield (
        f"confidence on {confidence['judged_on']} diagnoses: Brier {before['brier']:.4f} -> {after['brier']:.4f}, calibration "
        f"error {before['ece']:.4f} -> {after['ece']:.4f}: {verdict}"
    )


def apply_command(options: argparse.Namespace) -> int:
    """Put the accepted terms to use when the gate lets them pass (else exit 1)."""
    from evals.datasets import load_dataset
    from evals.train.local import CONFIDENCE, judge
    from evals.train.terms import accepted, write_terms

    rows = accepted(options.proposals)
    with progress(quiet=options.json) as step:
        verdict = judge(rows, load_dataset(options.cases), step=step)
    if verdict.passed:
        write_terms(options.to, rows)
        fitted = options.proposals.with_name(CONFIDENCE)
        if fitted.is_file():
            (options.to / CONFIDENCE).write_bytes(fitted.read_bytes())
        record = {"by": options.by, "terms": len(rows), **_verdict(verdict)}
        (options.to / REPORT).write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    if options.json:
        sys.stdout.write(orjson.dumps({"terms": len(rows), **_verdict(verdict)}).decode() + "\n")
    elif verdict.passed:
        sys.stdout.write(f"{len(rows)} terms: {options.to}; set SUPERBILL_LEARNED={options.to}\n")
    for why in verdict.against:
        sys.stderr.write(f"superbill train: the terms are not put to use: {why}\n")
    return 0 if verdict.passed else 1
