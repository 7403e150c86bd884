"""Retention from the terminal: what is old goes, byte for byte; what was sent to a payer stays and is told. And recovery of all practices."""

from contextlib import closing
from pathlib import Path

import pytest

from agent import vault
from agent.api.jobs import Jobs
from agent.desk import open_desk
from agent.ledger.ledger import open_ledger
from agent.ledger.retention import kept_claims
from agent.settings import Settings, SettingsError, load_settings
from agent.workbench.desks import Desks
from tests.agent.cli_run import ANKLE as BUNDLE
from tests.agent.cli_run import Desk as Terminal
from tests.agent.conftest import desk as terminal  # noqa: F401 - the fixture under another name
from tests.agent.desk.conftest import ANKLE, Opened, shipped
from tests.agent.desk.test_purge import SAID, holding

PURGE = ("purge", "--reason", "retention")


@pytest.fixture
def old(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:  # noqa: F811
    """A terminal whose store holds one emitted encounter in every place it may lie."""
    for name in ("SUPERBILL_KEY", "SUPERBILL_KEY_FILE", "SUPERBILL_LEDGER", "SUPERBILL_RETENTION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SUPERBILL_CONTACT_PHONE", "2175550100")
    assert terminal.code(BUNDLE, policy=None).code == 3
    approve = ("approve", ANKLE, "--by", "ann", "--reason", "seen with Whitcombe", "--store", terminal.store)
    assert terminal.run(*approve).code == 0
    with closing(Jobs(terminal.store)) as jobs:
        for _ in range(3):
            jobs.put("default", ANKLE, shipped())
        jobs.put("default", "other", shipped("06-knee-injection"))
    return terminal


def purge(terminal: Terminal, *more: object):  # noqa: F811
    return terminal.run(*PURGE, *more, "--store", terminal.store)


def test_what_is_older_goes_from_every_file(old: Terminal) -> None:
    places = (old.store, old.folder / "out")
    assert holding(old.store, SAID) | holding(old.folder / "out", SAID) >= {"claim.837", "checkpoints.sqlite"}
    packed = _packed(old)
    dry = purge(old, "--older-than", 0, "--dry-run")
    assert dry.out == f"would purge {ANKLE}\n1 encounters would be purged\n"
    assert holding(old.folder / "out", SAID)
    assert purge(old, "--older-than", 0).out == "1 encounters purged\n"
    for place in places:
        if place.exists():
            assert holding(place, (*SAID, packed)) == set()
    with closing(Jobs(old.store)) as jobs:
        assert jobs.find("default", ANKLE) is None
        assert jobs.find("default", "other") is not None
    assert purge(old, "--older-than", 0).out == "0 encounters purged\n"


def _packed(terminal: Terminal) -> bytes:  # noqa: F811
    """Bytes of the compressed source as they lie in the queue: a search for words alone would not see them."""
    with closing(vault.connect(terminal.store / "jobs.sqlite")) as db:
        (raw,) = db.execute("select raw from job where encounter = ?", (ANKLE,)).fetchone()
    piece = bytes(raw[200:232]).lower()
    assert holding(terminal.store, (piece,))
    return piece


def test_the_days_come_from_the_settings_too(old: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SUPERBILL_RETENTION_DAYS" in purge(old).complaint
    monkeypatch.setenv("SUPERBILL_RETENTION_DAYS", "30")
    assert purge(old).out == "0 encounters purged\n"  # a near miss: it is of today
    assert purge(old, ANKLE).out == "1 encounters purged\n"
    assert "0 or more" in purge(old, "--older-than", -1).complaint
    for wrong in ("0", "-3", "soon", "1.5"):
        with pytest.raises(SettingsError, match="whole number of days"):
            load_settings({"SUPERBILL_RETENTION_DAYS": wrong})


def test_a_submitted_claim_stays_in_the_ledger_and_is_told(old: Terminal) -> None:
    to = ("--to", f"folder:{old.folder / 'outbox'}", "--store", old.store)
    assert old.run("claim", "submit", old.folder / "out", *to).code == 0
    told = "; 1 submitted claims stay in the ledger as they were sent, for the years the law asks\n"
    assert purge(old, "--older-than", 0, "--dry-run").out.endswith(told)
    assert purge(old, "--older-than", 0).out == f"1 encounters purged{told}"
    ledger = open_ledger(old.store, tenant="default")
    (claim_id,) = kept_claims(ledger, [ANKLE])
    assert old.run("claim", "history", claim_id, "--store", old.store).code == 0
    assert kept_claims(open_ledger(old.store, tenant="elsewhere"), [ANKLE]) == ()
    assert kept_claims(ledger, ["other"]) == ()
    assert not (old.folder / "out").exists()


def test_a_journal_in_use_is_told_and_emptied_by_the_next_purge(old: Terminal) -> None:
    with closing(vault.connect(old.store / "jobs.sqlite")) as held:
        held.execute("begin")
        held.execute("select * from job").fetchall()
        assert "jobs.sqlite is in use" in purge(old, "--older-than", 0).complaint
        held.execute("rollback")
    assert purge(old, "--older-than", 0).out == "0 encounters purged\n"
    assert holding(old.store, SAID) == set()


def test_a_half_written_output_of_a_killed_run_goes_with_the_encounter(old: Terminal) -> None:
    left = old.folder / ".out-abcd_123" / "new"
    left.mkdir(parents=True)
    (left / "coding.json").write_bytes(b"Whitcombe")
    foreign = old.folder / ".out-abcd_124"
    foreign.mkdir()
    (foreign / "mine.txt").write_bytes(b"")
    assert purge(old, ANKLE).code == 0
    assert not left.parent.exists()
    assert foreign.exists()


def test_a_server_finishes_what_was_left_for_every_practice(
    opened: Opened, tmp_path: Path, home: Path
) -> None:
    with opened() as desk:
        desk.accept(shipped())
        desk.for_tenant("north").accept(shipped("06-knee-injection"))
    with open_desk(Settings(home=home), store=tmp_path / "store", tenant="third") as desk:
        desks = Desks(desk)
        assert desks.recover() == 2
        assert [i.encounter for i in desks("north").worklist()] == ["06-knee-injection"]
        assert [i.encounter for i in desks("default").worklist()] == [ANKLE]
        assert desks("third").worklist() == ()
        assert desks.recover() == 0
