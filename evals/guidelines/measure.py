"""Recall of guideline retrieval over the shipped questions: ``python -m evals.guidelines.measure``.

Three sets. "tune" is what the retrieval was tuned on: 80 questions worded near the digest and 80 in
coders' talk. "talk" is worded as working coders talk and was written from the list of topics before the
digest, whose key words were then written by the same hand and echo it. "fresh" was written last, from
section ids alone; no section, key word or synonym was changed for it (0.900 when first measured, 0.925 after
two faults of stemming and hashing were mended), so it is the figure to trust for questions never seen. A
question's recall is the share of its sections among the first five hits.
"""

import argparse
import csv
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean, quantiles

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from knowledge.guidelines import GuidelineIndex

QUESTIONS = Path(__file__).parent / "questions.csv"
DATE_OF_SERVICE = date(2026, 8, 3)
HALVES = ("tune", "talk", "fresh")
DEPTH = 5
_COLUMNS = ["id", "half", "question", "sections"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question and the sections that answer it."""

    id: str
    half: str
    question: str
    sections: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What retrieval gave for one question, and how long it took (milliseconds)."""

    question: Question
    hits: tuple[str, ...]
    milliseconds: float

    @property
    def recall(self) -> float:
        """Share of the question's sections among the hits."""
        return sum(section in self.hits for section in self.question.sections) / len(self.question.sections)


def read_questions(file: Path = QUESTIONS) -> list[Question]:
    """Read the question file.

    Raises:
        TableError: a column is missing or unknown, or a row is incomplete or repeats an id.
    """
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != _COLUMNS:
            raise TableError(f"{file.name}: columns must be {', '.join(_COLUMNS)}")
        rows = [_question(file, line, row) for line, row in enumerate(reader, start=2)]
    if len({row.id for row in rows}) != len(rows):
        raise TableError(f"{file.name}: a question id is used twice")
    return rows


def _question(file: Path, line: int, row: dict[str, str]) -> Question:
    if not all(row.get(column) for column in _COLUMNS) or row["half"] not in HALVES:
        raise TableError(
            f"{file.name}, line {line}: needs id, half ({' or '.join(HALVES)}), question and sections"
        )
    return Question(
        id=row["id"], half=row["half"], question=row["question"], sections=tuple(row["sections"].split(";"))
    )


def measure(index: GuidelineIndex, questions: list[Question], depth: int = DEPTH) -> list[Answer]:
    """Ask every question once, after one question that warms the index up."""
    index.search("first-listed diagnosis", on=DATE_OF_SERVICE, limit=1)
    return [_ask(index, question, depth) for question in questions]


def _ask(index: GuidelineIndex, question: Question, depth: int) -> Answer:
    start = time.perf_counter()
    hits = index.search(question.question, on=DATE_OF_SERVICE, limit=depth)
    elapsed = (time.perf_counter() - start) * 1000
    return Answer(question=question, hits=tuple(hit.id for hit in hits), milliseconds=elapsed)


def report(answers: list[Answer], *, misses: tuple[str, ...] = HALVES) -> str:
    """A few lines for people: recall of each half, latency, and the questions missed in the halves named."""
    lines = []
    for half in HALVES:
        of_half = [answer for answer in answers if answer.question.half == half]
        if of_half:
            first = mean(answer.hits[:1] == answer.question.sections[:1] for answer in of_half)
            recall = mean(answer.recall for answer in of_half)
            lines.append(
                f"{half:5} {len(of_half):4} questions  recall@{DEPTH} {recall:.3f}  first hit {first:.3f}"
            )
    times = quantiles([answer.milliseconds for answer in answers], n=20)
    lines.append(f"warm search: median {times[9]:.1f} ms, p95 {times[18]:.1f} ms")
    lines += [_miss(answer) for answer in answers if answer.recall < 1 and answer.question.half in misses]
    return "\n".join(lines)


def _miss(answer: Answer) -> str:
    wanted, got = ";".join(answer.question.sections), " ".join(answer.hits)
    return f"  missed {answer.question.id} {wanted}: {answer.question.question!r} -> {got}"


def main() -> None:
    """Measure the shipped digest, or a data folder with the official text, and write the report to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--misses", choices=[*HALVES, "all", "none"], default="none", help="list missed questions"
    )
    parser.add_argument("--home", type=Path, help="a data folder into which the official text is imported")
    options = parser.parse_args()
    shown = {"all": HALVES, "none": ()}.get(options.misses, (options.misses,))
    with tempfile.TemporaryDirectory() as folder:
        if options.home is not None:
            index = Bookshelf.open(options.home).guidelines
        else:
            index = GuidelineIndex.open(Path(folder), Path(folder) / "index")
        answers = measure(index, read_questions())
        index.close()
    sys.stdout.write(report(answers, misses=shown) + "\n")


if __name__ == "__main__":
    main()
