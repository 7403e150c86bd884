"""835, 999, TA1 and 277CA: what was paid, what was refused, and whether it adds up."""

import json
from decimal import Decimal

import pytest

from tests.tools.claim.strategies import envelope
from tools.claim.errors import X12Error
from tools.claim.x12.acks import read_claim_statuses, read_group_status
from tools.claim.x12.interchange import Envelopes
from tools.claim.x12.parse import parse
from tools.claim.x12.remit import read_remittance
from tools.claim.x12.writer import write_837


def _only(text):
    (transaction,) = Envelopes().transactions(text)
    return transaction


def test_a_remittance_in_full(x12_file):
    remittance = read_remittance(_only(x12_file("remittance.835")))
    assert remittance.imbalances == ()
    assert (remittance.payer, remittance.trace, remittance.amount) == (
        "PRAIRIE MUTUAL",
        "EFT9007",
        Decimal("148.3"),
    )
    paid, denied, reversal, again = remittance.claims
    assert (paid.claim_id, paid.paid, paid.patient_responsibility) == (
        "SB000101",
        Decimal("128.3"),
        Decimal(20),
    )
    assert paid.payer_claim_number == "PM26305001"
    assert [(x.code, x.modifiers, x.paid, x.control_number) for x in paid.lines] == [
        ("99213", ("25",), Decimal("108.3"), "SB000101L1"),
        ("81002", (), Decimal(20), "SB000101L2"),
    ]
    assert [(a.group, a.carc, a.amount) for a in paid.lines[1].adjustments] == [
        ("CO", "45", Decimal("5.5")),
        ("CO", "253", Decimal(20)),
    ]
    assert paid.lines[1].remark_codes == ("N418",)
    assert (denied.status, denied.adjustments[0].carc) == ("4", "29")
    assert (reversal.status, reversal.paid) == ("22", Decimal(-40))
    assert again.frequency == "7"
    assert [(m.reason, m.amount) for m in remittance.provider_adjustments] == [
        ("WO", Decimal(5)),
        ("L6", Decimal(-5)),
    ]
    assert "PER*BL*PROVIDER LINE*TE*8005550142" in {k.text for k in remittance.kept}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("BPR*I*148.3", "BPR*I*148.4", "payment 148.4"),
        ("CAS*CO*45*41.7", "CAS*CO*45*41.6", "claim SB000101 line 1"),
        ("CAS*CO*29*96", "CAS*CO*29*95", "claim SB000102: 96 - 0"),
    ],
)
def test_a_remittance_that_does_not_balance(x12_file, old, new, message):
    result = parse(x12_file("remittance.835").replace(old, new))
    assert [w for w in result["warnings"] if message in w]
    assert result["errors"] == []


def test_the_contracts_shape_of_a_remittance(x12_file):
    result = parse(x12_file("remittance.835"))
    assert (result["kind"], result["interchanges"], result["transactions"]) == ("835", 1, 1)
    assert result["errors"] == []
    first = result["claims"][0]
    assert first["id"] == "SB000101"
    assert first["adjustments"][0] == {"group": "CO", "carc": "45", "amount": 41.7, "line": 1}
    assert first["lines"][0] == {
        "code": "99213",
        "modifiers": ["25"],
        "units": 1,
        "charge": 170,
        "paid": 108.3,
        "remark_codes": [],
    }


def test_the_contracts_shape_of_a_claim(claim):
    result = parse(write_837([claim], envelope()).encode())
    assert json.loads(json.dumps(result)) == {
        "kind": "837P",
        "interchanges": 1,
        "transactions": 1,
        "claims": [
            {
                "id": "SB000001",
                "total_charge": 185.5,
                "payer": "MEDICARE PART B",
                "frequency": "1",
                "diagnoses": ["R41.3"],
                "lines": [
                    {
                        "code": "99204",
                        "modifiers": [],
                        "units": 1,
                        "charge": 185.5,
                        "pointers": [1],
                    }
                ],
            }
        ],
        "errors": [],
    }


def test_a_999_says_which_transaction_and_why(x12_file):
    group = read_group_status(_only(x12_file("acknowledgement.999")))
    assert (group.group_control, group.outcome, group.accepted) == ("12", "accepted_with_errors", 1)
    good, bad = group.transactions
    assert (good.transaction_control, good.outcome) == ("0001", "accepted")
    assert (bad.transaction_control, bad.outcome, bad.reasons) == ("0002", "rejected", ("5",))
    assert [(f.segment, f.position, f.loop, f.element) for f in bad.faults] == [
        ("NM1", 19, "2010AA", None),
        ("NM1", 19, "2010AA", "9"),
        ("SV1", 27, "2400", None),
        ("SV1", 27, "2400", "7"),
    ]
    assert bad.faults[0].context == ("CLM01:SB000103",)
    assert bad.faults[3].value == "13"


def test_a_ta1_says_that_the_interchange_came_twice(x12_file):
    result = parse(x12_file("interchange.ta1"))
    assert result["kind"] == "TA1"
    assert result["statuses"] == [
        {"control_number": "000000012", "outcome": "rejected", "code": "R", "note": "025"}
    ]
    assert result["errors"] == []


def test_a_277ca_says_it_claim_by_claim(x12_file):
    statuses = read_claim_statuses(_only(x12_file("status.277")))
    assert [(s.level, s.reference, s.outcome) for s in statuses] == [
        ("receiver", "B12", "accepted"),
        ("claim", "SB000101", "accepted"),
        ("claim", "SB000102", "rejected"),
    ]
    assert statuses[1].payer_claim_number == "PM26305001"
    assert statuses[1].clearinghouse_number == "CH77001"
    assert (statuses[2].category, statuses[2].status, statuses[2].entity) == ("A7", "164", "IL")
    assert statuses[2].also == ("A3:21",)
    assert statuses[2].message == "MEMBER NUMBER NOT ON FILE"


@pytest.mark.parametrize(
    ("old", "new"),
    [("AK9*P*2*2*1~\n", ""), ("IK3*NM1*19", "IK3*NM1*X"), ("IK5*R*5~\n", "")],
)
def test_a_malformed_999_is_an_error(x12_file, old, new):
    text = x12_file("acknowledgement.999").replace(old, new)
    with pytest.raises(X12Error):
        read_group_status(_only(text))


def test_an_institutional_claim_is_not_taken_for_a_professional_one(claim):
    text = write_837([claim], envelope()).replace("X222A1", "X223A2")
    with pytest.raises(X12Error, match="not professional"):
        parse(text)


def test_bytes_that_are_no_text_are_an_error():
    with pytest.raises(X12Error, match="byte 3 is not UTF-8"):
        parse(b"ISA\xff*")
