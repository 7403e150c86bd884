"""``superbill claim submit, acks, remits, stats, history`` as a person runs them."""

from pathlib import Path

import orjson
import pytest

from tests.agent.cli_run import Desk
from tests.agent.ledger.clearinghouse import Sent, x277, x835
from tests.agent.ledger.conftest import make_claim


@pytest.fixture
def desk(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same person, with coded encounters in a folder."""
    monkeypatch.delenv("SUPERBILL_LEDGER", raising=False)
    for claim in (make_claim("SB1"), make_claim("SB2"), make_claim("SB3", draft=True)):
        folder = tmp_path / "coded" / claim.claim_id
        folder.mkdir(parents=True)
        (folder / "claim.json").write_text(claim.model_dump_json())
        finding = {"rule": "linkage.weak", "level": "warning", "message": "a weak link"}
        (folder / "coding.json").write_bytes(orjson.dumps({"findings": [finding]}))
    return desk


def life(desk: Desk, action: str, *more: object):
    return desk.run("claim", action, *more, "--store", desk.folder / "ledger")


def test_from_submit_to_stats(desk: Desk) -> None:
    to = f"folder:{desk.folder / 'outbox'}"
    dry = life(desk, "submit", "coded", "--to", to, "--dry-run", "--json")
    assert (dry.code, dry.json["claims"], dry.json["files"]) == (3, 2, [])
    assert not (desk.folder / "outbox").exists()
    ran = life(desk, "submit", "coded", "--to", to, "--json")
    assert (ran.code, ran.json["claims"]) == (3, 2)
    assert [(r["claim_id"], "draft" in r["why"]) for r in ran.json["not_sent"]] == [("SB3", True)]
    again = life(desk, "submit", "coded/SB1", "coded/SB2", "--to", to)
    assert (again.code, "nothing to send" in again.out) == (0, True)
    (path,) = (desk.folder / "outbox").iterdir()
    sent = Sent(path.read_text())
    (desk.folder / "a.x12").write_text(x277(sent, {"SB2": "A3:21"}))
    (desk.folder / "r.x12").write_text(x835(sent, ["SB1"], {("SB1", 2)}))
    acked = life(desk, "acks", "a.x12", "--json")
    assert (acked.code, [a["step"] for a in acked.json["advice"]]) == (0, ["resend_original"])
    paid = life(desk, "remits", "r.x12")
    assert paid.code == 0
    assert "partly_paid" in paid.out
    assert "CO-50 payer sees no medical necessity" in paid.out
    assert "our finding then: warning linkage.weak" in paid.out
    assert "read before" in life(desk, "remits", "r.x12").out
    figures = life(desk, "stats", "--json").json
    assert figures["states"] == {"drafted": 1, "partly_paid": 1, "rejected": 1}
    assert (figures["clean_claim_rate"], figures["paid"], figures["denied"]) == (0.5, 100.0, 200.0)
    assert "medical" in life(desk, "stats").out
    assert life(desk, "stats", "--html", "figures.html").code == 0
    page = (desk.folder / "figures.html").read_text()
    assert "CO-50 payer sees no medical necessity" in page
    assert "$200.00 on 1 line<" in page
    assert "50.0%" in page
    assert (desk.folder / "figures.html").stat().st_mode & 0o777 == 0o600
    past = life(desk, "history", "SB1")
    assert [line.split(": ")[1] for line in past.out.splitlines()[:2]] == [
        "new -> emitted",
        "emitted -> submitted",
    ]


def test_a_claim_that_waits_for_a_wrong_destination_is_not_called_sent_and_can_be_redirected(
    desk: Desk,
) -> None:
    wrong, right = f"folder:{desk.write('a file', 'wrong')}", f"folder:{desk.folder / 'right'}"
    assert life(desk, "submit", "coded/SB1", "--to", wrong).code == 2
    stuck = life(desk, "submit", "coded/SB1", "--to", right)
    assert (stuck.code, "already sent" in stuck.out, f"--redirect {wrong}" in stuck.out) == (3, False, True)
    assert not (desk.folder / "right").exists()
    sent = life(desk, "submit", "coded/SB1", "--to", right, "--redirect", wrong)
    assert (sent.code, len(list((desk.folder / "right").iterdir()))) == (0, 1)
    assert "is in state" not in sent.out
    assert "nothing waits" in life(desk, "submit", "--to", right, "--redirect", wrong).complaint
    assert life(desk, "submit", "coded/SB1", "--to", right).code == 0  # sent once, and said so
    assert len(list((desk.folder / "right").iterdir())) == 1


def test_a_relative_outbox_is_the_same_from_any_folder(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "box").write_text("in the way")
    assert life(desk, "submit", tmp_path / "coded/SB1", "--to", "folder:box").code == 2
    (tmp_path / "box").unlink()
    monkeypatch.chdir(tmp_path.parent)
    assert life(desk, "submit", "--to", f"folder:{tmp_path / 'box'}").code == 0
    assert len(list((tmp_path / "box").iterdir())) == 1


def test_an_unmatched_reply_is_said(desk: Desk) -> None:
    life(desk, "submit", "coded/SB1", "--to", f"folder:{desk.folder / 'outbox'}")
    (path,) = (desk.folder / "outbox").iterdir()
    (desk.folder / "a.x12").write_text(x277(Sent(path.read_text())).replace("TRN*2*SB1", "TRN*2*XX"))
    ran = life(desk, "acks", "a.x12")
    assert (ran.code, "unmatched, kept: 277CA for claim XX" in ran.out) == (3, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("submit", "coded", "--to", "nowhere"), "no destination"),
        (("submit", "nothing", "--to", "folder:x"), "holds no claim.json"),
        (("acks", "missing.x12"), "missing.x12"),
        (("history", "SB9"), "not in the ledger"),
    ],
)
def test_what_can_not_be_done_is_one_line(desk: Desk, command: tuple[str, ...], said: str) -> None:
    ran = life(desk, *command)
    assert ran.code == 2
    assert said in ran.complaint
