"""The store: control numbers are never reused, an emission keeps its number, the audit shows any change."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.store import Emission, Store
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


def test_audit_chain_holds_until_an_entry_is_altered(store: Store) -> None:
    for number in range(3):
        store.audit("ann", "approve", f"claim-{number}", {"n": number})
    assert store.verify_audit().broken_at is None
    with sqlite3.connect(store.folder / "store.sqlite") as db:
        db.execute("update audit set who = 'bob' where seq = 2")
    db.close()
    assert store.verify_audit().broken_at == 2


def test_audit_notices_a_removed_entry(store: Store) -> None:
    for number in range(3):
        store.audit("ann", "approve", f"claim-{number}", {})
    with sqlite3.connect(store.folder / "store.sqlite") as db:
        db.execute("delete from audit where seq = 2")
    db.close()
    assert store.verify_audit().broken_at == 2


def test_worklist_lists_held_first_and_filters(store: Store) -> None:
    store.put_worklist("default", "b", "t1", "emitted", [], None)
    store.put_worklist("default", "c", "t2", "held", [{"kind": "data", "text": "no NPI"}], None)
    store.put_worklist("other", "d", "t3", "held", [], None)
    assert [r["encounter"] for r in store.worklist("default")] == ["c", "b"]
    assert [r["encounter"] for r in store.worklist("default", "emitted")] == ["b"]
