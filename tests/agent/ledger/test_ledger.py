"""The ledger's rules: legal changes, numbers, several writers, replies, money; on both databases."""

import threading
from decimal import Decimal
from pathlib import Path

import pytest

from agent.ledger.advice import advise
from agent.ledger.ledger import open_ledger
from agent.ledger.reasons import reason
from agent.ledger.replies import take_reply
from agent.ledger.sending import prepare
from agent.ledger.states import STATES, LedgerError, legal
from agent.ledger.stats import stats
from agent.submit.deliver import deliver
from agent.submit.folder import FolderCarrier
from knowledge.bookshelf import Bookshelf
from tests.agent.ledger.clearinghouse import Sent, ta1, x277, x835, x999
from tests.agent.ledger.conftest import PARTNER, free_port, item, make_claim, states
from tools.claim.errors import ClaimError, UnreadableClaim
from tools.claim.validate import validate_837
from tools.claim.x12.parse import parse

ACKS = frozenset({"TA1", "999", "277CA"})
REMITS = frozenset({"835"})


def send(ledger, folder: Path, *claims, accepts=("1", "7", "8")) -> list[Sent]:
    refusals, _ = prepare(ledger, [item(c, accepts) for c in claims], PARTNER, "folder:x")
    assert refusals == []
    return [Sent((folder / name).read_text()) for name in deliver(ledger, FolderCarrier(folder), "folder:x")]


def reply(ledger, text: str, kinds=ACKS):
    return take_reply(ledger, text.encode(), "reply.x12", kinds)


def test_only_listed_changes_are_legal() -> None:
    good = [(None, "emitted"), ("submitted", "rejected"), ("rejected", "emitted")]
    bad = [(None, "paid"), ("paid", "rejected"), ("rejected", "paid")]
    assert [legal(old, new) for old, new in good + bad] == [True] * 3 + [False] * 3
    assert all(any(legal(old, new) for old in (None, *STATES)) for new in STATES)


def test_a_batch_goes_out_once(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path / "out", make_claim("SB1"), make_claim("SB2"))
    assert set(sent.claims) == {"SB1", "SB2"}
    assert states(ledger) == {"SB1": "submitted", "SB2": "submitted"}
    refusals, taken = prepare(ledger, [item(make_claim("SB1"))], PARTNER, "folder:x")
    assert taken == 0
    assert refusals[0].why.startswith("already sent")
    assert deliver(ledger, FolderCarrier(tmp_path / "out"), "folder:x") == []
    assert len(list((tmp_path / "out").iterdir())) == 1
    changed, _ = prepare(ledger, [item(make_claim("SB1", lines=1))], PARTNER, "folder:x")
    assert "not answered" in changed[0].why
    with ledger.database.transaction() as session:
        past = ledger.history(session, "SB1")
    assert [(e.old, e.new) for e in past] == [("", "emitted"), ("emitted", "submitted")]
    assert all(e.who == "superbill" and e.at and e.why for e in past)


def test_a_dry_run_keeps_nothing(ledger) -> None:
    _, taken = prepare(ledger, [item(make_claim("SB1"))], PARTNER, "folder:x", dry_run=True)
    assert (taken, states(ledger)) == (1, {})


def test_a_draft_is_known_but_not_sent(ledger, tmp_path: Path) -> None:
    refusals, taken = prepare(ledger, [item(make_claim("SB1", draft=True))], PARTNER, "folder:x")
    assert (taken, states(ledger)) == (0, {"SB1": "drafted"})
    assert "approve" in refusals[0].why
    assert len(send(ledger, tmp_path, make_claim("SB1"))) == 1


def test_a_claim_that_can_not_be_written_leaves_nothing_behind(ledger) -> None:
    with pytest.raises(ClaimError):
        prepare(ledger, [item(make_claim("SB1")), item(make_claim("SB2", lines=0))], PARTNER, "folder:x")
    assert states(ledger) == {}


@pytest.mark.parametrize("template", ["{icn}/x", "fixed.x12", "{unknown}_{icn}", ".{icn}"])
def test_a_bad_file_name_template_is_refused(ledger, template: str) -> None:
    with pytest.raises(ClaimError, match="template"):
        prepare(
            ledger, [item(make_claim("SB1"))], PARTNER.model_copy(update={"template": template}), "folder:x"
        )


def test_writers_at_once_never_share_a_number_or_a_claim(opened) -> None:
    ledgers = [opened() for _ in range(4)]
    taken: list[int] = []

    def work(ledger) -> None:
        claims = [item(make_claim(f"SB{n}")) for n in range(5)]
        taken.extend(prepare(ledger, [one], PARTNER, "folder:x")[1] for one in claims)

    threads = [threading.Thread(target=work, args=(one,)) for one in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 5
    with ledgers[0].database.transaction() as session:
        rows = session.run(
            "select control from ledger_interchange where tenant = :tenant order by control",
            tenant=ledgers[0].tenant,
        )
    first = rows[0][0]
    assert [row[0] - first for row in rows] == [0, 1, 2, 3, 4]


def test_replies_in_order(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"), make_claim("SB2"))
    assert reply(ledger, ta1(sent)).unmatched == ()
    assert reply(ledger, x999(sent)).unmatched == ()
    assert states(ledger) == {"SB1": "submitted", "SB2": "submitted"}
    taken = reply(ledger, x277(sent, {"SB2": "A7:164:IL"}))
    assert states(ledger) == {"SB1": "accepted", "SB2": "rejected"}
    assert "A7:164:IL" in {c.claim_id: c for c in taken.changes}["SB2"].why
    assert reply(ledger, x277(sent, {"SB2": "A7:164:IL"})).seen_before
    assert stats(ledger).clean_claim_rate == 0.5


@pytest.mark.parametrize("refuse", [lambda s: ta1(s, "R", "025"), lambda s: x999(s, "R")])
def test_a_refused_interchange_or_transaction_refuses_its_claims(ledger, tmp_path: Path, refuse) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"), make_claim("SB2"))
    reply(ledger, refuse(sent))
    assert states(ledger) == {"SB1": "rejected", "SB2": "rejected"}
    assert stats(ledger).rejected == Decimal(600)


def test_a_rejected_claim_goes_again_as_an_original(ledger, tmp_path: Path) -> None:
    (first,) = send(ledger, tmp_path, make_claim("SB1"))
    reply(ledger, x277(first, {"SB1": "A3:21"}))
    refusals, _ = prepare(
        ledger, [item(make_claim("SB1", frequency="7", original_reference="X"))], PARTNER, "folder:x"
    )
    assert "frequency 1" in refusals[0].why
    unchanged, _ = prepare(ledger, [item(make_claim("SB1"))], PARTNER, "folder:x")
    assert "not changed" in unchanged[0].why
    again = prepare(ledger, [item(make_claim("SB1"))], PARTNER, "folder:x", again=True, dry_run=True)
    assert again == ([], 1)
    (again,) = send(ledger, tmp_path, make_claim("SB1", lines=3))
    assert (again.frequency, again.control != first.control) == ({"SB1": "1"}, True)
    late = reply(ledger, x277(first, {"SB1": "A3:21"}, number=902))
    assert states(ledger) == {"SB1": "submitted"}
    assert "earlier version" in late.changes[0].why
    assert stats(ledger).clean_claim_rate == 0.0


def test_an_adjudicated_claim_is_replaced_only_with_the_payers_number(
    ledger, tmp_path: Path, shelf: Bookshelf
) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    reply(ledger, x277(sent))
    reply(ledger, x835(sent, ["SB1"], {("SB1", 2)}), REMITS)
    assert states(ledger) == {"SB1": "partly_paid"}

    def refused(accepts=("1", "7", "8"), **changes) -> str:
        (refusal,), _ = prepare(ledger, [item(make_claim("SB1", **changes), accepts)], PARTNER, "folder:x")
        return refusal.why

    assert "already sent and adjudicated" in refused()
    assert "replace it (frequency 7) with the payer's number ICNSB1" in refused(lines=3)
    assert "payer's number ICNSB1" in refused(frequency="7", original_reference="WRONG")
    assert "needs the payer's claim number" in refused(frequency="7")
    assert "reopening" in refused(("1",), frequency="7", original_reference="ICNSB1")
    with ledger.database.transaction() as session:
        known = ledger.claim(session, "SB1")
        takes = advise(ledger, session, known, shelf.payers.get("commercial_template"))
        only_originals = advise(ledger, session, known, shelf.payers.get("medicare_part_b"))
    assert (takes.step, only_originals.step) == ("replace_or_appeal", "reopen_or_appeal")
    assert any("CO-50 payer sees no medical necessity" in text for text in takes.reasons)
    assert any("N115" in text for text in takes.reasons)
    assert "linkage.weak" in takes.findings
    (again,) = send(ledger, tmp_path, make_claim("SB1", frequency="7", original_reference="ICNSB1"))
    assert again.frequency == {"SB1": "7"}
    with ledger.database.transaction() as session:
        assert "corrected" in [e.new for e in ledger.history(session, "SB1")]


def test_a_void_stays_void_when_its_reversal_comes(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    reply(ledger, x835(sent, ["SB1"], set()), REMITS)
    send(ledger, tmp_path, make_claim("SB1", frequency="8", original_reference="ICNSB1"))
    assert states(ledger) == {"SB1": "voided"}
    reply(ledger, x835(sent, ["SB1"], set(), reversal=True, trace="EFT2"), REMITS)
    assert (states(ledger), stats(ledger).paid) == ({"SB1": "voided"}, 0)


def test_a_takeback_lowers_what_was_paid(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    reply(ledger, x835(sent, ["SB1"], set()), REMITS)
    assert (states(ledger), stats(ledger).paid) == ({"SB1": "paid"}, 300)
    reply(ledger, x835(sent, ["SB1"], set(), reversal=True, trace="EFT2"), REMITS)
    assert (states(ledger), stats(ledger).paid) == ({"SB1": "taken_back"}, 0)


def test_what_matches_nothing_is_kept_and_listed(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    text = x277(sent).replace("TRN*2*SB1", "TRN*2*OTHER")
    assert reply(ledger, text).unmatched == ("277CA for claim OTHER matches none we sent",)
    assert len(reply(ledger, ta1(sent).replace(sent.control, "000000999")).unmatched) == 1
    assert len(reply(ledger, x999(sent).replace(f"AK1*HC*{sent.group}*", "AK1*HC*777*")).unmatched) == 1
    assert len(reply(ledger, x835(sent, ["SB1"], set()).replace("CLP*SB1", "CLP*SB9"), REMITS).unmatched) == 1
    assert (states(ledger), stats(ledger).unmatched) == ({"SB1": "submitted"}, 4)


def test_a_payment_of_a_rejected_claim_is_a_conflict_not_a_state(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    reply(ledger, x999(sent, "R"))
    taken = reply(ledger, x835(sent, ["SB1"], set()), REMITS)
    assert "can not go from rejected to paid" in taken.unmatched[0]
    assert states(ledger) == {"SB1": "rejected"}


def test_deductible_is_no_denial(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    denied = x835(sent, ["SB1"], {("SB1", 2)})
    reply(ledger, denied.replace("CAS*CO*50*200", "CAS*PR*1*200"), REMITS)
    assert states(ledger) == {"SB1": "paid"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t[: len(t) // 2],
        lambda t: t.replace("SE*", "SE*9"),
        lambda t: "",
        lambda t: "ISA*broken~",
        lambda t: t.replace("STC*A2:20:PR*20261124", "STC*A2:20:PR*2026112"),
    ],
)
def test_a_damaged_reply_changes_nothing(ledger, tmp_path: Path, damage) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    with pytest.raises(UnreadableClaim, match=r"reply\.x12"):
        reply(ledger, damage(x277(sent)))
    assert states(ledger) == {"SB1": "submitted"}
    assert reply(ledger, x277(sent)).changes


def test_a_remittance_is_refused_among_acknowledgements(ledger, tmp_path: Path) -> None:
    (sent,) = send(ledger, tmp_path, make_claim("SB1"))
    with pytest.raises(UnreadableClaim, match="claim remits"):
        reply(ledger, x835(sent, ["SB1"], set()))


def test_what_we_send_reads_back_whole(ledger, tmp_path: Path) -> None:
    send(ledger, tmp_path, make_claim("SB1"), make_claim("SB2", payer="PAY02"))
    (path,) = tmp_path.glob("*.x12")
    found = parse(path.read_text())
    assert (found["errors"], [c["id"] for c in found["claims"]]) == ([], ["SB1", "SB2"])


def test_without_a_clearinghouse_each_payer_gets_its_own_interchange(ledger) -> None:
    claims = [item(make_claim("SB1")), item(make_claim("SB2", payer="PAY02"))]
    prepare(ledger, claims, PARTNER.model_copy(update={"receiver": None}), "folder:x")
    with ledger.database.transaction() as session:
        rows = session.run(
            "select receiver, control from ledger_interchange where tenant = :t order by receiver",
            t=ledger.tenant,
        )
    assert rows == [("PAY01", 1), ("PAY02", 1)]


def test_two_interchanges_never_share_a_file_name(ledger, tmp_path: Path) -> None:
    claims = [item(make_claim("SB1")), item(make_claim("SB2", payer="PAY02"))]
    each = PARTNER.model_copy(update={"receiver": None})
    prepare(ledger, claims, each, "folder:x")
    names = deliver(ledger, FolderCarrier(tmp_path / "out"), "folder:x")
    assert len(set(names)) == len(list((tmp_path / "out").iterdir())) == 2
    blind = each.model_copy(update={"template": "837P_{icn}.x12"})
    others = [item(make_claim("SB3", payer="PAY03")), item(make_claim("SB4", payer="PAY04"))]
    with pytest.raises(ClaimError, match=r"put \{receiver\}"):
        prepare(ledger, others, blind, "folder:x")
    assert "SB4" not in states(ledger)


def test_reasons_have_our_words() -> None:
    assert "medical necessity" in reason("50").meaning
    assert "no wording" in reason("999").meaning


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "postgresql://127.0.0.1", "postgresql:///db", "postgresql://h/d?sslmode=require"]
)
def test_a_malformed_url_is_refused(url: str) -> None:
    from agent.ledger.database import PostgresDatabase

    with pytest.raises(LedgerError, match=r"postgresql://|sslmode"):
        PostgresDatabase(url)


def test_a_server_that_is_down_is_one_line_without_the_password() -> None:
    url = f"postgresql://u:secret@127.0.0.1:{free_port()}/d"
    with pytest.raises(LedgerError, match="can not be reached") as caught:
        open_ledger(url, tenant="t")
    assert "secret" not in str(caught.value)


def test_deliveries_at_once_send_one_file(opened, tmp_path: Path) -> None:
    first, second = opened(), opened()
    prepare(first, [item(make_claim("SB1"))], PARTNER, "folder:x")

    class Overtaken(FolderCarrier):
        def stage(self, staged: str, content: bytes) -> None:
            super().stage(staged, content)
            deliver(second, FolderCarrier(tmp_path), "folder:x")

    assert deliver(first, Overtaken(tmp_path), "folder:x") == []
    assert len(list(tmp_path.glob("*.x12"))) == 1
    assert list(tmp_path.glob(".*.tmp")) == []
    assert states(first) == {"SB1": "submitted"}


def test_pyx12_finds_no_error_in_what_we_send(ledger, tmp_path: Path) -> None:
    send(ledger, tmp_path, make_claim("SB1"), make_claim("SB2", payer="PAY02"))
    (path,) = tmp_path.glob("*.x12")
    assert validate_837(path.read_text()) == []
