"""A whole story at rest, through the command line: owner-only everywhere, and with a key not one clear byte of the patient."""

import stat
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from agent import vault
from agent.desk import open_desk
from agent.settings import load_settings
from tests.agent.cli_run import ALL, ANKLE, ENCOUNTERS, Desk
from tools.intake import read_one

CLEAR = (
    b"whitcombe",
    b"jamal",
    b"smh550318842",
    b"pos-5521",
    b"basketball",
    b"talofibular",
    b"2002-06-11",
    b"20020611",
)
NOTE = (
    "Sore throat for two days. No fever. Exam: pharynx red. Assessment: acute pharyngitis. Basketball player."
)
KNEE = ENCOUNTERS / "06-knee-injection.json"


def story(desk: Desk, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Code, chat, review, examples, batch, submit, API queue, people, FHIR store; what some commands said."""
    folder, store = desk.folder, ("--store", desk.store)
    said = {}
    assert desk.run("code", ANKLE, "--out", folder / "out" / "deep" / "ankle", *store).code == 3
    assert desk.run("code", KNEE, "--out", folder / "out" / "knee", *store).code == 3
    edit = '{"op":"set_units","line":2,"units":"2"}'
    amended = (
        "amend",
        "05-ankle-injury",
        "--edit",
        edit,
        "--reason",
        "Whitcombe played basketball",
        "--by",
        "ann",
    )
    assert desk.run(*amended, *store).code == 3
    with patch.context() as switched:
        switched.setenv("SUPERBILL_EXAMPLES", "on")
        approved = ("approve", "05-ankle-injury", "--by", "ann", "--reason", "Jamal Whitcombe")
        assert desk.run(*approved, *store).code == 0
    assert (desk.store / "examples").is_dir()
    ankle = folder / "out" / "deep" / "ankle"
    said["chat"] = desk.run("chat", ankle, "--ask", "why 99213?").out
    said["trace"] = desk.run("trace", "show", ankle).out
    assert desk.run("trace", "replay", ankle).code == 0
    forked = desk.run("trace", "fork", ankle, "--set", "age=70", "--out", folder / "out" / "fork")
    said["fork"] = forked.out + forked.err
    said["check"] = desk.run("claim", "check", ankle / "claim.837").out
    given = ("claim", "submit", ankle, "--to", f"folder:{folder / 'outbox'}", *store)
    assert desk.run(*given).code == 0
    corrected = desk.run("claim", "correct", ankle, "--void", "--out", folder / "out" / "correction", *store)
    said["correct"] = corrected.out + corrected.err
    assert desk.run("fhir", "load", ANKLE, "--store", folder / "fhir" / "fhir.sqlite", "--quiet").code == 0
    assert desk.run("token", "add", "probe", "--role", "coder", *store).code == 0
    queue(desk)
    return said


def queue(desk: Desk) -> None:
    """An encounter that came in through the API and waits."""
    with open_desk(load_settings(), store=desk.store) as sitting:
        sitting.accept(read_one(ENCOUNTERS / "04-wellness-hypertension-flu.json"))


def batch(desk: Desk) -> None:
    """A batch of two, by a process of its own."""
    desk.write(NOTE, "note.txt")
    context = {"age": 30, "sex": "female", "date_of_service": "2026-03-02", "payer": "commercial"}
    lines = [
        {"id": "bundle", "encounter": str(ANKLE)},
        {"id": "note", "encounter": "note.txt", "options": {"context": context}},
    ]
    manifest = desk.write(b"".join(orjson.dumps(x) + b"\n" for x in lines), "m.jsonl")
    given = ("--store", desk.folder / "batch-store", "--out", desk.folder / "out" / "batch", "--workers", "1")
    ran = desk.run("batch", manifest, *given, "--no-pdf")
    assert ran.code in {0, 3, 4}, ran.err


def written(desk: Desk) -> list[Path]:
    """Everything below stores and outputs."""
    places = (desk.store, *(desk.folder / n for n in ("out", "outbox", "fhir", "batch-store")))
    found = [p for place in places if place.exists() for p in (place, *place.rglob("*"))]
    assert len(found) > 40
    return found


def open_to_others(found: list[Path]) -> list[str]:
    return [str(p) for p in found if stat.S_IMODE(p.stat().st_mode) & 0o077]


def holding(found: list[Path], words: tuple[bytes, ...] = CLEAR) -> set[str]:
    return {p.name for p in found if p.is_file() and any(w in p.read_bytes().lower() for w in words)}


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SUPERBILL_CONTACT_PHONE", "2175550100")
    for name in ("SUPERBILL_KEY", "SUPERBILL_KEY_FILE", "SUPERBILL_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    return desk


@pytest.mark.slow
def test_without_a_key_all_that_is_written_is_for_its_owner_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = story(desk, monkeypatch)
    found = written(desk)
    assert open_to_others(found) == []
    assert holding(found) >= {
        "trace.jsonl",
        "report.html",
        "claim.837",
        "checkpoints.sqlite",
    }  # the search finds
    assert all(said.values())


@pytest.mark.slow
def test_with_a_key_no_file_holds_a_clear_byte_of_the_patient(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = story(desk, monkeypatch)
    for place in ("store", "out", "outbox", "fhir"):
        (desk.folder / place).rename(desk.folder / f"plain-{place}")
    assert desk.run("key", "new", desk.folder / "key").code == 0
    monkeypatch.setenv("SUPERBILL_KEY_FILE", str(desk.folder / "key"))
    assert story(desk, monkeypatch) == plain  # every reader of ours reads what is sealed
    batch(desk)
    found = written(desk)
    assert open_to_others(found) == []
    assert holding([p for p in found if "outbox" not in p.parts]) == set()
    assert holding([p for p in found if "outbox" in p.parts])  # what is handed to the clearing house is clear
    assert {
        p.name for p in found if p.is_file() and p.name in ALL and not vault.is_sealed(p.read_bytes())
    } == set()
    databases = [p for p in found if p.suffix == ".sqlite"]
    assert {p.name for p in databases} == {
        "store.sqlite",
        "checkpoints.sqlite",
        "tokens.sqlite",
        "fhir.sqlite",
        "journal.sqlite",
    }
    assert not any(p.read_bytes().startswith(b"SQLite") for p in databases)
    with closing(vault.connect(desk.store / "store.sqlite")) as db:  # and a journal that is not folded in yet
        db.execute("select * from source").fetchall()
        queue(desk)
        assert holding(written(desk), CLEAR) <= {p.name for p in (desk.folder / "outbox").iterdir()}


@pytest.mark.slow
def test_wrong_or_missing_keys_are_one_line_and_people_open_what_is_sealed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("key", "other"):
        desk.run("key", "new", desk.folder / name)
    monkeypatch.setenv("SUPERBILL_KEY_FILE", str(desk.folder / "key"))
    desk.code(ANKLE)
    out, clear = desk.folder / "out", desk.folder / "clear"
    assert desk.run("open", out, "--out", clear).code == 0
    assert orjson.loads((clear / "coding.json").read_bytes())["encounter_id"] == "05-ankle-injury"
    assert {p.name for p in clear.iterdir()} == desk.files()
    assert open_to_others([clear, *clear.iterdir()]) == []
    assert desk.run("open", out / "claim.json", "--out", desk.folder / "one.json").code == 0
    assert desk.run("open", out, "--out", clear).complaint.endswith("name a new file or folder")
    reading = (
        ("trace", "show", out),
        ("chat", out, "--ask", "why 99213?"),
        ("claim", "check", out / "claim.json"),
        ("open", out, "--out", desk.folder / "again"),
        ("worklist", "--store", desk.store),
        ("purge", "05-ankle-injury", "--reason", "r", "--store", desk.store),
        ("code", ANKLE, "--store", desk.store, "--out", out, "--json"),
    )
    for key in ("", str(desk.folder / "other"), str(desk.folder / "absent")):
        monkeypatch.setenv("SUPERBILL_KEY_FILE", key)
        for arguments in reading:
            ran = desk.run(*arguments)
            assert (ran.code, ran.out) == (2, ""), (arguments, ran.out)
            assert "key" in ran.complaint.lower()
            assert not any(w in ran.err.lower().encode() for w in CLEAR)
    assert not (desk.folder / "again").exists()


@pytest.mark.slow
def test_the_key_of_a_whole_practice_is_rotated_from_the_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        desk.run("key", "new", desk.folder / name)
    desk.code(ANKLE)
    work = ("worklist", "--store", desk.store, "--json")
    before = desk.run(*work).json
    turn = ("key", "rotate", "--store", desk.store, "--quiet")
    done = desk.run(*turn, desk.folder / "one")
    assert (done.code, "brought under key" in done.out) == (0, True)
    monkeypatch.setenv("SUPERBILL_KEY_FILE", str(desk.folder / "one"))
    everything = [*(desk.folder / "out").iterdir(), *desk.store.rglob("*")]
    assert (holding(everything), desk.run(*work).json) == (set(), before)
    assert desk.run(*turn, desk.folder / "two").code == 0
    assert "does not open it" in desk.run(*work).complaint
    monkeypatch.setenv("SUPERBILL_KEY_FILE", str(desk.folder / "two"))
    assert desk.run(*work).json == before
    assert desk.run("trace", "replay", desk.folder / "out").code == 0
    assert desk.run("audit", "verify", "--store", desk.store).code == 0
    assert desk.run(*turn, "--plain").code == 0
    monkeypatch.delenv("SUPERBILL_KEY_FILE")
    assert desk.run(*work).json == before
    assert desk.run(*turn, desk.folder / "absent").code == 2
