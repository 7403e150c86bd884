"""Purge: nothing of a patient is left in any file of the store; audit and control numbers go on proving themselves."""

from pathlib import Path

import pytest

from agent.desk import EditRefused, NoSuchEncounter, NotAllowed, Person, purging
from agent.desk.desk import Desk
from tests.agent.desk.conftest import ANKLE, ANN, Clock, shipped, shown

ROOT_USER = Person(name="root", role="admin", tenant="default")
KNEE = "06-knee-injection"
SAID = (b"whitcombe", b"basketball", b"talofibular")


def holding(folder: Path, words: tuple[bytes, ...]) -> set[str]:
    """The files below a folder in which one of the words stands."""
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.name for p in files if any(w in p.read_bytes().lower() for w in words)}


@pytest.fixture
def done(sitting: Desk) -> Desk:
    sitting.submit(shipped())
    sitting.approve(ANKLE, ANN, claim_sha256=shown(sitting), reason="reviewed with Whitcombe")
    sitting.submit(shipped(KNEE))
    return sitting


def test_nothing_of_a_purged_encounter_is_left_in_any_file(done: Desk) -> None:
    folder = done.store.folder
    assert holding(folder, SAID) >= {"claim.837", "report.html", "trace.jsonl"}
    assert done.purge([ANKLE], ROOT_USER, reason="retention") == 1
    assert holding(folder, SAID) == set()
    assert [i.encounter for i in done.worklist()] == [KNEE]
    assert done.book.source(ANKLE) is None
    with pytest.raises(NoSuchEncounter):
        done.case(ANKLE)
    assert done.case(KNEE).documents  # the other encounter is whole


def test_the_audit_still_proves_itself_and_tells_of_the_purge(done: Desk) -> None:
    before = done.store.verify_audit().entries
    done.purge([ANKLE], ROOT_USER, reason="retention")
    verdict = done.store.verify_audit()
    assert (verdict.broken_at, verdict.entries) == (None, before + 1)
    *old, last = done.audit(ANKLE)
    assert [e.detail for e in old] == [None] * len(old)
    assert (last.action, last.who, last.detail and last.detail["reason"]) == ("purge", "root", "retention")


def test_a_purged_encounter_that_comes_again_is_known_to_have_gone_out(done: Desk) -> None:
    done.purge([ANKLE], ROOT_USER, reason="retention")
    assert done.submit(shipped()).status == "emitted", (
        "the same claim under the same number: nothing new goes out"
    )
    assert len([e for e in done.audit(ANKLE) if e.action == "emitted"]) == 1


def test_what_waits_is_not_purged_unless_asked_for(done: Desk) -> None:
    with pytest.raises(NotAllowed, match="is held"):
        done.purge([KNEE], ROOT_USER, reason="retention")
    assert done.purge([KNEE], ROOT_USER, reason="came by mistake", waiting=True) == 1
    assert [i.encounter for i in done.worklist()] == [ANKLE]


def test_only_an_admin_purges_and_with_a_reason(done: Desk) -> None:
    with pytest.raises(NotAllowed, match="reviewer"):
        done.purge([ANKLE], ANN, reason="retention")
    with pytest.raises(EditRefused, match="reason"):
        done.purge([ANKLE], ROOT_USER, reason="")
    with pytest.raises(NoSuchEncounter):
        done.for_tenant("elsewhere").purge(
            [ANKLE], ROOT_USER.model_copy(update={"tenant": "elsewhere"}), reason="x"
        )


def test_retention_finds_what_is_done_with_and_old(done: Desk, clock: Clock) -> None:
    item = next(i for i in done.worklist() if i.encounter == ANKLE)
    clock.now = item.updated_at
    assert purging.older_than(done, clock.now) == ()
    clock.pass_by(days=1)
    assert purging.older_than(done, clock.now) == (ANKLE,)  # the knee is old too, but held


def test_a_foreign_file_in_the_output_folder_stays_and_is_told(done: Desk) -> None:
    out = Path(done.case(ANKLE).item.out or "")
    (out / "mine.txt").write_text("not ours")
    done.purge([ANKLE], ROOT_USER, reason="retention")
    assert [p.name for p in out.iterdir()] == ["mine.txt"]
    detail = done.audit(ANKLE)[-1].detail
    assert detail is not None
    assert detail["left"] == str(out)
