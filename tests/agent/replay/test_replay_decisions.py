"""Runs that people decided on: approved, amended, let stand, rejected, corrected; each comes out the same again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.desk import Person, open_desk
from agent.desk.desk import Desk
from agent.replay import Change, fork, replay
from agent.settings import Settings
from agent.trace import TraceEvent, load_trace
from knowledge.bookshelf import Bookshelf
from tests.agent.coded import ENCOUNTERS, Coded
from tools.amend import read_edits
from tools.intake import read_one

ANKLE = "05-ankle-injury"
ANN = Person(name="ann", role="reviewer", tenant="default")
TWO_UNITS = read_edits('{"op":"set_units","line":2,"units":"2"}')


@pytest.fixture
def desk(tmp_path: Path, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A practice without a charge master, so that everything coded is held."""
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    with open_desk(Settings(home=home), store=tmp_path / "store") as opened:
        assert opened.submit(read_one(ENCOUNTERS / f"{ANKLE}.json")).status == "held"
        yield opened


def shown(desk: Desk) -> str:
    return desk.case(ANKLE).claim_sha256 or ""


def trace_of(desk: Desk) -> tuple[TraceEvent, ...]:
    (row,) = desk.worklist()
    assert row.out
    return load_trace(Path(row.out))


def decisions(events: tuple[TraceEvent, ...]) -> list[str]:
    return [e.data["action"] for e in events if e.event == "decided"]


def test_amended_then_approved(desk: Desk, coded: Coded) -> None:
    desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=TWO_UNITS, reason="two films")
    assert desk.approve(ANKLE, ANN, claim_sha256=shown(desk), reason="as amended").status == "emitted"
    events = trace_of(desk)
    assert decisions(events) == ["amend", "approve"]
    result = replay(events, coded.context)
    assert result.same, result.differences
    assert result.state["status"] == "emitted"
    told = fork(events, coded.context, Change(drop_lines=(2,))).compared
    assert told.before.lines[1].startswith("73610-RT x2")
    assert len(told.after.lines) == 1


def test_an_emitted_claim_amended_to_a_correction(desk: Desk, coded: Coded) -> None:
    desk.approve(ANKLE, ANN, claim_sha256=shown(desk), reason="")
    assert (
        desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=TWO_UNITS, reason="second series").status
        == "held"
    )
    result = replay(trace_of(desk), coded.context)
    assert result.same, result.differences
    assert any("this is a correction" in r.text for r in result.state["reasons"])


def test_rejected(desk: Desk, coded: Coded) -> None:
    assert desk.reject(ANKLE, ANN, claim_sha256=shown(desk), reason="billed elsewhere").status == "rejected"
    result = replay(trace_of(desk), coded.context)
    assert result.same, result.differences
    assert result.state["status"] == "rejected"


def test_another_decision_than_the_recorded_one_is_where_it_parts(desk: Desk, coded: Coded) -> None:
    desk.approve(ANKLE, ANN, claim_sha256=shown(desk), reason="")
    events = trace_of(desk)
    place = next(n for n, e in enumerate(events) if e.event == "decided")
    stale = events[place].model_copy(update={"data": {**events[place].data, "claim_sha256": "0" * 64}})
    result = replay((*events[:place], stale, *events[place + 1 :]), coded.context)
    assert result.parted_at == events[-1].seq
    assert "status: emitted -> held" in result.differences[-1].what


def test_a_finding_let_stand_stays_let_stand(desk: Desk, coded: Coded) -> None:
    nine = read_edits('{"op":"set_units","line":2,"units":"9"}')
    desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=nine, reason="nine series")
    desk.override(ANKLE, ANN, claim_sha256=shown(desk), rule="line.mue", reason="the payer agreed in writing")
    assert desk.approve(ANKLE, ANN, claim_sha256=shown(desk)).status == "emitted"
    events = trace_of(desk)
    assert decisions(events) == ["amend", "override", "approve"]
    assert replay(events, coded.context).same


def test_a_blocked_claim_taken_up_again(desk: Desk, coded: Coded) -> None:
    wrong = read_edits('{"op":"set_pointers","line":1,"pointers":[2]}')
    right = read_edits('{"op":"set_pointers","line":1,"pointers":[1]}')
    assert desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=wrong, reason="a slip").status == "blocked"
    assert desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=right, reason="mended").status == "held"
    result = replay(trace_of(desk), coded.context)
    assert result.same, result.differences
