"""The store: control numbers are never reused, an emission keeps its number, the audit shows any change."""

import hashlib
import json
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.emissions import Emission
from agent.store import Store
from tests.agent.builders import DAY, claim


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_control_numbers_are_unique_with_several_writers(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: store.next_control_number("payer"), range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_partners_have_their_own_numbers(store: Store) -> None:
    assert [store.next_control_number(p) for p in ("a", "a", "b")] == [1, 2, 1]


def test_the_same_claim_keeps_its_number_and_another_content_takes_a_new_one(store: Store) -> None:
    first = store.reserve_emission(claim(), "payer", None)
    again = store.reserve_emission(claim(), "payer", None)
    corrected = store.reserve_emission(claim(units=2), "payer", None)
    assert (first.number, again.number, corrected.number) == (1, 1, 2)


def test_the_same_claim_keeps_the_day_it_was_first_made_and_another_content_has_its_own(store: Store) -> None:
    later = DAY + timedelta(days=400)
    assert store.emission(claim()) is None
    first = store.reserve_emission(claim(), "payer", None)
    again = store.reserve_emission(claim().model_copy(update={"created": later}), "payer", None)
    assert first == again == store.emission(claim()) == Emission(number=1, created=DAY)
    other = claim(units=2).model_copy(update={"created": later})
    assert store.emission(other) is None
    assert store.reserve_emission(other, "payer", None).created == later


def test_a_store_of_before_creation_days_answers_with_the_day_of_emission(tmp_path: Path) -> None:
    store = Store(tmp_path / "old")
    store.reserve_emission(claim(), "payer", None)
    with closing(sqlite3.connect(tmp_path / "old" / "store.sqlite")) as db:
        db.execute("alter table emission drop column created")
        db.execute("update emission set emitted_at = '2026-09-01T12:00:00+00:00'")
        db.commit()
    assert Store(tmp_path / "old").emission(claim()) == Emission(number=1, created=date(2026, 9, 1))


def test_live_original_knows_the_emitted_content(store: Store) -> None:
    assert store.live_original(claim()) is None
    store.reserve_emission(claim(), "payer", None)
    assert store.live_original(claim()) == store.live_original(claim(units=2)) is not None


def test_another_tenant_has_its_own_original(store: Store) -> None:
    store.reserve_emission(claim(), "payer", None)
    assert store.live_original(claim(tenant="other")) is None


def test_store_is_owner_only(store: Store) -> None:
    mode = stat.S_IMODE((store.folder / "store.sqlite").stat().st_mode)
    assert mode == 0o600


@pytest.fixture
def audited(store: Store) -> Store:
    for number in range(4):
        store.audit("ann", "approve", f"claim-{number}", {"n": number}, tenant="t", encounter=f"e{number}")
    assert store.verify_audit().broken_at is None
    return store


def tamper(store: Store, *statements: str) -> int | None:
    """Change the database behind the store's back; where ``audit verify`` finds it."""
    with closing(sqlite3.connect(store.folder / "store.sqlite")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return store.verify_audit().broken_at


CUT = "delete from audit where seq > 2"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (("update audit set who = 'bob' where seq = 2",), 2),
        (("update audit set detail = '{}' where seq = 3",), 3),
        (("update audit set tenant = 'other' where seq = 3",), 3),
        (("update audit set detail_sha256 = null where seq = 3",), 3),
        (("delete from audit where seq = 2",), 2),
        (("delete from audit where seq = 1",), 1),
        (("delete from audit where seq = 2", "update audit set seq = seq - 1 where seq > 2"), 2),
        ((CUT,), 3),  # the tail: every link that is left is good
        ((CUT, "update audit_head set seq = 2, hash = (select hash from audit where seq = 2)"), 3),
        (("delete from audit", "delete from audit_head"), 1),
    ],
)
def test_what_was_altered_removed_or_cut_is_found(
    audited: Store, statements: tuple[str, ...], found: int
) -> None:
    assert tamper(audited, *statements) == found


def test_a_rewritten_chain_is_found_by_a_head_that_was_noted(audited: Store, tmp_path: Path) -> None:
    noted = audited.verify_audit().head
    assert audited.verify_audit(noted).broken_at is None
    forged = Store(tmp_path / "forged")
    forged.audit("bob", "approve", "claim-0", {})
    assert forged.verify_audit().broken_at is None
    assert forged.verify_audit(noted).broken_at == 2


def test_a_purged_detail_leaves_a_chain_that_holds(audited: Store) -> None:
    assert tamper(audited, "update audit set detail = null where seq = 2") is None


def test_an_audit_of_before_heads_were_kept_still_proves_itself(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    Store(folder)
    with closing(sqlite3.connect(folder / "store.sqlite")) as db:
        db.executescript(
            "drop table audit; drop table audit_head; create table audit (seq integer primary key, at text not null, "
            "who text not null, action text not null, subject text not null, detail text not null, "
            "previous text not null, hash text not null) strict;"
        )
        said = {
            "action": "a",
            "at": "2026-01-01",
            "detail": "{}",
            "previous": "",
            "seq": 1,
            "subject": "s",
            "who": "w",
        }
        old = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
        db.execute("insert into audit values (1, '2026-01-01', 'w', 'a', 's', '{}', '', ?)", (old,))
        db.commit()
    store = Store(folder)
    store.audit("ann", "approve", "claim", {})
    assert store.verify_audit().broken_at is None
    assert tamper(store, "update audit set who = 'x' where seq = 1") == 1


def test_many_writers_leave_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.audit("ann", "look", str(n), {}), range(40)))
    verdict = store.verify_audit()
    assert (verdict.entries, verdict.broken_at) == (40, None)


def test_worklist_lists_held_first_and_filters(store: Store) -> None:
    store.put_worklist("default", "b", "t1", "emitted", [], None)
    store.put_worklist("default", "c", "t2", "held", [{"kind": "data", "text": "no NPI"}], None)
    store.put_worklist("other", "d", "t3", "held", [], None)
    assert [r["encounter"] for r in store.worklist("default")] == ["c", "b"]
    assert [r["encounter"] for r in store.worklist("default", "emitted")] == ["b"]
