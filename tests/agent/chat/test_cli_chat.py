"""superbill chat, as a person runs it."""

import io
import shutil
from pathlib import Path

import orjson
import pytest

from tests.agent.cli_run import Desk
from tests.agent.coded import ENCOUNTERS, Coded


@pytest.fixture
def out(desk: Desk, coded: Coded) -> Path:
    return Path(shutil.copytree(coded.out("07"), desk.folder / "07"))


def test_one_question(desk: Desk, out: Path) -> None:
    ran = desk.run("chat", out, "--ask", "why can't I bill 99495?")
    assert ran.code == 0
    assert "contact within two business days" in ran.out


def test_as_json_a_line_an_answer(desk: Desk, out: Path) -> None:
    ran = desk.run("chat", out, "--json", "--ask", "why J44.1?", "--ask", "what supports it?")
    facts = [orjson.loads(line)["facts"] for line in ran.out.splitlines()]
    assert [f["intent"] for f in facts] == ["why_code", "support"]


def test_what_is_not_understood_is_said_and_exit_6(desk: Desk, out: Path) -> None:
    ran = desk.run("chat", out, "--ask", "what is the weather?")
    assert ran.code == 6
    assert "I did not understand" in ran.out


def test_typed_questions_until_quit(desk: Desk, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("status\ndrop line 2\nquit\nnever asked\n"))
    ran = desk.run("chat", out)
    assert ran.code == 0
    assert "07-smoking-after-discharge: emitted." in ran.out
    assert "line gone: 99407" in ran.out
    assert "Nothing real was changed" in ran.out


def test_an_encounter_of_the_worklist_by_its_id(desk: Desk) -> None:
    coded = desk.code(ENCOUNTERS / "06-knee-injection.json")
    assert coded.code == 0
    ran = desk.run("chat", "06-knee-injection", "--store", desk.store, "--ask", "why JZ?")
    assert "single-dose vial" in ran.out
    nobody = desk.run("chat", "99-nobody", "--store", desk.store, "--ask", "why?")
    assert nobody.code == 2
    assert "no output folder and no encounter of the worklist" in nobody.complaint


def test_an_altered_trace_is_not_talked_about(desk: Desk, out: Path) -> None:
    path = out / "trace.jsonl"
    path.write_bytes(path.read_bytes().replace(b"COPD", b"CPOD", 1))
    ran = desk.run("chat", out, "--ask", "why J44.1?")
    assert ran.code == 2
    assert "the trace was altered here" in ran.complaint


def test_another_run_to_compare_with(desk: Desk, out: Path) -> None:
    ran = desk.run("chat", out, "--against", out, "--ask", "what changed since the last run?")
    assert "nothing moved" in ran.out
