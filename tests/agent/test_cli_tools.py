"""The small commands: claims, knowledge, notes, traces, and the review queue over several runs of the program."""

import io
import stat
import sys
from pathlib import Path

import orjson
import pytest

from tests.agent.cli_run import ANKLE, ENCOUNTERS, Desk, billing, bundle
from tests.conftest import ROOT

X12 = ROOT / "tests" / "fixtures" / "x12"
NOTE = ENCOUNTERS / "notes" / "05-ankle-injury.txt"
PUBLISHED = X12 / "published-memory-loss.837"


@pytest.fixture
def coded(desk: Desk) -> Path:
    assert desk.code(ANKLE).code == 0
    return desk.folder / "out"


# claims


@pytest.mark.parametrize("name", ["claim.837", "claim.json", "claim.fhir.json"])
def test_check_of_our_own_claim_finds_no_error(desk: Desk, coded: Path, name: str) -> None:
    context = '{"age": 24, "sex": "male", "date_of_service": "2026-08-03", "payer": "commercial", "new_patient": false}'
    for more in ((), ("--note", NOTE), ("--note", NOTE, "--context", context)):
        ran = desk.run("claim", "check", coded / name, "--json", *more)
        errors = [f for f in ran.json["findings"] if f["level"] == "error"]
        assert (ran.code, errors) == (0, [])
        assert set(ran.json) >= {"errors", "warnings", "findings"}


def test_check_notices_the_context_of_someone_else(desk: Desk, coded: Path) -> None:
    context = '{"age": 24, "sex": "female", "date_of_service": "2026-08-03", "payer": "commercial", "encounter": "other"}'
    ran = desk.run("claim", "check", coded / "claim.837", "--note", NOTE, "--context", context, "--json")
    assert ran.code == 4
    rules = {f["rule"] for f in ran.json["findings"] if f["level"] == "error"}
    assert {"claim.patient_mismatch", "claim.encounter_mismatch"} <= rules


def test_check_of_the_published_claim_is_an_error_in_words_too(desk: Desk) -> None:
    ran = desk.run("claim", "check", PUBLISHED, "--note", ENCOUNTERS / "notes" / "01-memory-loss.txt")
    assert ran.code == 4
    assert "G30.9" in ran.out
    assert "errors" in ran.out.splitlines()[-1]


def test_check_tells_malformed_envelopes(desk: Desk, coded: Path) -> None:
    text = (coded / "claim.837").read_text()
    assert "GE*1*" in text
    ran = desk.run("claim", "check", desk.write(text.replace("GE*1*", "GE*7*"), "bad.837"), "--json")
    assert ran.code == 4
    assert ran.json["findings"][0]["rule"] == "claim.malformed"
    assert ran.json["findings"][0]["message"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"hello", b"\xff\xfe", b"[1]", b'{"resourceType": "Patient"}', b"ISA*00*"]
)
@pytest.mark.parametrize("command", [("check",), ("render", "--to", "837", "--out", "x.837"), ("parse",)])
def test_no_claim_is_one_line(desk: Desk, content: bytes, command: tuple[str, ...]) -> None:
    desk.write(content, "thing")
    ran = desk.run("claim", command[0], "thing", *command[1:])
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint.startswith("superbill: ")
    assert "thing" in ran.complaint
    assert not (desk.folder / "x.837").exists()


def test_a_draft_is_rendered_with_a_warning(desk: Desk, coded: Path) -> None:
    claim = orjson.loads((coded / "claim.json").read_bytes())
    draft = desk.write({**claim, "draft": True}, "draft.json")
    for source, said in ((draft, True), (coded / "claim.json", False)):
        ran = desk.run("claim", "render", source, "--to", "837", "--out", desk.folder / "x.837")
        assert (ran.code, "draft" in ran.err) == (0, said)


def test_a_file_that_is_rendered_over_keeps_its_old_content_until_it_is_whole(
    desk: Desk, coded: Path
) -> None:
    (desk.folder / "elsewhere.txt").write_text("not ours")
    (desk.folder / "x.837").symlink_to(desk.folder / "elsewhere.txt")
    assert (
        desk.run("claim", "render", coded / "claim.json", "--to", "837", "--out", desk.folder / "x.837").code
        == 0
    )
    assert (desk.folder / "elsewhere.txt").read_text() == "not ours"
    assert (desk.folder / "x.837").read_bytes().startswith(b"ISA*")
    assert not [p for p in desk.folder.iterdir() if p.name.startswith(".")]


def test_no_file_is_one_line(desk: Desk, coded: Path) -> None:
    assert "nowhere" in desk.run("claim", "check", "nowhere").complaint
    assert "nowhere" in desk.run("claim", "check", coded / "claim.837", "--note", "nowhere").complaint
    assert "--note" in desk.run("claim", "check", coded / "claim.837", "--context", "{}").complaint


@pytest.mark.parametrize("source", ["claim.json", "claim.837", "claim.fhir.json"])
@pytest.mark.parametrize("form", ["837", "fhir", "cms1500", "json"])
def test_any_form_renders_to_any_other(desk: Desk, coded: Path, source: str, form: str) -> None:
    target = desk.folder / "made" / "claim.out"
    ran = desk.run("claim", "render", coded / source, "--to", form, "--out", target, "--control-number", 7)
    assert ran.code == 0, ran.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    start = {"837": b"ISA*", "fhir": b"{", "cms1500": b"%PDF", "json": b"{"}[form]
    assert target.read_bytes().startswith(start)


def test_render_refuses_what_can_not_be_sent(desk: Desk, coded: Path) -> None:
    claim = orjson.loads((coded / "claim.json").read_bytes())
    no_payer = desk.write({**claim, "coverages": []}, "claim.json")
    for arguments in ((no_payer,), (coded / "claim.json", "--control-number", 0)):
        ran = desk.run("claim", "render", *arguments, "--to", "837", "--out", "x.837")
        assert ran.code == 2
        assert ran.complaint
    assert (
        "is a"
        in desk.run("claim", "render", coded / "claim.json", "--to", "json", "--out", ".").complaint.lower()
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("remittance.835", "835"),
        ("acknowledgement.999", "999"),
        ("interchange.ta1", "TA1"),
        ("status.277", "277CA"),
        ("odd_delimiters.837", "837P"),
    ],
)
def test_parse_says_what_a_file_is(desk: Desk, name: str, kind: str) -> None:
    ran = desk.run("claim", "parse", X12 / name, "--json")
    assert (ran.code, ran.json["kind"]) == (0, kind)
    assert desk.run("claim", "parse", X12 / name).code == 0


# knowledge


def test_knowledge_commands_answer_people_and_programs(desk: Desk) -> None:
    for command, key in (
        (("search", "type 2 diabetes"), "hits"),
        (("show", "I10"), "code"),
        (("linkage", "R41.3", "99204"), "verdict"),
        (("guidelines", "uncertain diagnosis"), "hits"),
        (("status",), "tables"),
    ):
        ran = desk.run("knowledge", *command, "--json")
        assert ran.code == 0, command
        assert key in ran.json
        spoken = desk.run("knowledge", *command)
        assert spoken.code == 0
        assert spoken.out.strip()


def test_guidelines_of_a_date_that_is_not_loaded_answer_from_the_nearest(desk: Desk) -> None:
    loaded = desk.run("knowledge", "guidelines", "sepsis", "--date", "2026-08-01", "--json")
    later = desk.run("knowledge", "guidelines", "sepsis", "--date", "2031-08-01", "--json")
    assert [h["id"] for h in later.json["hits"]] == [h["id"] for h in loaded.json["hits"]]
    assert "2031-08-01" in later.complaint
    assert loaded.err == ""


@pytest.mark.parametrize("command", ["search", "guidelines"])
def test_one_answer_a_line_of_stdin(desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("chest pain\n\n'); drop table\n\"*^()\n"))
    ran = desk.run("knowledge", command, "-", "--json", "--limit", 2)
    answers = [orjson.loads(line) for line in ran.out.splitlines()]
    assert [a["query"] for a in answers] == ["chest pain", "'); drop table", '"*^()']
    assert len(answers[0]["hits"]) == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("search", "x", "--date", "yesterday"), "yesterday"),
        (("search", "x", "--limit", "0"), "'0'"),
        (("search", "x", "--system", "snomed"), "snomed"),
        (("frobnicate",), "frobnicate"),
        ((), "ACTION"),
    ],
)
def test_knowledge_usage(desk: Desk, arguments: tuple[str, ...], word: str) -> None:
    ran = desk.run("knowledge", *arguments)
    assert ran.code == 2
    assert word in ran.complaint


def test_stdin_that_is_no_text(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    assert "UTF-8" in desk.run("knowledge", "search", "-").complaint


# notes and traces


def test_note_show(desk: Desk) -> None:
    ran = desk.run("note", "show", NOTE, "--json")
    text = NOTE.read_text(encoding="utf-8")
    mentions = ran.json["mentions"]
    assert mentions
    assert all(text[m["start"] : m["end"]] == m["text"] for m in mentions)
    assert "ankle" in desk.run("note", "show", NOTE).out
    assert desk.run("note", "show", "nowhere").code == 2


def test_note_assert(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '{"id": 1, "sentence": "Denies chest pain.", "concept": "chest pain"}\n'
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    ran = desk.run("note", "assert", "-")
    assert ran.json == {"id": 1, "assertion": "absent", "temporality": "recent", "experiencer": "patient"}
    for bad in ("no json", "[]", '{"id": 1}', '{"sentence": 1, "concept": "x"}'):
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines + bad + "\n"))
        failed = desk.run("note", "assert", "-")
        assert (failed.code, "line 2" in failed.complaint) == (2, True)


def test_trace_show(desk: Desk, coded: Path) -> None:
    ran = desk.run("trace", "show", coded)
    assert ran.code == 0
    assert "propose_claim" in ran.out
    assert desk.run("trace", "show", "nowhere").code == 2
    desk.write("{}\n", "bad.jsonl")
    assert "bad.jsonl:1" in desk.run("trace", "show", "bad.jsonl").complaint


# the review queue


def _queue(desk: Desk) -> dict[str, str]:
    ran = desk.run("worklist", "--store", desk.store, "--json")
    return {row["encounter"]: row["status"] for row in ran.json}


def test_a_held_claim_is_approved_and_emitted_later(desk: Desk) -> None:
    assert desk.code(ANKLE, "--review", "always").code == 3
    assert "claim.837" not in desk.files()
    assert _queue(desk) == {"05-ankle-injury": "held"}
    assert "review of every claim" in desk.run("worklist", "--store", desk.store).out
    ran = desk.run("approve", "05-ankle-injury", "--store", desk.store, "--by", "ann")
    assert ran.code == 0, ran.out + ran.err
    assert {"claim.837", "claim.fhir.json", "claim.cms1500.pdf"} <= desk.files()
    assert desk.read("claim.json")["draft"] is False
    assert desk.read("coding.json")["status"] == "emitted"
    assert _queue(desk) == {"05-ankle-injury": "emitted"}
    shown = desk.run("audit", "show", "--store", desk.store).out
    assert "ann approve" in shown
    assert desk.run("audit", "verify", "--store", desk.store).code == 0
    assert "not held" in desk.run("approve", "05-ankle-injury", "--store", desk.store).complaint


def test_approval_waives_the_policy_but_not_missing_data(desk: Desk) -> None:
    given = bundle()
    billing(given).pop("telecom")
    assert desk.code(desk.write(given)).code == 3
    ran = desk.run("approve", "05-ankle-injury", "--store", desk.store)
    assert ran.code == 3
    assert "telephone" in ran.out
    assert "claim.837" not in desk.files()


def test_a_rejected_claim_is_never_emitted(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    assert "--reason" in desk.run("reject", "05-ankle-injury", "--store", desk.store).complaint
    ran = desk.run("reject", "05-ankle-injury", "--store", desk.store, "--reason", "wrong patient")
    assert ran.code == 0
    assert desk.read("coding.json")["status"] == "rejected"
    assert _queue(desk) == {"05-ankle-injury": "rejected"}
    assert "claim.837" not in desk.files()
    assert desk.run("approve", "05-ankle-injury", "--store", desk.store).code == 2


def test_a_decision_on_another_claim_than_the_one_shown_is_refused(desk: Desk) -> None:
    desk.code(ANKLE, "--review", "always")
    path = desk.folder / "out" / "claim.json"
    claim = desk.read("claim.json")
    claim["lines"][0]["units"] = "9"
    path.write_bytes(orjson.dumps(claim))
    ran = desk.run("approve", "05-ankle-injury", "--store", desk.store)
    assert (ran.code, "code the encounter again" in ran.complaint) == (2, True)
    assert _queue(desk) == {"05-ankle-injury": "held"}
    assert "claim.837" not in desk.files()


def test_decisions_on_what_is_not_there(desk: Desk) -> None:
    for command in ("approve", "reject"):
        assert "nobody" in desk.run(command, "nobody", "--store", desk.store).complaint
    assert desk.run("worklist", "--store", desk.store, "--json").json == []


def test_no_command_and_an_unknown_one(desk: Desk) -> None:
    assert desk.run().code == 2
    assert "frobnicate" in desk.run("frobnicate").complaint
    assert desk.run("--help").code == 0
