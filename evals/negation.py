"""Measure assertion on marked report sentences: F1 of negation and of history, both halves, and the speed."""

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import orjson

from knowledge.records import Record
from tools.text import assert_concept


class Row(Record):
    """One sentence with one marked concept and what annotators said of it."""

    id: str
    sentence: str
    concept: str
    negated: bool
    historical: bool

    @property
    def tuned(self) -> bool:
        """True for the half that cues were tuned on; the other half was never looked at."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0


class Counts(Record):
    """Hits and misses of one label."""

    true_positive: int
    false_positive: int
    false_negative: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1.0 when there was nothing to find and nothing was found."""
        wrong = self.false_positive + self.false_negative
        return 1.0 if wrong == 0 else 2 * self.true_positive / (2 * self.true_positive + wrong)

    def report(self) -> dict[str, float | int]:
        """Return the counts and F1, for JSON."""
        return {**self.model_dump(), "f1": round(self.f1, 4)}


def load(path: Path) -> list[Row]:
    """Read the sentences: JSON lines with ``negation`` Negated/Affirmed and ``temporality`` Historical/..."""
    rows = []
    for line in path.read_bytes().splitlines():
        raw = orjson.loads(line)
        rows.append(
            Row(
                id=raw["id"],
                sentence=raw["sentence"],
                concept=raw["concept"],
                negated=raw["negation"] == "Negated",
                historical=raw["temporality"] == "Historical",
            )
        )
    return rows


def count(pairs: Iterable[tuple[bool, bool]]) -> Counts:
    """Count (gold, found) pairs."""
    both = found_only = gold_only = 0
    for gold, found in pairs:
        both += gold and found
        found_only += found and not gold
        gold_only += gold and not found
    return Counts(true_positive=both, false_positive=found_only, false_negative=gold_only)


def measure(rows: list[Row]) -> dict[str, object]:
    """Judge every sentence and return F1 of negation and history with the microseconds a sentence took."""
    begin = time.perf_counter()
    verdicts = [assert_concept(row.sentence, row.concept) for row in rows]
    seconds = time.perf_counter() - begin
    said = [(verdict[0] == "absent", verdict[1] == "historical") for verdict in verdicts]
    return _report(rows, said, round(seconds / max(1, len(rows)) * 1e6, 1))


def measure_context(rows: list[Row], interpreter: Path) -> dict[str, object]:
    """Ask medspaCy's ConText, installed apart in ``interpreter``'s environment, about the same sentences.

    Raises:
        OSError: there is no such interpreter.
        subprocess.CalledProcessError: medspaCy is not installed there, or failed.
    """
    asked = b"".join(orjson.dumps({"sentence": r.sentence, "concept": r.concept}) + b"\n" for r in rows)
    script = Path(__file__).with_name("negation_context.py")
    run = subprocess.run(  # noqa: S603 - an interpreter the user names, on our own script
        [interpreter, "-P", script],
        input=asked,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    *verdicts, speed = [orjson.loads(line) for line in run.stdout.splitlines()]
    said = [(verdict["negated"], verdict["historical"]) for verdict in verdicts]
    return {**_report(rows, said, speed["microseconds_per_sentence"]), **speed}


def _report(rows: list[Row], said: list[tuple[bool, bool]], microseconds: float) -> dict[str, object]:
    judged = list(zip(rows, said, strict=True))
    return {
        "sentences": len(rows),
        "negation": count((r.negated, negated) for r, (negated, _) in judged).report(),
        "historical": count((r.historical, historical) for r, (_, historical) in judged).report(),
        "microseconds_per_sentence": microseconds,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the measures of both halves and of all sentences as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sentences", type=Path, help="JSON lines, as shared/evals_dev/negation_sentences.jsonl"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="PYTHON",
        help="an interpreter with medspaCy, to judge the same in this run",
    )
    options = parser.parse_args(arguments)
    rows = load(options.sentences)
    measure(rows[:50])  # loads the tables, so that the clock sees only reading
    report = {
        "tuned_half": measure([row for row in rows if row.tuned]),
        "unseen_half": measure([row for row in rows if not row.tuned]),
        "all": measure(rows),
    }
    if options.against:
        report["medspacy_context_all"] = measure_context(rows, options.against)
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
