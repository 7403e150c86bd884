"""Approve, reject, amend, override: who may, on which claim, and what is kept of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from agent.desk import (
    DeskError,
    EditRefused,
    LeaseTaken,
    NoSuchEncounter,
    NotAllowed,
    NotWaiting,
    Person,
    StaleDecision,
)
from agent.desk.desk import Desk
from tests.agent.desk.conftest import ANKLE, ANN, BOB, CODER, DOCTOR, VIEWER, Clock, Opened, shipped, shown
from tools.amend import read_edits

TWO_UNITS = read_edits('{"op":"set_units","line":2,"units":"2"}')


@pytest.fixture
def held(sitting: Desk) -> Desk:
    assert sitting.submit(shipped()).status == "held"
    return sitting


def test_the_worklist_shows_what_waits_and_filters(held: Desk) -> None:
    held.submit(shipped("06-knee-injection"))
    (ankle, knee) = held.worklist()
    assert (ankle.encounter, ankle.status, str(ankle.amount)) == (ANKLE, "held", "198.40")
    assert ankle.claim_sha256 == shown(held)
    assert [i.encounter for i in held.worklist(text="knee")] == [knee.encounter]
    assert [i.encounter for i in held.worklist(reason="derived", limit=1, offset=1)] == [knee.encounter]
    assert held.worklist(status="emitted") == held.worklist(reason="no such reason") == ()


def test_an_approved_claim_goes_out_and_all_is_kept(held: Desk) -> None:
    sha256 = shown(held)
    done = held.approve(ANKLE, ANN, claim_sha256=sha256, reason="as documented")
    assert done.status == "emitted"
    assert isinstance(done.out, Path)
    assert (done.out / "claim.837").exists()
    (kept,) = held.decisions(ANKLE)
    assert (kept.by, kept.role, kept.action, kept.reason) == ("ann", "reviewer", "approve", "as documented")
    assert kept.claim_before == kept.claim_after == sha256
    assert [e.action for e in held.audit(ANKLE)] == ["approve", "emitted", "approve done"]
    assert held.worklist()[0].lease is None
    assert held.lessons() == ()


def test_a_rejection_ends_it_and_needs_a_reason(held: Desk) -> None:
    with pytest.raises(EditRefused, match="reason is needed"):
        held.reject(ANKLE, ANN, claim_sha256=shown(held), reason=" ")
    assert held.reject(ANKLE, ANN, claim_sha256=shown(held), reason="billed elsewhere").status == "rejected"
    with pytest.raises(NotWaiting, match="rejected"):
        held.approve(ANKLE, ANN, claim_sha256=shown(held))
    (lesson,) = held.lessons()
    assert (lesson.action, lesson.signed) == ("reject", None)


def test_an_amendment_is_judged_again_and_waits_for_approval(held: Desk) -> None:
    before = shown(held)
    done = held.amend(ANKLE, CODER, claim_sha256=before, edits=TWO_UNITS, reason="two series were taken")
    assert done.status == "held"
    assert any("amended by cora" in r.text for r in done.coding.review.reasons)
    assert len(done.state["rounds"]) == 2
    with pytest.raises(StaleDecision):
        held.approve(ANKLE, CODER.model_copy(update={"role": "reviewer"}), claim_sha256=before)
    assert held.approve(ANKLE, ANN, claim_sha256=shown(held)).status == "emitted"
    lesson = held.lessons()[0]
    assert lesson.difference.lines_added == ("73610-RT x2 -> 1",)
    assert lesson.generated is not None
    assert lesson.signed is not None
    assert [int(p.service_lines[1].units) for p in (lesson.generated, lesson.signed)] == [1, 2]


def test_the_trace_tells_of_amendment_and_approval(held: Desk) -> None:
    held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=TWO_UNITS, reason="two series")
    done = held.approve(ANKLE, ANN, claim_sha256=shown(held))
    assert isinstance(done.out, Path)
    events = [orjson.loads(line) for line in (done.out / "trace.jsonl").read_bytes().splitlines()]
    assert [e["event"] for e in events][-5:] == ["judged", "decided", "judged", "decided", "outcome"]
    amended = events[-4]["data"]
    assert (amended["action"], amended["edits"][0]["op"], amended["reason"]) == (
        "amend",
        "set_units",
        "two series",
    )


def test_an_amendment_that_breaks_a_rule_is_blocked_and_can_be_mended(held: Desk) -> None:
    wrong = read_edits('{"op":"replace_diagnosis","diagnosis":1,"code":"S93.492A"}')
    done = held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=wrong, reason="a slip")
    errors = [f for f in done.coding.findings if f.level == "error"]
    assert done.status in {"held", "blocked"}
    assert errors
    right = read_edits('{"op":"replace_diagnosis","diagnosis":1,"code":"S93.491A"}')
    held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=right, reason="mended")
    assert held.approve(ANKLE, ANN, claim_sha256=shown(held)).status == "emitted"


def test_a_blocked_claim_is_taken_up_again_by_an_amendment(held: Desk) -> None:
    wrong = read_edits('{"op":"set_pointers","line":1,"pointers":[2]}')
    done = held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=wrong, reason="a slip")
    assert done.status == "blocked", [f.rule for f in done.coding.findings if f.level == "error"]
    right = read_edits('{"op":"set_pointers","line":1,"pointers":[1]}')
    assert held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=right, reason="mended").status == "held"
    assert held.approve(ANKLE, ANN, claim_sha256=shown(held)).status == "emitted"


def test_an_emitted_claim_that_is_amended_becomes_a_held_correction(held: Desk) -> None:
    held.approve(ANKLE, ANN, claim_sha256=shown(held))
    done = held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=TWO_UNITS, reason="second series")
    assert done.status == "held"
    assert any("correction" in r.text for r in done.coding.review.reasons)


def test_a_refused_edit_changes_nothing(held: Desk) -> None:
    before = shown(held)
    for text, why in (
        ('{"op":"add_diagnosis","code":"I10","evidence":[]}', "needs evidence"),
        ('{"op":"add_diagnosis","code":"I10","evidence":[{"quote":"not in the note"}]}', "do not stand"),
        ('{"op":"remove_line","line":9}', "no line 9"),
    ):
        with pytest.raises(EditRefused, match=why):
            held.amend(ANKLE, ANN, claim_sha256=before, edits=read_edits(text), reason="try")
    assert shown(held) == before
    assert held.decisions() == ()


def test_a_preview_shows_findings_and_money_and_changes_nothing(held: Desk) -> None:
    before = shown(held)
    seen = held.preview(ANKLE, read_edits('{"op":"set_pointers","line":1,"pointers":[2]}'))
    assert (seen.would, seen.claim_sha256 != before) == ("blocked", True)
    assert held.preview(ANKLE, TWO_UNITS).difference.charge_after > held.case(ANKLE).item.amount
    assert held.preview(ANKLE, ()).difference.nothing
    assert shown(held) == before


@pytest.mark.parametrize(
    ("person", "act"),
    [(VIEWER, "approve"), (CODER, "approve"), (DOCTOR, "approve"), (VIEWER, "amend"), (DOCTOR, "lease")],
)
def test_a_role_does_only_what_it_may(held: Desk, person: Person, act: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "lease": lambda: held.lease(ANKLE, person),
        "approve": lambda: held.approve(ANKLE, person, claim_sha256=shown(held)),
        "amend": lambda: held.amend(ANKLE, person, claim_sha256=shown(held), edits=(), reason="x"),
    }
    with pytest.raises(NotAllowed, match=person.role):
        acts[act]()


def test_practices_are_kept_apart(held: Desk) -> None:
    other = held.for_tenant("elsewhere")
    assert not (*other.worklist(), *other.audit(), *other.queries(status=None))
    with pytest.raises(NoSuchEncounter):
        other.case(ANKLE)
    with pytest.raises(NotAllowed, match="another practice"):
        held.approve(ANKLE, ANN.model_copy(update={"tenant": "elsewhere"}), claim_sha256=shown(held))


def test_a_leased_claim_is_refused_to_others_until_the_lease_ends(held: Desk, clock: Clock) -> None:
    held.lease(ANKLE, ANN)
    for refused in (
        lambda: held.lease(ANKLE, BOB),
        lambda: held.approve(ANKLE, BOB, claim_sha256=shown(held)),
    ):
        with pytest.raises(LeaseTaken) as taken:
            refused()
        assert taken.value.by == "ann"
    clock.pass_by(minutes=14)
    held.lease(ANKLE, ANN)  # renewed
    clock.pass_by(minutes=14)
    with pytest.raises(LeaseTaken):
        held.lease(ANKLE, BOB)
    clock.pass_by(minutes=2)
    assert held.lease(ANKLE, BOB).by == "bob"
    held.release(ANKLE, ANN)  # not hers any more
    assert held.worklist()[0].lease is not None


def test_a_refused_decision_leaves_no_lease_and_a_lease_of_ones_own_stays(held: Desk) -> None:
    with pytest.raises(StaleDecision):
        held.approve(ANKLE, BOB, claim_sha256="0" * 64)
    assert held.worklist()[0].lease is None
    held.lease(ANKLE, ANN)
    held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=TWO_UNITS, reason="two series")
    lease = held.worklist()[0].lease
    assert lease is not None
    assert lease.by == "ann"


def test_two_reviewers_at_once_give_one_decision(held: Desk) -> None:
    sha256 = shown(held)

    def decide(number: int) -> str:
        person = ANN.model_copy(update={"name": f"reviewer-{number}"})
        try:
            return held.approve(ANKLE, person, claim_sha256=sha256).status
        except DeskError as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(decide, range(4)))
    assert said.count("emitted") == 1
    assert set(said) <= {"emitted", "LeaseTaken", "NotWaiting"}
    assert len([e for e in held.audit(ANKLE) if e.action == "emitted"]) == 1
    assert held.store.verify_audit().broken_at is None


def test_a_decision_is_taken_after_a_restart(opened: Opened) -> None:
    with opened() as desk:
        desk.submit(shipped())
        desk.amend(ANKLE, ANN, claim_sha256=shown(desk), edits=TWO_UNITS, reason="two series")
    with opened() as desk:
        assert desk.worklist(status="held")[0].lease is None
        assert desk.case(ANKLE).decisions[0].edits == TWO_UNITS
        assert desk.approve(ANKLE, ANN, claim_sha256=shown(desk)).status == "emitted"


def test_an_override_needs_a_rule_that_allows_it_and_stays_in_the_finding(held: Desk) -> None:
    done = held.amend(
        ANKLE,
        ANN,
        claim_sha256=shown(held),
        edits=read_edits('{"op":"set_units","line":2,"units":"9"}'),
        reason="nine series",
    )
    assert (done.status, [f.rule for f in done.coding.findings if f.level == "error"]) == (
        "held",
        ["line.mue"],
    )
    assert (
        held.approve(ANKLE, ANN, claim_sha256=shown(held)).status == "held"
    )  # an open error is not approved away
    with pytest.raises(NotAllowed, match="lets nobody override"):
        held.override(ANKLE, ANN, claim_sha256=shown(held), rule="evidence.missing", reason="x")
    with pytest.raises(NotAllowed, match="no open finding"):
        held.override(ANKLE, ANN, claim_sha256=shown(held), rule="dx.laterality", reason="x")
    with pytest.raises(NotAllowed, match="coder"):
        held.override(ANKLE, CODER, claim_sha256=shown(held), rule="line.mue", reason="x")
    held.override(ANKLE, ANN, claim_sha256=shown(held), rule="line.mue", reason="the payer agreed in writing")
    done = held.approve(ANKLE, ANN, claim_sha256=shown(held))
    assert done.status == "emitted"
    (finding,) = [f for f in done.coding.findings if f.rule == "line.mue"]
    assert finding.override is not None
    assert (finding.override.by, finding.override.role) == ("ann", "reviewer")
    assert "the payer agreed in writing" in str([e.detail for e in held.audit(ANKLE)])


def test_an_override_does_not_cover_another_finding_of_the_rule(held: Desk) -> None:
    nine, eight = (read_edits(f'{{"op":"set_units","line":2,"units":"{n}"}}') for n in (9, 8))
    held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=nine, reason="nine")
    held.override(ANKLE, ANN, claim_sha256=shown(held), rule="line.mue", reason="nine were agreed")
    done = held.amend(ANKLE, ANN, claim_sha256=shown(held), edits=eight, reason="eight")
    assert [f.override for f in done.coding.findings if f.rule == "line.mue"] == [None]


def test_the_seconds_of_a_run_do_not_grow_while_people_think(
    held: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held.case(ANKLE).coding.usage.seconds
    now = time.time()
    monkeypatch.setattr("agent.outputs.time.time", lambda: now + 86_400)
    assert held.case(ANKLE).coding.usage.seconds == before
    assert held.approve(ANKLE, ANN, claim_sha256=shown(held)).coding.usage.seconds == before > 0


def test_two_desks_on_one_store_give_one_decision(opened: Opened) -> None:
    with opened() as one, opened() as two:
        one.submit(shipped())
        sha256 = shown(two)

        def decide(desk: Desk) -> str:
            try:
                return desk.approve(ANKLE, ANN, claim_sha256=sha256).status
            except DeskError as error:
                return type(error).__name__

        with ThreadPoolExecutor(2) as pool:
            said = sorted(pool.map(decide, (one, two)))
        assert said == ["NotWaiting", "emitted"]
        assert [e.action for e in two.audit(ANKLE)].count("emitted") == 1


def test_a_desk_that_has_been_open_for_months_codes_as_of_today(sitting: Desk) -> None:
    opened_long_ago = replace(sitting.session.context, today=date(2026, 8, 1))  # before the visit
    desk = replace(sitting, session=replace(sitting.session, context=opened_long_ago))
    claim = desk.submit(shipped()).claim
    assert claim is not None
    assert claim.created >= date(2026, 8, 3)
