"""The harness: every case kept at once, runs that go on, budgets, scorers that crash, limits, trajectories."""

import dataclasses
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.context import Limits
from evals import results
from evals.case import BrokenSolverError, EvalCase, SolvedCase
from evals.cli import main
from evals.journal import Journal, JournalError
from evals.run import Budget, Keeper, run_cases
from evals.scorers import score_case
from evals.solvers import open_solver
from evals.trajectories import FOLDER, folder_name
from tests.evals.test_run import case, solve
from tests.graph.converse import converse_server, reply, tool_use

BEDROCK = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"
ABOUT = {"solver": "test", "model": "m", "basis": None}


def keeper(out: Path, *, resume: bool = False, **about: Any) -> Keeper:
    told = {**ABOUT, **about}
    return Keeper(out=out, journal=Journal(out, told, resume=resume), about=told)


def test_every_trajectory_is_saved_also_of_a_failure(tmp_path: Path) -> None:
    def solver(one: EvalCase) -> SolvedCase:
        if one.id == "broken":
            raise BrokenSolverError([{"event": "message", "data": "as far as it came"}]) from OSError("name")
        return dataclasses.replace(solve(one), steps=({"event": "looked", "data": 1},))

    done = run_cases([case("good"), case("broken")], solver, keeper=keeper(tmp_path))
    right, wrong = (tmp_path / FOLDER / name for name in ("good", "broken"))
    assert orjson.loads((right / "coding.json").read_bytes())["diagnoses"][0]["code"] == "R05.9"
    assert b"looked" in (right / "trace.jsonl").read_bytes()
    told = orjson.loads((wrong / "trajectory.json").read_bytes())
    assert (told["solver"], told["status"], told["failure"]["kind"]) == ("test", "failed", "OSError")
    assert b"as far as it came" in (wrong / "trace.jsonl").read_bytes()
    assert b"name" not in (wrong / "trajectory.json").read_bytes()
    assert done.results[1].failure is not None
    assert done.results[1].failure.stage == "solver"


def test_a_run_that_was_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    asked: list[str] = []

    def solver(one: EvalCase) -> SolvedCase:
        asked.append(one.id)
        return solve(one)

    whole = run_cases([case("good"), case("bad"), case("other")], solver)
    run_cases([case("good"), case("broken")], solver, keeper=keeper(tmp_path))
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"case":"half a li')
    asked.clear()
    cases = [case("good"), case("broken"), case("bad"), case("other")]
    done = run_cases(cases, solver, keeper=keeper(tmp_path, resume=True))
    assert asked == ["broken", "bad", "other"]  # a failure is tried again, a success is kept
    assert (done.summary["kept"], done.summary["failed"]) == (1, 1)
    kept = [r for r in done.results if r.failure is None]
    assert [r.decision for r in kept] == [r.decision for r in whole.results]
    asked.clear()
    run_cases(cases, solver, keeper=keeper(tmp_path))
    assert len(asked) == 4, "without --resume everything is done anew"


def test_a_case_that_changed_is_solved_again(tmp_path: Path) -> None:
    run_cases([case("good")], solve, keeper=keeper(tmp_path))
    other = EvalCase(id="good", note="Cough!", context={}, gold={})
    assert keeper(tmp_path, resume=True).journal.known(case("good")) is not None
    assert keeper(tmp_path, resume=True).journal.known(other) is None


def test_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    run_cases([case("good")], solve, keeper=keeper(tmp_path))
    with pytest.raises(JournalError, match="another model"):
        keeper(tmp_path, resume=True, model="n")


@pytest.mark.parametrize("line", [b"{", b"{}", b'{"case":"x","result":{}}'])
def test_a_damaged_journal_is_refused(tmp_path: Path, line: bytes) -> None:
    run_cases([case("good")], solve, keeper=keeper(tmp_path))
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(line + b"\n")
    with pytest.raises(JournalError, match="line 3: not a finished case"):
        keeper(tmp_path, resume=True)


@pytest.mark.parametrize(("limit", "ran"), [(0.2, 1), (0.3, 2), (9.0, 3)])
def test_what_the_budget_does_not_pay_is_not_run_and_not_zero(limit: float, ran: int) -> None:
    done = run_cases([case(n) for n in ("good", "good2", "good3")], solve, budget=Budget(cost_usd=limit))
    assert (done.summary["cases"], done.summary["not_run"]) == (ran, 3 - ran)
    assert run_cases([case("good")], solve, budget=Budget(seconds=0.0)).summary["icd10"]["f1"] is None


def test_a_scorer_that_crashes_is_a_failure_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(one: EvalCase, answer: Any, *rest: Any) -> Any:
        if one.id == "bad" and answer.diagnoses:
            raise ZeroDivisionError("R05.9 of a patient")
        if one.id == "worse":
            raise ZeroDivisionError
        return score_case(one, answer, *rest)

    monkeypatch.setattr(results, "score_case", crash)
    good, bad, worse = (case(n) for n in ("good", "bad", "worse"))
    done = run_cases([good, bad, worse], solve)
    for result in done.results[1:]:
        assert result.failure is not None
        assert (result.failure.kind, result.failure.stage) == ("ZeroDivisionError", "scorer")
        assert "patient" not in result.model_dump_json()
    assert (done.summary["failed"], done.summary["unscored_cases"]) == (2, 1)
    # "bad" counts as an empty answer, "worse" can not be scored at all and adds to no rate
    assert done.summary["icd10"]["must_recall"] == 0.5
    assert done.summary["em"]["scored"] == 2


def test_a_limit_on_turns_holds_the_encounter_and_stands_in_the_record(home: Path) -> None:
    one = EvalCase.model_validate(
        {"id": "c", "note": "ASSESSMENT: Cough.", "context": {"date_of_service": "2026-03-10"}, "gold": {}}
    )
    with open_solver("agent", model="rules", limits=Limits(turns=2), home=home) as opened:
        done = run_cases([one], opened.solver)
        assert opened.limits["turns"] == "2"
    assert "limit" in done.results[0].reasons


def test_the_conversation_of_a_run_that_breaks_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.models.rules import RulesModel

    calls = []

    def breaks(self: RulesModel, messages: Any, *rest: Any, **more: Any) -> Any:
        calls.append(len(messages))
        if len(calls) == 2:
            raise OSError("the line is dead")
        return whole(self, messages, *rest, **more)

    whole = RulesModel._generate
    monkeypatch.setattr(RulesModel, "_generate", breaks)
    one = EvalCase(id="c", note="ASSESSMENT: Cough.", context={"date_of_service": "2026-03-10"}, gold={})
    with open_solver("agent", model="rules", home=home) as opened, pytest.raises(BrokenSolverError) as broke:
        opened.solver(one)
    assert isinstance(broke.value.__cause__, OSError)
    assert [s["data"]["type"] for s in broke.value.steps][:4] == ["system", "human", "ai", "tool"]


def test_the_agent_with_a_bedrock_model_over_the_wire_is_scored_with_its_cost(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    turns = [
        reply(tool_use("get_encounter", "a")),
        reply(tool_use("search_codes", "b", queries=["cough"], system="icd10cm")),
        reply(tool_use("propose_claim", "c", diagnoses=[], service_lines=[])),
    ]
    one = EvalCase(id="c", note="ASSESSMENT: Cough.", context={"date_of_service": "2026-03-10"}, gold={})
    with converse_server(turns) as server:
        monkeypatch.setenv("SUPERBILL_BEDROCK_ENDPOINT", server.url)
        limits = Limits(turns=3, repairs=0)
        with open_solver("agent", model=BEDROCK, limits=limits, home=home) as opened:
            result = run_cases([one], opened.solver).results[0]
    assert [len(r["toolConfig"]["tools"]) for r in server.requests] == [
        len(server.requests[0]["toolConfig"]["tools"])
    ] * 3
    assert result.failure is None
    assert result.tokens == 3 * 1020
    assert result.cost_usd > 0


@pytest.mark.parametrize("name", ["../up", "a/b", "x" * 200, "é", ".hidden", "plain-1.2_ok"])
def test_a_case_id_is_a_safe_name_of_a_folder(name: str) -> None:
    made = folder_name(name)
    assert "/" not in made
    assert not made.startswith(".")
    assert len(made) < 100
    assert (made == name) is (name == "plain-1.2_ok")


@pytest.mark.parametrize(
    "wrong", [["--max-turns", "0"], ["--max-cost", "-1"], ["--max-cost", "nan"], ["--workers", "0"]]
)
def test_a_limit_that_is_none_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "--cases", "x", "--out", "y", *wrong])
    assert stop.value.code == 2
    assert "no number" in (said := capsys.readouterr().err) or "no amount" in said
