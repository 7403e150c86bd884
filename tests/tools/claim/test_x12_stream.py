"""Files of any size in flat memory: pieces add up to the whole, whatever their size."""

import io
import tracemalloc

import pytest

from tests.tools.claim.seeded import batch
from tests.tools.claim.strategies import envelope
from tools.claim.errors import X12Error
from tools.claim.x12.reader import read_837
from tools.claim.x12.stream import stream_835, stream_837, text_chunks
from tools.claim.x12.writer import write_837


def _families(claim, subscriber):
    """Two subscribers, one with two children, several claims each."""
    coverage = claim.coverages[0].model_copy(update={"relationship": "child", "subscriber": subscriber})
    sibling = claim.patient.model_copy(
        update={"name": claim.patient.name.model_copy(update={"first": "Nora"})}
    )
    found = []
    for n in range(4):
        found += [
            claim.model_copy(update={"claim_id": f"A{n}"}),
            claim.model_copy(update={"claim_id": f"B{n}", "coverages": (coverage,)}),
            claim.model_copy(update={"claim_id": f"C{n}", "coverages": (coverage,), "patient": sibling}),
        ]
    return [*found, *batch(7, 20)]


@pytest.mark.parametrize("most", [1, 5, 60, 100_000])
def test_pieces_of_any_size_add_up_to_the_whole(claim, subscriber, most):
    text = write_837(_families(claim, subscriber), envelope())
    text = text.replace("PER*IC*Billing", "XYZ*NEW~\nPER*IC*Billing").replace("CLM*A2*", "XYZ*OLD~\nCLM*A2*")
    whole = read_837(text)
    pieces = list(stream_837(text, most=most))
    assert tuple(c for piece in pieces for c in piece.claims) == whole.claims
    assert sorted(k.position for p in pieces for k in p.kept) == sorted(k.position for k in whole.kept)
    assert tuple(e for piece in pieces for e in piece.errors) == whole.errors
    assert len(pieces) > 1 or most > 1000


def test_damage_in_a_piece_is_told_once(claim):
    text = write_837([claim.model_copy(update={"claim_id": f"N{n}"}) for n in range(6)], envelope())
    broken = text.replace("CLM*N3*185.5", "CLM*N3*abc").replace("SBR*P*18", "XBR*P*18")
    errors = [e for piece in stream_837(broken, most=5) for e in piece.errors]
    assert [e for e in errors if "no SBR" in e] == errors
    assert len(errors) == 1
    once = [e for p in stream_837(text.replace("CLM*N3*185.5", "CLM*N3*abc"), most=5) for e in p.errors]
    assert len(once) == 1
    assert "element 2" in once[0]


def test_a_cut_file_or_wrong_count_is_told_in_the_stream_too(claim):
    text = write_837([claim], envelope())
    cut = [e for piece in stream_837(text[:-60], most=5) for e in piece.errors]
    assert [e for e in cut if "cut short" in e]
    wrong = [e for piece in stream_837(text.replace("SE*29", "SE*28"), most=5) for e in piece.errors]
    assert [e for e in wrong if "counts 28 segments, there are 29" in e]


def test_other_transactions_and_bytes_that_are_no_text_are_refused(x12_file):
    with pytest.raises(X12Error, match="no 837"):
        list(stream_837(x12_file("remittance.835")))
    with pytest.raises(X12Error, match="near byte 3"):
        list(text_chunks(io.BytesIO(b"ISA\xff*00"), size=2))


def test_remittances_come_one_at_a_time(x12_file):
    text = x12_file("remittance.835")
    found = list(stream_835([text, text]))
    assert len(found) == 2
    assert all(piece.remittance and piece.remittance.claims for piece in found)
    (fault,) = stream_835(x12_file("acknowledgement.999"))
    assert fault.remittance is None
    assert "no 835" in fault.errors[0]


def _long_remittance(claims: int, paid: int) -> str:
    isa = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYER':15}*ZZ*{'PRACTICE':15}*261124*1200*^*00501*000000007*0*T*:"
    head = [f"BPR*I*{paid}*C*CHK************20261201", "TRN*1*E1*1512345678", "N1*PR*PAYER", "N1*PE*PRACTICE"]
    rows = [
        row for n in range(claims) for row in (f"CLP*C{n}*1*15*10**12*I{n}", "CAS*CO*45*2", "SVC*HC:99213*15*10**1",
        "CAS*CO*45*3")
    ]  # fmt: skip
    body = ["ST*835*0001", *head, *rows, "PLB*1234567893*20261231*WO:X*5"]
    return "~".join([isa, "GS*HP*PAYER*PRACTICE*20261124*1200*7*X*005010X221A1", *body,
                     f"SE*{len(body) + 1}*0001", "GE*1*7", "IEA*1*000000007", ""])  # fmt: skip


@pytest.mark.parametrize("most", [1, 7, 100_000])
def test_a_large_payment_comes_in_pieces_that_add_up(most):
    (whole,) = [p.remittance for p in stream_835(_long_remittance(9, 85), most=100_000)]
    pieces = list(stream_835(_long_remittance(9, 85), most=most))
    assert [c for p in pieces for c in p.remittance.claims] == list(whole.claims)
    assert [a for p in pieces for a in p.remittance.provider_adjustments] == list(whole.provider_adjustments)
    assert [p.more for p in pieces] == [True] * (len(pieces) - 1) + [False]
    faults = [e for p in pieces for e in (*p.errors, *p.remittance.imbalances)]
    assert sorted(faults) == sorted(whole.imbalances)
    assert len(faults) == 9, (
        "each line leaves 2 dollars of its claim's adjustment; the payment itself balances"
    )


def test_a_payment_that_does_not_add_up_is_told_with_its_last_piece():
    pieces = list(stream_835(_long_remittance(9, 99), most=7))
    assert [p.errors for p in pieces[:-1]] == [[]] * (len(pieces) - 1)
    assert pieces[-1].errors == ["payment 99 is not what claims and provider adjustments add up to, 85"]


def _peak(text, repeats):
    """Most memory held while a single transaction of ``repeats`` times the claims of ``text`` is read."""
    head, _, rest = text.partition("HL*1**20*1~")
    body, _, _tail = rest.rpartition("SE*")

    def chunks():
        yield head
        for _ in range(repeats):
            yield "HL*1**20*1~" + body
        yield "SE*0*0001~GE*1*1~IEA*1*000000001~"

    tracemalloc.start()
    try:
        count = sum(len(piece.claims) for piece in stream_837(chunks(), most=200))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file():
    text = write_837(batch(3, 20), envelope())
    (few, small), (many, large) = _peak(text, 10), _peak(text, 80)
    assert (few, many) == (200, 1600)
    assert large < small * 2
