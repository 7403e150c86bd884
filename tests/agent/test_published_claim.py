"""The published zero-shot claim for the memory-loss visit (G30.9 and 96125): the check finds both wrong, from the note alone."""

from typing import Any

import orjson
import pytest

from agent.cli import main
from agent.cli.errors import EXIT_BLOCKED
from tests.conftest import ROOT

CLAIM = ROOT / "tests" / "fixtures" / "x12" / "published-memory-loss.837"
NOTE = ROOT / "evals" / "encounters" / "notes" / "01-memory-loss.txt"


@pytest.fixture
def findings(
    home: Any, shelf: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[Any]:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    code = main(["claim", "check", str(CLAIM), "--note", str(NOTE), "--json"])
    assert code == EXIT_BLOCKED
    found = orjson.loads(capsys.readouterr().out)
    assert found["errors"] == len([f for f in found["findings"] if f["level"] == "error"])
    return list(found["findings"])


def test_a_diagnosis_the_note_does_not_establish_is_an_error(findings: list[Any]) -> None:
    rules = [f["rule"] for f in findings if f["level"] == "error" and "G30.9" in f["codes"]]
    assert "dx.not_established" in rules


def test_a_service_the_note_does_not_document_is_an_error(findings: list[Any]) -> None:
    rules = [f["rule"] for f in findings if f["level"] == "error" and "96125" in f["codes"]]
    assert "line.not_documented" in rules


def test_every_finding_names_its_source(findings: list[Any]) -> None:
    assert all(f["source"]["table"] and f["source"]["edition"] and f["message"] for f in findings)
