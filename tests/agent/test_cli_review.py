"""The review commands: amend with preview, override, queries and answers, feedback, audit, as a person types them."""

import os

import orjson
import pytest

from tests.agent.cli_run import ANKLE, Desk, bundle, note_text, with_note

OWN = "05-ankle-injury"
VIEWS = "Three views of the right ankle (AP, lateral, mortise) were taken"
NO_VIEWS = "An X-ray of the right ankle was taken"
UNITS = '{"op":"set_units","line":2,"units":"%s"}'


def run(desk: Desk, command: str, *arguments: object) -> tuple[int, str, str]:
    ran = desk.run(command, *arguments, "--store", desk.store)
    return ran.code, ran.out, ran.err


def test_amend_shows_first_then_changes_and_waits(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    code, out, _ = run(desk, "amend", OWN, "--edit", UNITS % 2, "--preview")
    assert (code, "charge: 198.40 -> 254.01" in out, "nothing was changed" in out) == (0, True, True)
    edits = desk.write("[" + UNITS % 2 + "]", "edits.json")
    code, out, _ = run(desk, "amend", OWN, "--edits", edits, "--reason", "two series", "--by", "ann")
    assert (code, "amended by ann (reviewer)" in out) == (3, True)
    assert desk.read("claim.json")["lines"][1]["units"] == "2"
    assert "claim.837" not in desk.files()
    policy = ("--by", "ann")
    assert run(desk, "approve", OWN, *policy)[0] == 0
    assert "claim.837" in desk.files()


def test_a_relative_output_folder_is_found_from_any_other_folder(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(desk.folder)
    desk.run(
        "code", ANKLE, "--store", desk.store, "--out", "mine", "--review", "always", "--no-pdf", "--json"
    )
    monkeypatch.chdir(elsewhere)
    assert run(desk, "approve", OWN, "--by", "ann")[0] == 0
    assert "claim.837" in desk.files("mine")
    assert not list(elsewhere.iterdir())
    assert desk.run("purge", OWN, "--store", desk.store, "--reason", "test", "--role", "admin").code == 0
    assert desk.files("mine") == set()


def test_a_rejected_claim_is_not_said_to_be_held(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    code, out, _ = run(desk, "reject", OWN, "--by", "ann", "--reason", "not ours")
    assert (code, out) == (0, f"{OWN}: rejected\n")
    assert run(desk, "amend", OWN, "--edit", UNITS % 2, "--reason", "x")[0] == 2


def test_who_has_no_name_in_the_system_decides_by_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nameless)
    desk.code(ANKLE, "--review", "always")
    assert run(desk, "reject", OWN, "--reason", "not ours")[0] == 0
    assert f" uid {os.getuid()} reject done {OWN} " in run(desk, "audit", "show")[1]


def test_amend_says_what_is_wrong_in_one_line(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    for given, said in (
        (("--edit", UNITS % 2), "amend needs --reason"),
        (("--edit", "{", "--reason", "x"), "--edit:"),
        (("--edit", '{"op":"frobnicate"}', "--reason", "x"), "frobnicate"),
        (("--edit", UNITS % 0, "--reason", "x"), "greater than 0"),
        (("--edits", "nowhere.json", "--reason", "x"), "can not be read"),
        (("--edit", UNITS % 2, "--reason", "x", "--claim", "0" * 64), "another claim waits"),
        (("--edit", UNITS % 2, "--reason", "x", "--role", "physician"), "may not amend"),
    ):
        code, _, err = run(desk, "amend", OWN, *given)
        assert (code, said in err, err.count("\n")) == (2, True, 1), err


def test_an_override_is_shown_in_the_result_and_the_audit(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    run(desk, "amend", OWN, "--edit", UNITS % 9, "--reason", "nine series")
    code, _, err = run(desk, "override", OWN, "--rule", "line.mue", "--role", "coder", "--reason", "agreed")
    assert (code, "may not override" in err) == (2, True)
    run(desk, "override", OWN, "--rule", "line.mue", "--reason", "agreed in writing", "--by", "ann")
    assert run(desk, "approve", OWN, "--by", "ann")[0] == 0
    found = [f for f in desk.read("coding.json")["findings"] if f["rule"] == "line.mue"]
    assert found[0]["override"] == {"by": "ann", "role": "reviewer", "reason": "agreed in writing"}
    shown = desk.run("audit", "show", OWN, "--store", desk.store, "--json").json
    assert [e["action"] for e in shown][-3:] == ["approve", "emitted", "approve done"]
    verdict = desk.run("audit", "verify", "--store", desk.store, "--json").json
    assert verdict["broken_at"] is None
    assert desk.run("audit", "verify", "--store", desk.store, "--head", verdict["head"]).code == 0
    assert desk.run("audit", "verify", "--store", desk.store, "--head", "0" * 64).code == 4


def test_a_query_is_listed_answered_and_its_effect_shown(desk: Desk) -> None:
    given = bundle()
    text = note_text(given).replace(VIEWS, NO_VIEWS)
    desk.code(desk.write(with_note(given, text)), "--review", "always")
    (query,) = desk.run("queries", "--store", desk.store, "--json").json
    assert query["question"] in desk.run("queries", "--store", desk.store).out
    refused = desk.run("answer", query["id"], "--text", "x", "--role", "reviewer", "--store", desk.store)
    assert "may not answer" in refused.complaint
    words = "Three views of the right ankle were taken at this visit."
    ran = desk.run("answer", query["id"], "--text", words, "--by", "Dr. Reyes", "--store", desk.store)
    assert "lines added: 73610-RT x1 -> 1" in ran.out
    assert "charge: 191.39 -> 198.40" in ran.out
    assert desk.run("queries", "--store", desk.store, "--json").json == []
    assert desk.read("coding.json")["service_lines"][1]["code"] == "73610"


def test_feedback_is_exported_indexed_and_found(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    run(desk, "amend", OWN, "--edit", UNITS % 2, "--reason", "two series")
    run(desk, "approve", OWN)
    code, out, _ = run(desk, "feedback", "export", "--out", desk.folder / "lessons.jsonl")
    assert (code, out.startswith("1 lessons")) == (0, True)
    assert orjson.loads((desk.folder / "lessons.jsonl").read_bytes())["approved"] is not None
    assert run(desk, "feedback", "index")[1] == "1 approved cases indexed\n"
    note = desk.write(note_text(bundle()), "note.txt")
    found = desk.run("feedback", "similar", "--note", note, "--store", desk.store).json
    assert (found["encounter"], found["changes"]) == (OWN, ["amend: two series"])
    assert "--note" in run(desk, "feedback", "similar")[2]


def test_the_worklist_filters(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    assert OWN in run(desk, "worklist", "--reason", "review of every")[1]
    assert run(desk, "worklist", "--reason", "derived")[1] == ""
    assert run(desk, "worklist", "--text", "knee")[1] == ""
    assert run(desk, "worklist", "--limit", 0)[1] == ""


def test_purge_by_name_and_by_age(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    assert "name encounters" in run(desk, "purge", "--reason", "x")[2]
    assert "is held" in run(desk, "purge", OWN, "--reason", "retention")[2]
    run(desk, "approve", OWN)
    assert run(desk, "purge", "--older-than", 30, "--reason", "retention")[1] == "0 encounters purged\n"
    assert run(desk, "purge", OWN, "--reason", "retention")[1] == "1 encounters purged\n"
    assert desk.files() == set()
    assert desk.run("worklist", "--store", desk.store, "--json").json == []
    assert "(purged)" in run(desk, "audit", "show", OWN)[1]
    assert desk.run("audit", "verify", "--store", desk.store).code == 0
