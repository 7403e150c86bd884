"""Few-shot by leave-one-out: a case never sees itself, a coder that uses examples gains, one that does not gains nothing."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.desk.examples import CaseExamples
from evals.case import EvalCase
from evals.compare import compare
from evals.fewshot import Counted, example_of, fill, leave_one_out, main, reach
from evals.solvers import ShelfBook
from evals.solvers.agent import AgentSolver
from knowledge.bookshelf import Bookshelf
from tests.evals.test_run import solve

NOTES = {
    "knee": "Right knee osteoarthritis with pain on stairs. Knee swelling. Corticosteroid injection discussed.",
    "knee2": "Osteoarthritis of the right knee, pain on stairs, knee swelling after walking.",
    "ear": "Otitis media of the left ear, ear pain and fever, amoxicillin started.",
}


def case(name: str, *codes: str) -> EvalCase:
    gold: dict[str, Any] = {
        "icd10": {"must": codes},
        "em": {"codes": ["99213"]},
        "lines": [{"code": "20610", "modifiers": ["RT"]}, {"code": "J3301", "must": False}],
    }
    context = {"date_of_service": "2026-03-10", "sex": "female", "age": 60}
    return EvalCase(id=name, note=NOTES[name], context=context, gold=gold)


CASES = [case("knee", "M17.11"), case("knee2", "M17.11"), case("ear", "H66.92")]


@pytest.fixture
def examples(tmp_path: Path, shelf: Bookshelf) -> CaseExamples:
    made = CaseExamples(store=tmp_path, tenant="evals", bookshelf=shelf)
    assert fill(made, [*CASES, EvalCase(id="silent", note="x", context={}, gold={})]) == 3
    return made


def test_an_example_holds_gold_codes_and_no_text() -> None:
    made = example_of(CASES[0])
    assert (made.diagnoses, made.lines) == (("M17.11",), ("99213", "20610-RT"))
    assert "stairs" not in made.model_dump_json()


def test_a_case_never_sees_itself(examples: CaseExamples) -> None:
    for one in CASES:
        assert one.id not in {e.encounter for e in examples.similar(one.note, limit=3, leave_out=one.id)}
    nearest = examples.similar(NOTES["knee"], limit=1, leave_out="knee")
    assert nearest[0].encounter == "knee2"


class Copies(AgentSolver):
    """A coder that takes the diagnoses of the nearest approved case, and has none of its own."""

    def __call__(self, case: EvalCase) -> Any:
        examples = self.context.examples
        near = examples.similar(case.note, limit=1, leave_out=case.id) if examples else ()
        answer = solve(case)
        codes = [{"sequence": n, "code": c} for n, c in enumerate((c for e in near for c in e.diagnoses), 1)]
        return type(answer)(coding={**answer.coding, "diagnoses": codes}, seconds=0.0)


def test_the_gain_of_a_coder_that_uses_them_is_measured(examples: CaseExamples, shelf: Bookshelf) -> None:
    from agent.graph import build_graph
    from agent.run import make_context
    from agent.settings import load_settings

    solver = Copies(context=make_context(load_settings(), pdf=False), graph=build_graph(None))
    without, given, counted = leave_one_out(CASES, solver, ShelfBook(shelf=shelf), examples, quiet=True)
    rates = {r.rate: r for r in compare(without.results, given.results).rates}
    assert (rates["icd10.must_recall"].before, rates["icd10.must_recall"].after) == (
        0.0,
        pytest.approx(2 / 3),
    )
    assert (counted.asked, counted.answered >= 2) == (3, True)
    assert reach(CASES, without, examples) == (3, 2)
    assert isinstance(counted, Counted)


def test_the_command_tells_the_gain_also_when_it_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(c.model_dump(mode="json", exclude_unset=True)) for c in CASES))
    assert main(["--cases", str(file), "--out", str(tmp_path / "o"), "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["examples"], told["asked"]) == (3, 3)
    assert told["comparison"]["moved"] == []
    assert (tmp_path / "o" / "compare.html").is_file()
