"""superbill trace show, replay and fork, as a person runs them."""

import shutil
from pathlib import Path

import orjson
import pytest

from agent.trace import dump_trace, load_trace
from tests.agent.cli_run import ANKLE, Desk, bundle
from tests.agent.coded import Coded


@pytest.fixture
def out(desk: Desk, coded: Coded) -> Path:
    """A copy of the hypertension and wellness encounter's folder."""
    return Path(shutil.copytree(coded.out("04"), desk.folder / "04"))


def test_show_is_one_line_an_event(desk: Desk, out: Path, coded: Coded) -> None:
    ran = desk.run("trace", "show", out)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == len(coded.events("04"))
    assert "em_level: 99214 by mdm" in ran.out
    assert "self-check  try 1: no error, no warning" in ran.out


def test_show_whole_and_as_json(desk: Desk, out: Path, coded: Coded) -> None:
    assert '"evidence"' not in desk.run("trace", "show", out).out
    assert '"medicare_part_b"' in desk.run("trace", "show", out, "--full").out
    events = desk.run("trace", "show", out / "trace.jsonl", "--json").json
    assert [e["seq"] for e in events] == [e.seq for e in coded.events("04")]


def test_replay_says_same(desk: Desk, out: Path) -> None:
    ran = desk.run("trace", "replay", out)
    assert (ran.code, ran.out.startswith("same:")) == (0, True)


def test_replay_of_a_run_that_was_shown_approved_cases_shows_it_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERBILL_EXAMPLES", "on")
    assert desk.code(ANKLE, "--review", "always").code == 3
    assert desk.run("approve", "05-ankle-injury", "--store", desk.store, "--by", "ann").code == 0
    like = orjson.loads(orjson.dumps(bundle()).replace(b"05-ankle-injury", b"like-it"))
    assert desk.code(desk.write(like), out="like").code == 3
    (answer,) = [
        e for e in load_trace(desk.folder / "like" / "trace.jsonl") if e.data.get("tool") == "get_encounter"
    ]
    assert orjson.loads(answer.data["content"])["similar_cases"][0]["lines"]
    for _ in ("as it was", "and with nothing to consult"):
        assert desk.run("trace", "replay", desk.folder / "like").code == 0
        monkeypatch.setenv("SUPERBILL_EXAMPLES", "off")


def test_replay_says_where_it_parted(desk: Desk, out: Path, coded: Coded) -> None:
    events = coded.events("04")
    fees = next(e for e in events if e.event == "answer" and e.data["tool"] == "look_up_fees")
    other = fees.model_copy(
        update={"data": {**fees.data, "content": fees.data["content"].replace("206.42", "1.00")}}
    )
    path = out / "trace.jsonl"
    path.write_bytes(dump_trace(tuple(other if e.seq == fees.seq else e for e in events)))
    ran = desk.run("trace", "replay", out)
    assert ran.code == 5
    assert f"parted at event {fees.seq}" in ran.out
    assert "the answer of look_up_fees: content.fees[1].charge: 1.00 -> 206.42" in ran.out
    assert desk.run("trace", "replay", out, "--json").json["parted_at"] == fees.seq


def test_fork_shows_both_sides_and_leaves_the_folder_alone(desk: Desk, out: Path) -> None:
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    ran = desk.run("trace", "fork", out, "--set", "payer=commercial", "--out", desk.folder / "what-if")
    assert ran.code == 0
    assert "line new: 90471 → 3" in ran.out
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    kept = desk.folder / "what-if"
    assert {p.name for p in kept.iterdir()} == {
        "coding.json",
        "claim.json",
        "report.html",
        "trace.jsonl",
        "what-if.json",
    }
    assert orjson.loads((kept / "claim.json").read_bytes())["draft"] is True
    coding = orjson.loads((kept / "coding.json").read_bytes())
    assert coding["status"] == "held"
    assert coding["review"]["reasons"][0]["text"].startswith("a what-if, never sent: payer = commercial")
    assert "A WHAT-IF, never sent" in desk.run("trace", "show", kept).out
    again = desk.run("trace", "fork", out, "--drop-line", "2", "--out", kept)
    assert again.code == 2
    assert "a what-if replaces nothing" in again.complaint


def test_fork_as_json(desk: Desk, out: Path) -> None:
    told = desk.run("trace", "fork", out, "--drop-line", 2, "--json").json
    assert told["before"]["charge"] == "573.34"
    assert told["after"]["charge"] == "366.92"
    old, new = "amlodipine to 10 mg", "amlodipine to 15 mg"
    assert desk.run("trace", "fork", out, "--note-replace", old, new, "--model", "rules", "--json").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "colour=red"), "'colour' can not be set"),
        (("--drop-line", 7), "there is no line 7"),
        (("--at", 99, "--set", "age=50"), "there is no event 99"),
        (("--note-replace", "no such words", "x"), "no document of the encounter holds"),
    ],
)
def test_what_can_not_be_is_one_line_and_exit_2(
    desk: Desk, out: Path, arguments: tuple[object, ...], said: str
) -> None:
    ran = desk.run("trace", "fork", out, *arguments)
    assert ran.code == 2
    assert said in ran.complaint


def test_an_altered_trace_is_refused(desk: Desk, out: Path) -> None:
    path = out / "trace.jsonl"
    path.write_bytes(path.read_bytes().replace(b"amlodipine 5 mg", b"amlodipine 9 mg"))
    ran = desk.run("trace", "replay", out)
    assert ran.code == 2
    assert "trace.jsonl:1: the trace was altered here" in ran.complaint
