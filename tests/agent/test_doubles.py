"""The same visit under two encounter ids is held, and what is out already is never held again."""

from typing import Any

import orjson
import pytest

from agent.store import Store
from tests.agent.cli_run import ANKLE, Desk, bundle


def other_id(given: dict[str, Any], new: str) -> dict[str, Any]:
    return orjson.loads(orjson.dumps(given).replace(b"05-ankle-injury", new.encode()))


def test_a_visit_that_comes_again_under_another_id_is_held(desk: Desk) -> None:
    assert desk.code(ANKLE).code == 0
    again = desk.code(desk.write(other_id(bundle(), "resent-77")), out="again")
    assert again.code == 3
    (reason,) = again.json["review"]["reasons"]
    assert reason["text"].startswith("99213, 73610: billed before under another encounter")
    assert not (desk.folder / "again" / "claim.837").exists()


def test_waiving_the_policy_does_not_waive_a_double(desk: Desk) -> None:
    assert desk.code(ANKLE).code == 0
    again = desk.code(desk.write(other_id(bundle(), "resent-77")), "--review", "never", out="again")
    assert again.code == 3


def test_another_patient_or_day_is_no_double(desk: Desk) -> None:
    assert desk.code(ANKLE).code == 0
    given = other_id(bundle(), "someone-else")
    patient = next(e["resource"] for e in given["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["name"][0]["family"] = "Otherwise"
    text = orjson.dumps(given)
    assert desk.code(desk.write(orjson.loads(text)), out="other").code == 0


def test_the_same_encounter_again_is_emitted_again_whatever_the_policy_says_by_now(desk: Desk) -> None:
    assert desk.code(ANKLE).code == 0
    first = (desk.folder / "out" / "claim.837").read_bytes()
    strict = desk.write('hold_em_codes = ["99213"]\n', "strict.toml")
    again = desk.code(ANKLE, policy=strict)
    assert again.code == 0
    assert (desk.folder / "out" / "claim.837").read_bytes() == first
    other = desk.code(ANKLE, "--store", desk.folder / "fresh", policy=strict, out="fresh-out")
    assert other.code == 3, "in a store where it never went out the policy holds it"


def test_an_approval_does_not_hold_when_the_visit_went_out_under_another_id_meanwhile(desk: Desk) -> None:
    always = ("--review", "always")
    assert desk.code(ANKLE, *always).code == 3
    assert desk.code(desk.write(other_id(bundle(), "resent-77")), *always, out="again").code == 3
    store = ("--store", desk.store, "--by", "ann")
    assert desk.run("approve", "05-ankle-injury", *store).code == 0
    held = desk.run("approve", "resent-77", *store)
    assert (held.code, "billed before under another encounter" in held.out) == (3, True)
    assert "claim.837" not in desk.files("again")
    assert desk.run("trace", "replay", desk.folder / "again").code == 0
    assert desk.run("approve", "resent-77", *store).code == 0, "a person who has seen it may send it"
    assert "claim.837" in desk.files("again")
    assert desk.run("trace", "replay", desk.folder / "again").code == 0


def test_two_ids_of_one_visit_coded_at_the_same_time_do_not_both_go_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.code(ANKLE).code == 0
    real, asked = Store.billed_elsewhere, []

    def late(store: Store, claim: Any) -> tuple[str, ...]:
        asked.append(claim.encounter_id)
        return real(store, claim) if len(asked) > 1 else ()

    monkeypatch.setattr(Store, "billed_elsewhere", late)
    again = desk.code(desk.write(other_id(bundle(), "resent-77")), out="again")
    assert (again.code, asked) == (3, ["resent-77", "resent-77"])
    assert again.json["review"]["reasons"][-1]["text"].startswith("99213, 73610: billed before")
    assert "claim.837" not in desk.files("again")
    monkeypatch.undo()
    assert desk.run("trace", "replay", desk.folder / "again").code == 0
