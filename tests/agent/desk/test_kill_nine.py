"""SIGKILL for real: 50 times at a random moment of coding, review and emission, and at every single write they make.

Children are forked from the warm test process, which saves them the seconds of opening the bookshelf; they search the guidelines
by words alone, because the threads of Chroma do not outlive a fork. A killed child is followed by the same call in a new desk; then everything that must hold is looked at.
"""

import gc
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent import vault
from agent.desk import open_desk
from agent.desk.desk import Desk
from agent.outputs import ALWAYS, RENDERINGS
from agent.settings import Settings
from agent.trace import load_trace
from knowledge.bookshelf import Bookshelf
from knowledge.guidelines.store import VectorStore
from tests.agent.cli_run import ENCOUNTERS
from tests.agent.desk.conftest import ANKLE, ANN, BOB, Clock
from tools.fhir.source import RawEncounter
from tools.intake import read_bytes

KILLS = 50
SEED = 20261124
DRAFT = set(ALWAYS.values())
WHOLE = DRAFT | set(RENDERINGS.values())
Act = Callable[[Desk], Any]


@dataclass
class Practice:
    """A practice's store in memory, and the encounters that come in."""

    folder: Path
    settings: Settings
    clock: Clock
    arriving: Iterator[RawEncounter]

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def out(self, raw: RawEncounter) -> Path:
        return self.folder / "out" / own(raw)

    def open(self):
        return open_desk(self.settings, store=self.store, clock=self.clock)

    def acts(self, raw: RawEncounter) -> dict[str, Act]:
        """The three calls of an encounter's life; each is what a person repeats when it did not come back."""
        return {
            "coding": lambda desk: self.submit(desk, raw),
            "review": lambda desk: decide(desk, own(raw), "amend"),
            "emit": lambda desk: decide(desk, own(raw), "approve"),
        }

    def submit(self, desk: Desk, raw: RawEncounter) -> None:
        """As the API and the command line do: in again unless it is known."""
        if own(raw) not in {i.encounter for i in desk.worklist()}:
            desk.submit(raw, out=self.out(raw))


def own(raw: RawEncounter) -> str:
    assert raw.encounter is not None
    return raw.encounter.id


def decide(desk: Desk, encounter: str, action: str) -> None:
    """A person who was cut off looks at the case again, and repeats what was not done."""
    case = desk.case(encounter)
    done = [d.action for d in case.decisions]
    if action in done:
        return
    assert case.item.status in {"held", "blocked"}
    sha256 = case.claim_sha256 or ""
    if action == "approve":
        desk.approve(encounter, ANN, claim_sha256=sha256)
    else:
        from tools.amend import read_edits

        edits = read_edits('{"op":"set_units","line":1,"units":"1"}')
        desk.amend(encounter, ANN, claim_sha256=sha256, edits=edits, reason="counted again")


def in_child(
    practice: Practice, act: Act, before: Callable[[], None] = lambda: None
) -> tuple[int, Callable[[], int]]:
    """Run an act in a forked process; its id, and a wait for its end (0, or minus the signal)."""
    gc.freeze()  # a collection in the child would copy every page
    child = os.fork()
    if child == 0:
        gc.disable()
        code = 70
        with suppress(BaseException):
            before()
            with practice.open() as desk:
                act(desk)
            code = 0
        os._exit(code)

    def wait() -> int:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    return child, wait


@pytest.fixture
def practice(
    home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> Iterator[Practice]:
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    monkeypatch.setattr(VectorStore, "nearest", lambda *_, **__: [])
    for name in ("SUPERBILL_KEY", "SUPERBILL_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) else tmp_path) as folder:
        yield Practice(Path(folder), Settings(home=home, contact_phone="2175550100"), clock, arriving())


def arriving() -> Iterator[RawEncounter]:
    """Patients with an injured ankle, each with ids of their own: the policy holds them all, a person can approve them."""
    text = (ENCOUNTERS / f"{ANKLE}.json").read_text()
    for number in count(1):
        name = f"{ANKLE}-{number:04d}"
        yield read_bytes(text.replace(ANKLE, name).encode(), f"{name}.json")


def check_files(practice: Practice, raw: RawEncounter, *, finished: bool) -> None:
    """At any moment the output is absent, a whole draft or a whole claim; in the end nothing half-written is left."""
    out = practice.out(raw)
    if out.is_dir():
        names = {p.name for p in out.iterdir()}
        assert names in (DRAFT, WHOLE)
        for name in ("coding.json", "claim.json"):
            assert orjson.loads(vault.read(out / name))["encounter_id"] == own(raw)
        assert load_trace(out)
        if names == WHOLE:
            assert vault.read(out / "claim.837").rstrip().endswith(b"~")
            assert vault.read(out / "claim.cms1500.pdf").rstrip().endswith(b"%%EOF")
    if finished:
        assert {p.name for p in out.iterdir()} == WHOLE
        assert not [p.name for p in out.parent.iterdir() if p.name.startswith(".")]


def check(practice: Practice, desk: Desk, raws: list[RawEncounter]) -> None:
    """Nothing lost, nothing emitted twice, every number once, the audit whole, no lease in the way."""
    ids = [own(r) for r in raws]
    assert sorted(i.encounter for i in desk.worklist(limit=-1)) == sorted(ids)
    assert {i.status for i in desk.worklist(limit=-1)} == {"emitted"}
    assert (desk.book.waiting(), desk.book.asked()) == ([], [])
    with desk.store.reading() as db:
        sent = db.execute("select encounter, control_number, claim_sha256 from emission").fetchall()
    assert sorted(row[0] for row in sent) == sorted(ids)
    assert len({row[1] for row in sent}) == len(ids)
    said = desk.audit()
    emitted = [e.encounter for e in said if e.action == "emitted"]
    assert sorted(emitted) == sorted(ids)
    assert desk.store.verify_audit().broken_at is None
    for raw, (number, sha256) in ((r, next(row[1:] for row in sent if row[0] == own(r))) for r in raws):
        check_files(practice, raw, finished=True)
        isa = vault.read(practice.out(raw) / "claim.837").decode().split("*", 14)
        assert int(isa[13]) == number
        assert desk.case(own(raw)).claim_sha256 == sha256
        assert [d.action for d in desk.decisions(own(raw))] == ["amend", "approve"]
        assert desk.book.source(own(raw)) is not None
        practice.clock.pass_by(minutes=16)  # a killed holder's lease runs out
        assert desk.lease(own(raw), BOB).by == "bob"
        desk.release(own(raw), BOB)


def lived_through(practice: Practice, raw: RawEncounter, upto: str = "") -> None:
    """Every act of an encounter up to one, without a kill."""
    with practice.open() as desk:
        for name, act in practice.acts(raw).items():
            if name == upto:
                return
            act(desk)


def resumed(practice: Practice, raw: RawEncounter, killed: str) -> None:
    """What happens after a kill: a server starts (or the command is given again), and the rest of the life goes on."""
    check_files(practice, raw, finished=False)
    with practice.open() as desk:
        desk.recover()
        names = list(practice.acts(raw))
        for name in names[names.index(killed) :]:
            practice.acts(raw)[name](desk)


def lengths(practice: Practice) -> dict[str, float]:
    """How long each act takes in a child, with its opening; the tables are warm before."""
    lived_through(practice, next(practice.arriving))
    raw = next(practice.arriving)
    took = {}
    for name, act in practice.acts(raw).items():
        start = time.perf_counter()
        _, wait = in_child(practice, act)
        assert wait() == 0, name
        took[name] = time.perf_counter() - start
    return took


@pytest.mark.slow
def test_fifty_random_kills_lose_and_double_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a key at rest, so that encrypted databases and sealed outputs are shown to survive too."""
    vault.new_key(practice.folder / "key")
    monkeypatch.setenv("SUPERBILL_KEY_FILE", str(practice.folder / "key"))
    chance, raws, killed = random.Random(SEED), [], 0
    took = lengths(practice)
    shutil.rmtree(practice.folder / "store")
    shutil.rmtree(practice.folder / "out")
    by_act = dict.fromkeys(took, 0)
    while killed < KILLS:
        raw = next(practice.arriving)
        name = chance.choice(list(took))
        lived_through(practice, raw, name)
        moment = chance.uniform(0, took[name])
        child, wait = in_child(practice, practice.acts(raw)[name])
        time.sleep(moment)  # the moment of the kill, not a wait for something to happen
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        ended = wait()
        assert ended in {0, -signal.SIGKILL}
        killed += ended != 0
        by_act[name] += ended != 0
        resumed(practice, raw, name)
        raws.append(raw)
    assert min(by_act.values()) >= 10
    with practice.open() as desk:
        check(practice, desk, raws)


class Fuse:
    """Counts what a process writes, and kills it with SIGKILL before the write with the number ``at``."""

    def __init__(self, told: Path, at: int = -1) -> None:
        self.told, self.at, self.steps = told, at, 0

    def step(self) -> None:
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps += 1
        self.told.write_text(str(self.steps))

    def arm(self) -> None:
        """In the child: every writing statement, every file and every rename is a step."""
        connect, write, put = vault.connect, vault.write, os.replace

        def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
            db = connect(*arguments, **options)
            db.set_trace_callback(self.statement)
            return db

        def written(path: Path, data: bytes) -> None:
            self.step()
            write(path, data)

        def renamed(*arguments: Any, **options: Any) -> None:
            self.step()
            put(*arguments, **options)
            self.step()

        vault.connect, vault.write, os.replace = traced, written, renamed

    def statement(self, text: str) -> None:
        word = text.split(None, 1)[0].lower() if text.split() else ""
        if word in {"insert", "update", "delete", "commit", "replace"}:
            self.step()


def killed_at_every_write(practice: Practice, raw: RawEncounter, name: str, stride: int = 1) -> Iterator[int]:
    """The same fresh store again and again, with one act killed before its first, its second ... write, and once not at all."""
    store, out = practice.store, practice.folder / "out"
    lived_through(practice, raw, name)
    fresh = [(place, practice.folder / f"fresh-{place.name}") for place in (store, out) if place.is_dir()]
    for place, kept in fresh:
        place.rename(kept)
    told = practice.folder / "steps"
    at, ended = -stride, -signal.SIGKILL
    while ended != 0:
        for place in (store, out):
            shutil.rmtree(place, ignore_errors=True)
        for place, kept in fresh:
            shutil.copytree(kept, place)
        at += stride
        _, wait = in_child(practice, practice.acts(raw)[name], Fuse(told, at).arm)
        ended = wait()
        assert ended in {-signal.SIGKILL, 0}
        yield at
    assert (
        15 < int(told.read_text()) <= at
    )  # no step was left out: the last run made them all and was not killed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coding", "review", "emit"])
def test_a_kill_before_a_write_loses_and_doubles_nothing(practice: Practice, name: str) -> None:
    """Every third write in CI, for time's sake; with ``stride=1`` it is every single one (127 steps, about a minute)."""
    raw = next(practice.arriving)
    for _ in killed_at_every_write(practice, raw, name, stride=3):
        resumed(practice, raw, name)
        with practice.open() as desk:
            check(practice, desk, [raw])


@pytest.mark.slow
def test_an_approval_that_was_killed_may_be_followed_by_a_rejection(practice: Practice) -> None:
    """What the graph had heard of the approval must not come back with the next decision."""
    raw, seen = next(practice.arriving), []
    for _ in killed_at_every_write(practice, raw, "emit", stride=6):
        with practice.open() as desk:
            desk.recover()
            case = desk.case(own(raw))
            if case.item.status == "held":
                desk.reject(own(raw), ANN, claim_sha256=case.claim_sha256 or "", reason="billed elsewhere")
            seen.append(desk.case(own(raw)).item.status)
            done = [d.action for d in desk.decisions(own(raw))]
            emissions = [e for e in desk.audit(own(raw)) if e.action == "emitted"]
            assert done == ["amend", "approve" if seen[-1] == "emitted" else "reject"]
            assert len(emissions) == (seen[-1] == "emitted")
            assert (practice.out(raw) / "claim.837").exists() == (seen[-1] == "emitted")
    assert seen == sorted(
        seen, reverse=True
    )  # held and so rejected until the graph has taken it, emitted from then on
    assert set(seen) == {"emitted", "rejected"}
