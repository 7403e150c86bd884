"""837P out and in: the guide's map finds no fault, and the claim comes back equal."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.claim.strategies import claims, envelope
from tools.claim.errors import ClaimError
from tools.claim.model import Adjustment, ClaimDates, ClaimPayment, LinePayment
from tools.claim.validate import validate_837
from tools.claim.x12.carried import carried
from tools.claim.x12.reader import read_837
from tools.claim.x12.writer import write_837

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def _segments(text):
    return [line.removesuffix("~") for line in text.splitlines()]


def _written(*claims_, **changes):
    text = write_837(claims_, envelope(**changes))
    assert validate_837(text) == []
    return _segments(text)


def _round_trip(batch):
    text = write_837(batch, envelope())
    assert validate_837(text) == []
    parsed = read_837(text)
    assert (parsed.errors, parsed.kept) == ((), ())
    back = {claim.claim_id: claim for claim in parsed.claims}
    assert back == {claim.claim_id: carried(claim) for claim in batch}


@given(claims())
@settings(max_examples=25, deadline=None, suppress_health_check=_CALM, derandomize=True)
def test_a_random_claim_is_valid_and_comes_back_equal(claim):
    _round_trip([claim])


@pytest.mark.slow
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*(claims(i) for i in range(n)))))
@settings(max_examples=25, deadline=None, suppress_health_check=_CALM, derandomize=True)
def test_random_batches_are_valid_and_come_back_equal(batch):
    _round_trip(batch)


def test_reading_what_was_written_and_writing_it_again_changes_nothing(claim):
    once = write_837([claim], envelope())
    again = write_837(read_837(once).claims, envelope())
    assert again == once


def test_a_patient_who_is_the_subscriber_has_no_patient_level(claim):
    segments = _written(claim)
    assert "HL*2*1*22*0" in segments
    assert "SBR*P*18*******MB" in segments
    assert "DMG*D8*19440102*M" in segments
    assert "CLM*SB000001*185.5***11:B:1*Y*A*Y*Y" in segments
    assert "HI*ABK:R413" in segments
    assert not [s for s in segments if s.startswith(("PAT", "NM1*QC"))]


def test_a_dependent_has_a_level_of_their_own(claim, subscriber):
    coverage = claim.coverages[0].model_copy(
        update={
            "relationship": "child",
            "subscriber": subscriber,
            "payer_kind": "commercial",
            "group_number": "G-7",
        }
    )
    segments = _written(claim.model_copy(update={"coverages": (coverage,)}))
    assert "HL*2*1*22*1" in segments
    assert "HL*3*2*23*0" in segments
    assert "SBR*P**G-7******CI" in segments
    assert "PAT*19" in segments
    assert "NM1*QC*1*O'BRIEN*SEAN*J" in segments


def test_a_replacement_names_the_payers_number_and_an_original_does_not(claim):
    replacement = claim.model_copy(update={"frequency": "7", "original_reference": "ICN-1"})
    assert "REF*F8*ICN-1" in _written(replacement)
    stray = claim.model_copy(update={"original_reference": "ICN-1"})
    assert not [s for s in _written(stray) if s.startswith("REF*F8")]


def _secondary(claim):
    other = claim.coverages[0].model_copy(
        update={"order": 2, "payer_id": "60054", "payer_kind": "commercial", "payer_name": "Prairie Mutual"}
    )
    adjustments = (
        Adjustment(group="CO", carc="45", amount=Decimal("60.50")),
        Adjustment(group="PR", carc="2", amount=Decimal("25.00")),
    )
    paid = LinePayment(
        payer_id="00882",
        paid=Decimal("100"),
        units=Decimal(1),
        paid_on=date(2026, 8, 1),
        adjustments=adjustments,
    )
    line = claim.lines[0].model_copy(update={"payments": (paid,)})
    return claim.model_copy(
        update={
            "coverages": (claim.coverages[0], other),
            "lines": (line,),
            "payments": (ClaimPayment(payer_id="00882", paid=Decimal("100")),),
        }
    )


def test_a_secondary_claim_tells_what_the_primary_did(claim):
    segments = _written(_secondary(claim))
    assert "SBR*S*18*******CI" in segments
    assert "SBR*P*18*******MB" in segments
    assert segments.index("SBR*S*18*******CI") < segments.index("SBR*P*18*******MB")
    for expected in (
        "AMT*D*100",
        "SVD*00882*100*HC:99204**1",
        "CAS*CO*45*60.5",
        "CAS*PR*2*25",
        "DTP*573*D8*20260801",
    ):
        assert expected in segments


def test_earlier_payments_that_do_not_balance_are_refused(claim):
    broken = _secondary(claim).model_copy(
        update={"payments": (ClaimPayment(payer_id="00882", paid=Decimal("99")),)}
    )
    with pytest.raises(ClaimError, match="do not add up"):
        write_837([broken], envelope())


def test_many_providers_subscribers_and_patients_share_levels(claim, subscriber, address):
    coverage = claim.coverages[0].model_copy(update={"relationship": "child", "subscriber": subscriber})
    sibling = claim.patient.model_copy(
        update={"name": claim.patient.name.model_copy(update={"first": "Nora"})}
    )
    elsewhere = claim.billing_provider.model_copy(update={"npi": "1003000126", "name": claim.patient.name})
    batch = [
        claim,
        claim.model_copy(update={"claim_id": "B1", "coverages": (coverage,)}),
        claim.model_copy(update={"claim_id": "C1", "billing_provider": elsewhere}),
        claim.model_copy(update={"claim_id": "B2", "coverages": (coverage,), "patient": sibling}),
        claim.model_copy(update={"claim_id": "A2"}),
        claim.model_copy(update={"claim_id": "B3", "coverages": (coverage,)}),
    ]
    segments = _written(*batch)
    assert [s for s in segments if s.startswith("HL*")] == [
        "HL*1**20*1",
        "HL*2*1*22*0",
        "HL*3*1*22*1",
        "HL*4*3*23*0",
        "HL*5*3*23*0",
        "HL*6**20*1",
        "HL*7*6*22*0",
    ]
    order = [s.split("*")[1] for s in segments if s.startswith("CLM*")]
    assert order == ["SB000001", "A2", "B1", "B3", "B2", "C1"]


def test_a_patient_with_more_than_a_hundred_claims_gets_another_level(claim):
    batch = [claim.model_copy(update={"claim_id": f"N{n}"}) for n in range(101)]
    assert [s for s in _written(*batch) if s.startswith("HL*")] == [
        "HL*1**20*1",
        "HL*2*1*22*0",
        "HL*3*1*22*0",
    ]


def test_a_claim_of_more_than_fifty_lines_is_split(claim):
    lines = tuple(claim.lines[0].model_copy(update={"number": n, "charge": Decimal(n)}) for n in range(1, 53))
    long = claim.model_copy(
        update={"lines": lines, "total_charge": sum(x.charge for x in lines), "patient_paid": Decimal(9)}
    )
    segments = _written(long)
    heads = [s.split("*")[1:3] for s in segments if s.startswith("CLM*")]
    assert heads == [["SB000001", "1275"], ["SB000001S2", "103"]]
    assert segments.count("AMT*F5*9") == 1
    assert [s for s in segments if s.startswith("LX*")][-2:] == ["LX*1", "LX*2"]


def test_the_parts_of_a_split_claim_keep_ids_of_twenty_characters(claim):
    lines = tuple(claim.lines[0].model_copy(update={"number": n}) for n in range(1, 52))
    total = sum(x.charge for x in lines)
    long = claim.model_copy(update={"claim_id": "SB" + "A" * 18, "lines": lines, "total_charge": total})
    ids = [s.split("*")[1] for s in _written(long) if s.startswith("CLM*")]
    assert ids == ["SB" + "A" * 18, "SB" + "A" * 16 + "S2"]


def test_numbers_the_caller_leaves_open_follow_the_interchange(claim):
    segments = _written(claim, control=12, group_control=None, batch_reference=None)
    assert segments[-2] == "GE*1*12"
    assert segments[3].startswith("BHT*0019*00*B000000012*")


def test_what_a_higher_level_says_is_not_said_again(claim, address):
    facility = claim.billing_provider.model_copy(update={"address": address})
    line = claim.lines[0].model_copy(update={"rendering": claim.rendering_provider, "clia": "12D3456789"})
    same = claim.model_copy(
        update={
            "facility": facility,
            "lines": (line,),
            "clia": "12D3456789",
            "dates": ClaimDates(onset=date(2026, 7, 2)),
        }
    )
    segments = _written(same)
    assert not [s for s in segments if s.startswith(("NM1*77", "DTP*431"))]
    assert len([s for s in segments if s.startswith("NM1*82")]) == 1
    assert segments.count("REF*X4*12D3456789") == 1


def test_the_envelope_carries_the_callers_numbers(claim):
    segments = _written(claim, control=77, production=True)
    assert segments[0].endswith("*000000077*0*P*:")
    assert len(segments[0]) == 105
    assert segments[-1] == "IEA*1*000000077"
    assert segments[-2] == "GE*1*77"
    assert segments[2] == "ST*837*0001*005010X222A1"


def test_an_envelope_without_a_way_to_reach_the_submitter_is_refused(claim):
    with pytest.raises(ClaimError, match="telephone number or e-mail"):
        write_837([claim], envelope(contact_phone=None))
