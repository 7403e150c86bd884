"""What approved cases of the practice gain: ``python -m evals.fewshot --cases FILE --out DIR [--model SPEC]``.

Every case with gold diagnoses becomes an approved example (its codes, never its text); each case is then coded twice, without
examples and with those of all other cases (leave-one-out), and the two runs are compared case by case. Near twins in a set
flatter the gain: our own cases come in pairs of a firing case and its near miss.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from evals.case import EvalCase, load_cases
from evals.compare import Comparison, compare
from evals.report import render_comparison
from evals.run import Run, bar, run_cases, write_run
from evals.solvers import AgentSolver, ShelfBook, agent_solver
from evals.tables import print_comparison
from tools.examples import Example, Examples
from tools.history import SIMILAR

if TYPE_CHECKING:
    from agent.desk.examples import CaseExamples

TENANT: Final = "evals"


@dataclass(kw_only=True)
class Counted:
    """Examples that count how often they were asked and how often they had an answer."""

    examples: Examples
    asked: int = 0
    answered: int = 0

    def similar(self, text: str, *, limit: int, leave_out: str = "") -> tuple[Example, ...]:
        """See ``tools.examples.Examples``."""
        found = self.examples.similar(text, limit=limit, leave_out=leave_out)
        self.asked += 1
        self.answered += bool(found)
        return found


def fill(examples: "CaseExamples", cases: Sequence[EvalCase]) -> int:
    """Keep every case whose gold names diagnoses as an approved example; how many."""
    known = [c for c in cases if c.gold.icd10 is not None and c.gold.icd10.must]
    for case in known:
        examples.add(case.note, example_of(case))
    return len(known)


def example_of(case: EvalCase) -> Example:
    """What a person would have approved for a case: its gold codes."""
    gold = case.gold
    visit = gold.em.codes[:1] if gold.em else ()
    lines = tuple("-".join([line.code, *line.modifiers]) for line in gold.lines or () if line.must)
    return Example(
        encounter=case.id, score=1.0, diagnoses=gold.icd10.must if gold.icd10 else (), lines=(*visit, *lines)
    )


def leave_one_out(
    cases: Sequence[EvalCase], solver: AgentSolver, book: ShelfBook, examples: Examples, *, quiet: bool
) -> tuple[Run, Run, Counted]:
    """The runs without and with the examples of all other cases."""
    counted = Counted(examples=examples)
    told = replace(solver, context=replace(solver.context, examples=counted))
    runs = []
    for one in (solver, told):
        with bar(len(cases), quiet=quiet) as step:
            runs.append(run_cases(cases, one, book=book, model=solver.context.model_spec, step=step))
    return runs[0], runs[1], counted


def reach(cases: Sequence[EvalCase], run: Run, examples: Examples) -> tuple[int, int]:
    """Required codes that the coder missed, and how many of them the cases nearest to the note were coded with.

    The second is the most that examples could gain, if the coder took the right ones over and no wrong one.
    """
    notes = {case.id: case.note for case in cases}
    missed = found = 0
    for result in run.results:
        codes = set(result.score.icd10.missed) if result.score.icd10 else set()
        if codes:
            near = examples.similar(notes[result.id], limit=SIMILAR, leave_out=result.id)
            missed, found = missed + len(codes), found + len(codes & {c for e in near for c in e.diagnoses})
    return missed, found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and draw."""
    from agent.desk.examples import CaseExamples

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="rules")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    cases = load_cases(options.cases)[: options.limit]
    with tempfile.TemporaryDirectory() as folder, agent_solver(options.model) as (solver, book):
        examples = CaseExamples(store=Path(folder), tenant=TENANT, bookshelf=book.shelf)
        kept = fill(examples, cases)
        without, given, counted = leave_one_out(cases, solver, book, examples, quiet=options.json)
        missed, near = reach(cases, without, examples)
    write_run(without, cases, options.out / "without")
    write_run(given, cases, options.out / "with")
    found = compare(without.results, given.results)
    notes = {case.id: case.note for case in cases}
    page = render_comparison(found, "without examples", "with examples", notes)
    (options.out / "compare.html").write_text(page, encoding="utf-8")
    told = {
        "examples": kept,
        "asked": counted.asked,
        "answered": counted.answered,
        "missed": missed,
        "near": near,
    }
    _tell(found, told, json=options.json)
    return 0


def _tell(found: Comparison, told: Mapping[str, int], *, json: bool) -> None:
    if json:
        said = {**told, "comparison": found.model_dump(mode="json")}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return
    print_comparison(found)
    sys.stdout.write(
        f"{told['examples']} examples; asked {told['asked']} times, answered {told['answered']} times; of {told['missed']} "
        f"required codes that were missed, {told['near']} stand in the nearest cases\n"
    )


if __name__ == "__main__":
    sys.exit(main())
