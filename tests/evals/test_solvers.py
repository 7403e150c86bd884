"""Solvers side by side: the model alone (scripted, and over loopback as Bedrock), search only, and what is refused."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from agent.models import make_model
from agent.settings import load_settings
from evals.case import BrokenSolverError, EvalCase
from evals.cli import main
from evals.encounters.cases import SHIPPED
from evals.run import run_cases
from evals.solvers import ShelfBook, SolverError, open_solver
from evals.solvers.model_alone import ModelAlone, NoAnswerError, read_reply
from evals.solvers.search_only import SearchSolver, assessment_lines
from knowledge.bookshelf import Bookshelf
from tests.graph.converse import converse_server, reply
from tools.text import read

NOTE = "CC: Cough.\nASSESSMENT:\n1. Essential hypertension, at goal. Continue.\n2) Acute bronchitis.\nPLAN: Rest.\n"
CASE = EvalCase.model_validate(
    {
        "id": "c",
        "note": NOTE,
        "context": {"date_of_service": "2026-03-10", "place_of_service": "11"},
        "gold": {
            "icd10": {"must": ["I10", "J20.9"], "first": "I10"},
            "em": {"codes": ["99213"]},
            "lines": [{"code": "71046"}],
            "links": {"71046": ["J20.9"]},
        },
    }
)
ANSWER = {
    "diagnoses": [{"code": "I10", "quote": "Essential hypertension"}, {"code": "J20.9", "quote": "made up"}],
    "em": "99214",
    "lines": [{"code": "71046", "modifiers": ["26"], "units": 1, "diagnoses": ["J20.9"], "quote": "Cough"}],
    "rejected": [{"code": "J18.9", "reason": "no sign of it"}],
    "queries": ["How long has the cough lasted?"],
}
SPEC = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"


def scripted(text: str) -> ModelAlone:
    return ModelAlone(model=FakeListChatModel(responses=[text]), spec="script:test")


def test_the_answer_of_a_model_alone_is_scored_like_any_other(shelf: Bookshelf) -> None:
    said = f"Here it is:\n```json\n{orjson.dumps(ANSWER).decode()}\n```"
    result = run_cases([CASE], scripted(said), book=ShelfBook(shelf=shelf)).results[0]
    assert result.failure is None
    assert result.given["icd10"] == ["I10", "J20.9"]
    assert result.score.em is not None
    assert result.score.em.over
    assert result.score.links is not None
    assert result.score.links.right == 1
    assert result.score.evidence.faults == ("J20.9: the span -1--1 is not what it says",)
    assert result.score.money is not None
    assert result.score.money.over > 0
    assert result.clean is None, "it has no self-check"


@pytest.mark.parametrize("text", ["I can not help with that.", "{broken", '{"diagnoses": "I10"}', ""])
def test_a_reply_that_is_no_answer_is_a_failure_record(text: str) -> None:
    with pytest.raises(BrokenSolverError) as broke:
        scripted(text)(CASE)
    assert isinstance(broke.value.__cause__, NoAnswerError)
    assert broke.value.steps[1]["text"] == text
    done = run_cases([CASE], scripted(text))
    assert done.results[0].failure is not None
    assert done.results[0].failure.kind == "NoAnswerError"
    assert done.summary["icd10"]["must_recall"] == 0.0


def test_keys_of_a_reply_that_nobody_asked_for_are_left_alone() -> None:
    assert read_reply('{"em": null, "thoughts": "none"}').em is None


def test_a_bedrock_model_alone_over_the_wire_with_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    answer = reply({"text": orjson.dumps(ANSWER).decode()}, stop="end_turn")
    with converse_server([answer]) as server:
        env = {"AWS_REGION": "us-east-1", "SUPERBILL_BEDROCK_ENDPOINT": server.url, "HOME": "/nowhere"}
        solver = ModelAlone(model=make_model(SPEC, load_settings(env)), spec=SPEC)
        result = run_cases([CASE], solver).results[0]
    (asked,) = server.requests
    assert "toolConfig" not in asked
    assert NOTE.strip() in asked["messages"][0]["content"][0]["text"]
    assert result.given["em"] == "99214"
    assert (result.tokens, result.cost_usd > 0) == (1020, True)


def test_the_embedded_coder_has_no_answer_without_its_tools(home: Path) -> None:
    with pytest.raises(SolverError, match="needs a chat model"), open_solver("model_alone", home=home):
        pass


def test_search_only_takes_the_best_hit_of_every_line_of_the_assessment(shelf: Bookshelf) -> None:
    spans = list(assessment_lines(read(NOTE, shelf.vocabulary), NOTE))
    assert [NOTE[a:b] for a, b in spans] == ["Essential hypertension, at goal", "Acute bronchitis"]
    result = run_cases([CASE], SearchSolver(shelf=shelf), book=ShelfBook(shelf=shelf)).results[0]
    assert result.given["icd10"] == ["I10", "J20.9"]
    assert (result.given["lines"], result.given["em"]) == ([], None)
    assert result.score.evidence.verified == 2


def test_a_note_without_an_assessment_gives_search_only_nothing(shelf: Bookshelf) -> None:
    silent = CASE.model_copy(update={"note": "HPI: Cough for a week."})
    assert SearchSolver(shelf=shelf)(silent).coding["diagnoses"] == []


@pytest.mark.parametrize(
    ("code", "modifiers", "priced"), [("99213", (), True), ("0000X", (), False), ("71046", ("26",), True)]
)
def test_the_bookshelf_prices_what_it_knows(
    shelf: Bookshelf, code: str, modifiers: tuple[str, ...], priced: bool
) -> None:
    book = ShelfBook(shelf=shelf)
    found = book.price(code, modifiers, "11", date(2026, 3, 10))
    assert (found is not None) is priced
    assert book.price(code, modifiers, "11", None) is None
    if modifiers and found is not None:
        whole = book.price(code, (), "11", date(2026, 3, 10))
        assert whole is not None
        assert found.amount < whole.amount


def test_solvers_stand_side_by_side_in_output_and_page(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    given: list[Any] = ["run", "--cases", SHIPPED, "--limit", "2", "--out", tmp_path, "--json"]
    both = ["--solver", "agent", "--solver", "search_only"]
    assert main([str(x) for x in (*given, *both)]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["solvers"] == ["agent rules", "search_only"]
    assert told["others"]["search_only"]["em"]["exact"] == 0.0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Solvers side by side" in page
    assert "cost against accuracy" in page
    assert (tmp_path / "search_only" / "results.jsonl").is_file()
    assert main([str(x) for x in (*given[:-1], *both, "--resume", "--gate", "shipped")]) == 0
    said = capsys.readouterr().out
    assert "search_only" in said
    assert "95 % interval" in said
    assert main([str(x) for x in (*given, "--solver", "search_only", "--gate", "shipped")]) == 1
    assert "below the baseline shipped: em.exact is 0" in capsys.readouterr().err
