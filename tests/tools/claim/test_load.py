"""Whatever holds a claim is recognised by its content; whatever does not is refused in one line."""

import json

import pytest

from tests.tools.claim.strategies import envelope
from tools.claim.errors import UnreadableClaim
from tools.claim.fhir_claim import dump_fhir_claim, dumps, fhir_bundle
from tools.claim.load import load_claim
from tools.claim.x12.carried import carried
from tools.claim.x12.writer import write_837


def test_all_forms_give_the_same_claim(claim):
    forms = {
        "claim": claim.model_dump_json().encode(),
        "837P": write_837([claim], envelope()).encode(),
        "fhir": dump_fhir_claim(claim),
    }
    for kind, raw in forms.items():
        loaded = load_claim(raw)
        assert loaded.kind == kind
        expected = carried(claim)
        created = loaded.claims[0].created
        assert carried(loaded.claims[0]) == expected.model_copy(update={"created": created})
        assert loaded.faults == ()


def test_claim_json_loses_nothing(claim):
    assert load_claim(claim.model_dump_json().encode()).claims == (claim,)


def test_a_bundle_with_a_claim_and_a_byte_order_mark(claim):
    raw = b"\xef\xbb\xbf" + dumps(fhir_bundle(claim)).encode()
    assert carried(load_claim(raw).claims[0]) == carried(claim)


def test_faults_of_an_envelope_are_told_and_do_not_hide_the_claim(claim):
    raw = write_837([claim], envelope()).replace("SE*29", "SE*30").encode()
    loaded = load_claim(raw)
    assert len(loaded.claims) == 1
    assert "counts 30" in loaded.faults[0]


def test_segments_without_a_place_are_listed(x12_file):
    gaps = load_claim(x12_file("odd_delimiters.837").encode()).gaps
    assert [gap for gap in gaps if "CRC" in gap]
    assert not [gap for gap in gaps if "GARCIA" in gap]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "broken JSON at line 1"),
        (b"[1]", "not an object"),
        (b"{}", "no claim_id"),
        (b'{"resourceType":"Patient"}', "holds no claim"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Encounter"}}]}', "holds no Claim"),
        (b"dear sir or madam", "no readable 837P"),
        (b'{"claim_id":"A"}', "claim.json field"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_holds_no_claim(raw, message):
    with pytest.raises(UnreadableClaim, match=message) as caught:
        load_claim(raw)
    assert "\n" not in str(caught.value)


def test_an_error_in_claim_json_does_not_quote_the_patient(claim):
    document = json.loads(claim.model_dump_json())
    document["patient"]["birth_date"] = "Secretname"
    with pytest.raises(UnreadableClaim) as caught:
        load_claim(json.dumps(document).encode())
    assert "patient.birth_date" in str(caught.value)
    assert "Secretname" not in str(caught.value)


def test_a_message_names_the_file():
    with pytest.raises(UnreadableClaim, match=r"^a\.json: the JSON is no claim\.json"):
        load_claim(b"{}", "a.json")
