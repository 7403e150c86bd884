"""Modifiers by documented criteria: each row's firing sentence and its near miss, and what the table refuses."""

from datetime import date
from typing import Any

import pytest

from agent.coder import criteria as module
from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer
from agent.coder.criteria import Criterion, criteria, documented, meets
from agent.coder.earlier import Earlier, look_back
from agent.coder.lines import Line
from knowledge.errors import TableError
from knowledge.modifiers import TESTS

SURGERY = {"global_days": "010", "category": "wound"}
NOTHING = Earlier()
RUNNING = Earlier(running=(("27447", date(2026, 6, 1)),))


def case(*told: str, payer: str = "commercial", place: str = "11", history: tuple[Any, ...] = ()) -> Case:
    """A note of one section whose sentences are given."""
    text = " ".join(told)
    starts = [sum(len(t) + 1 for t in told[:n]) for n in range(len(told))]
    return Case(
        encounter={"payer": payer, "place_of_service": place, "date_of_service": "2026-05-04"},
        history=history,
        mentions=(),
        sections={"n": [{"name": "Procedure", "kind": "procedures", "start": 0, "end": len(text)}]},
        sentences={"n": [[s, s + len(t), 0] for s, t in zip(starts, told, strict=True)]},
        texts={"n": text},
    )


def line(code: str, facts: dict[str, Any], sentence: int = 0) -> Line:
    seen = Seen(document="n", index=-1, raw={"text": "", "sentence": sentence, "section": "Procedure"})
    return Line(code=code, seen=(seen,), rationale="", facts={"code": code, **facts})


def added(made: Case, what: Line, earlier: Earlier = NOTHING) -> list[str]:
    return [met.modifier for met in documented(made, what, earlier)]


def test_the_return_to_the_operating_room_needs_a_running_global_period() -> None:
    made = case("She was taken back to the operating room for a wound hematoma.", "It was drained.")
    what = line("10140", SURGERY)
    assert added(made, what, RUNNING) == ["78"]
    assert added(made, what) == []


def test_the_reason_quotes_the_words_that_met_the_criterion() -> None:
    told = "She was taken back to the operating room for a wound hematoma."
    (met,) = documented(case(told), line("10140", SURGERY), RUNNING)
    assert met.why == f'{met.criterion.why}: "{told}"'


def test_a_row_that_does_not_fit_the_line_is_not_met() -> None:
    made = case("She was taken back to the operating room for a wound hematoma.")
    assert added(made, line("93000", {"global_days": "XXX"}), RUNNING) == []


@pytest.mark.parametrize(
    ("scope", "sentence", "found"),
    [("line", 0, True), ("line", 1, True), ("line", 2, False), ("section", 2, True), ("note", 2, True)],
)
def test_the_scope_says_how_near_the_service_it_must_be_told(scope: str, sentence: int, found: bool) -> None:
    told = ["An ECG was done."] * 3
    told[sentence] = "It was stopped."
    row = Criterion(
        modifier="52", lines=(), codes=(), scope=scope, said="stopped", also="", unless="", payers=(), not_payers=(), places=(),
        needs=(), why="in part", source="CPT appendix A",
    )  # fmt: skip
    assert bool(meets(case(*told), line("93000", {}), row, Earlier())) is found


def test_the_history_tells_which_global_periods_run_and_what_was_done_today() -> None:
    past = [
        {"kind": "procedure", "code": "27447", "effective": "2026-04-01", "performer": None},
        {"kind": "procedure", "code": "11402", "effective": "2026-04-20", "performer": None},
        {"kind": "procedure", "code": "29881", "effective": "2026-04-20", "performer": "Practitioner/other"},
        {"kind": "procedure", "code": "93000", "effective": "2026-05-04", "performer": None},
    ]
    asking = look_back(case("x.", history=tuple(past)))
    (ask,) = next(asking)
    assert ask.args["codes"] == ["27447", "11402"]
    told = [{"code": "27447", "global_days": "090"}, {"code": "11402", "global_days": "010"}]
    with pytest.raises(StopIteration) as done:
        asking.send((Answer(data={"codes": told}),))
    earlier: Earlier = done.value.value
    assert [code for code, _ in earlier.running] == ["27447"]
    assert earlier.today == {"93000"}


def test_every_row_names_its_source_and_tests_that_exist() -> None:
    assert criteria()
    assert all(row.source and row.why for row in criteria())
    assert {test for row in criteria() for test in row.lines} <= set(TESTS)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("scope", "page", "scope"),
        ("needs", "luck", "unknown"),
        ("lines", "nothing", "unknown"),
        ("said", "(", "pattern"),
        ("source", "", "lacks"),
    ],
)
def test_a_malformed_row_is_refused(
    column: str, value: str, says: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {
        "modifier": "52", "lines": "", "codes": "", "scope": "note", "said": "x", "also": "", "unless": "", "payers": "",
        "not_payers": "", "places": "", "needs": "", "why": "y", "source": "z", column: value,
    }  # fmt: skip
    table = tmp_path / "modifier_evidence.csv"
    table.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    monkeypatch.setattr(module, "TABLE", table)
    with pytest.raises(TableError, match=says):
        criteria.__wrapped__()
