"""``superbill claim correct``: from a denial to a replacement in the payer's hands, and what is refused."""

from pathlib import Path

import orjson
import pytest

from tests.agent.cli_run import ANKLE, Desk
from tests.agent.ledger.clearinghouse import Sent, x277, x835
from tests.agent.ledger.conftest import make_claim
from tools.claim.model import Claim, ClaimDiagnosis

KNEE_FIRST = (
    ClaimDiagnosis(sequence=1, code="M17.11", display="knee"),
    ClaimDiagnosis(sequence=2, code="I10", display="hypertension"),
)


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("SUPERBILL_LEDGER", raising=False)
    return desk


def life(desk: Desk, action: str, *more: object):
    return desk.run("claim", action, *more, "--store", desk.folder / "ledger")


def put(desk: Desk, claim: Claim) -> Path:
    folder = desk.folder / "coded" / claim.claim_id
    folder.mkdir(parents=True)
    (folder / "claim.json").write_text(claim.model_dump_json())
    return folder


def sent(desk: Desk, claim: Claim, box: str = "outbox") -> tuple[Path, Sent]:
    folder = put(desk, claim)
    assert life(desk, "submit", folder, "--to", f"folder:{desk.folder / box}").code == 0
    (path,) = (desk.folder / box).iterdir()
    return folder, Sent(path.read_text())


def deny(desk: Desk, there: Sent, line: int, reason: str) -> None:
    (desk.folder / "r.x12").write_text(x835(there, ["SB1"], {("SB1", line)}, reason=reason))
    assert life(desk, "remits", "r.x12").code == 0


def test_a_line_denied_for_its_diagnosis_is_pointed_anew_and_replaced(desk: Desk) -> None:
    folder, there = sent(desk, make_claim("SB1", lines=3, diagnoses=KNEE_FIRST))
    deny(desk, there, 3, "11")
    before = (folder / "claim.json").read_bytes()
    drafted = life(desk, "correct", folder, "--out", "draft", "--json")
    assert drafted.json["frequency"] == "7"
    assert drafted.json["original_reference"] == "ICNSB1"
    (change,) = drafted.json["changes"]
    assert change.startswith("line 3 93000: points to I10 instead of M17.11 (linkage")
    assert not drafted.json["released"]
    assert (folder / "claim.json").read_bytes() == before
    refused = life(desk, "submit", "draft", "--to", f"folder:{desk.folder / 'second'}")
    assert (refused.code, "it is a draft" in refused.out) == (3, True)


def test_modifiers_are_asked_for_and_never_proposed(desk: Desk) -> None:
    folder, there = sent(desk, make_claim("SB1", lines=3))
    deny(desk, there, 2, "97")
    drafted = life(desk, "correct", folder, "--out", "draft", "--json").json
    assert drafted["changes"] == []
    (question,) = drafted["questions"]
    assert question.startswith("line 2 81002: is a modifier missing? Only what the note shows decides it")


def test_a_released_replacement_is_sent_and_closes_the_denial(desk: Desk) -> None:
    assert desk.code(ANKLE, out="coded").code == 0
    folder = desk.folder / "coded"
    claim_id = desk.read("claim.json", "coded")["claim_id"]
    assert life(desk, "submit", folder, "--to", f"folder:{desk.folder / 'outbox'}").code == 0
    (path,) = (desk.folder / "outbox").iterdir()
    answer = x835(Sent(path.read_text()), [claim_id], {(claim_id, 1)}, reason="16")
    (desk.folder / "r.x12").write_text(answer)
    assert life(desk, "remits", "r.x12").code == 0
    assert life(desk, "correct", folder, "--out", "x", "--approve").complaint.endswith(
        "--approve needs --reason"
    )
    done = life(desk, "correct", folder, "--out", "released", "--approve", "--reason", "the id was mended")
    assert done.code == 0, done.out
    again = life(desk, "submit", "released", "--to", f"folder:{desk.folder / 'second'}")
    assert again.code == 0, again.out
    (path,) = (desk.folder / "second").iterdir()
    assert Sent(path.read_text()).frequency == {claim_id: "7"}
    past = life(desk, "history", claim_id).out
    assert "correction (frequency 7) approved: the id was mended" in past
    assert "-> corrected" in past


def test_an_error_keeps_it_a_draft(desk: Desk) -> None:
    no_code = (ClaimDiagnosis(sequence=1, code="I10.9", display="no such code"),)
    folder, there = sent(desk, make_claim("SB1", lines=1, diagnoses=no_code))
    deny(desk, there, 1, "16")
    tried = life(desk, "correct", folder, "--out", "draft", "--approve", "--reason", "no", "--json")
    assert any("I10.9" in f["codes"] for f in tried.json["findings"] if f["level"] == "error")
    assert (tried.code, tried.json["released"]) == (4, False)
    assert orjson.loads((desk.folder / "draft" / "claim.json").read_bytes())["draft"] is True


def test_a_rejected_claim_stays_an_original(desk: Desk) -> None:
    folder, there = sent(desk, make_claim("SB1"))
    (desk.folder / "a.x12").write_text(x277(there, {"SB1": "A3:21"}))
    life(desk, "acks", "a.x12")
    drafted = life(desk, "correct", folder, "--out", "draft", "--json").json
    assert (drafted["frequency"], drafted["original_reference"]) == ("1", None)


def test_a_repeated_line_is_left_out(desk: Desk) -> None:
    one = make_claim("SB1", lines=1).lines[0]
    twice = make_claim("SB1").model_copy(
        update={"lines": (one, one.model_copy(update={"number": 2})), "total_charge": one.charge * 2}
    )
    folder, there = sent(desk, twice)
    deny(desk, there, 2, "18")
    drafted = life(desk, "correct", folder, "--out", "draft", "--json").json
    assert drafted["changes"] == ["line 2 99213: left out, it repeats line 1"]
    left = orjson.loads((desk.folder / "draft" / "claim.json").read_bytes())
    assert (len(left["lines"]), left["total_charge"]) == (1, "100")


def test_a_claim_without_an_answer_is_left_alone(desk: Desk) -> None:
    folder, _ = sent(desk, make_claim("SB1"))
    ran = life(desk, "correct", folder, "--out", "draft")
    assert (ran.code, "only a rejected or an adjudicated claim is corrected" in ran.complaint) == (2, True)
    assert not (desk.folder / "draft").exists()


@pytest.mark.parametrize("how", [[], ["--void"]])
def test_medicare_takes_neither_replacement_nor_void(desk: Desk, how: list[str]) -> None:
    claim = make_claim("SB1", payer="00882")
    first = claim.coverages[0].model_copy(update={"payer_kind": "medicare", "filing_code": "MB"})
    folder, there = sent(desk, claim.model_copy(update={"coverages": (first,)}))
    deny(desk, there, 1, "50")
    ran = life(desk, "correct", folder, "--out", "draft", *how)
    assert (ran.code, "ask for a reopening" in ran.complaint) == (2, True)
    assert not (desk.folder / "draft").exists()


def test_another_claims_edit_is_refused(desk: Desk) -> None:
    folder, there = sent(desk, make_claim("SB1"))
    deny(desk, there, 1, "50")
    other = desk.write(make_claim("SB2").model_dump_json(), "other.json")
    ran = life(desk, "correct", folder, "--out", "draft", "--claim", other)
    assert (ran.code, "is not a version of claim SB1" in ran.complaint) == (2, True)


def test_a_void_takes_the_whole_claim_back(desk: Desk) -> None:
    folder, there = sent(desk, make_claim("SB1"))
    deny(desk, there, 1, "50")
    voided = life(desk, "correct", folder, "--out", "draft", "--void", "--json").json
    assert (voided["frequency"], voided["original_reference"]) == ("8", "ICNSB1")
