"""The claim as FHIR R4: valid, linked, to the cent, and readable again."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from knowledge.records import FhirEvidence, NoteEvidence
from tests.tools.claim.strategies import claims
from tools.claim.errors import UnreadableClaim
from tools.claim.fhir_claim import (
    check_fhir_claim,
    dump_fhir_claim,
    dumps,
    fhir_bundle,
    fhir_claim,
    read_fhir_claim,
)
from tools.claim.model import Adjustment, ClaimPayment, LinePayment
from tools.claim.x12.carried import carried


def _parsed(claim):
    return json.loads(dump_fhir_claim(claim), parse_float=Decimal)


def with_control_numbers(claim):
    """What an 837P and FHIR say alike: line numbers given, the supplier's name left out."""
    lines = tuple(
        line.model_copy(update={"control_number": f"{claim.claim_id}L{n}"})
        for n, line in enumerate(claim.lines, 1)
    )
    return claim.model_copy(update={"lines": lines})


@given(claims())
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_a_random_claim_is_a_sound_fhir_claim_and_comes_back(claim):
    claim = with_control_numbers(claim)
    resource = _parsed(claim)
    assert check_fhir_claim(resource) == []
    back = read_fhir_claim(resource).claim
    assert carried(back) == carried(claim)
    assert [line.display for line in back.lines] == [line.display for line in claim.lines]


@pytest.fixture
def cited(claim):
    note = NoteEvidence(document="note-1", text="repeats questions", start=10, end=27, section="hpi")
    record = FhirEvidence(reference="Condition/9", pointer="/code", text="memory loss", sha256="0" * 64)
    diagnosis = claim.diagnoses[0].model_copy(update={"evidence": (note, record)})
    line = claim.lines[0].model_copy(update={"evidence": (note,), "modifiers": ("25", "GT")})
    return claim.model_copy(update={"diagnoses": (diagnosis,), "lines": (line,)})


def test_code_systems_are_those_their_owners_publish(cited):
    resource = fhir_claim(cited)
    assert resource["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0] == {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "code": "R41.3",
        "display": "Other amnesia",
    }
    item = resource["item"][0]
    assert item["productOrService"]["coding"][0]["system"] == "http://www.ama-assn.org/go/cpt"
    assert [m["coding"][0]["system"] for m in item["modifier"]] == [
        "http://www.ama-assn.org/go/cpt",
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    ]
    place = item["locationCodeableConcept"]["coding"][0]
    assert place == {"system": "https://www.cms.gov/Medicare/Coding/place-of-service-codes", "code": "11"}
    assert (resource["use"], resource["status"]) == ("claim", "draft")
    taxonomy = resource["provider"]["extension"][0]["valueCodeableConcept"]["coding"][0]
    assert taxonomy == {"system": "http://nucc.org/provider-taxonomy", "code": "207Q00000X"}


def test_cents_are_kept(cited):
    text = dump_fhir_claim(cited).decode()
    assert text.count('"value": 185.50') == 3
    assert '"value": 1,' not in text.replace('"value": 1\n', "")


def test_evidence_travels_along(cited):
    back = read_fhir_claim(_parsed(cited)).claim
    assert back.diagnoses[0].evidence == cited.diagnoses[0].evidence
    assert back.lines[0].evidence == cited.lines[0].evidence


def test_a_bundle_says_the_same_with_separate_resources(cited):
    from fhir.resources.R4B.bundle import Bundle

    bundle = fhir_bundle(cited)
    Bundle.model_validate(bundle)
    first, *others = (e["resource"] | {"__fullUrl": e["fullUrl"]} for e in bundle["entry"])
    del first["__fullUrl"]
    assert carried(read_fhir_claim(first, others).claim) == carried(cited)


def test_an_incomplete_claim_is_written_with_what_is_known(claim):
    bare = claim.model_copy(update={"coverages": (), "billing_provider": None, "rendering_provider": None})
    resource = fhir_claim(bare)
    assert check_fhir_claim(resource) == []
    assert resource["provider"] == {"display": "No billing provider is known"}
    gaps = read_fhir_claim(resource).gaps
    assert [g for g in gaps if "no coverage" in g]
    assert [g for g in gaps if "billing provider" in g]


def _break_total(resource):
    resource["total"]["value"] = Decimal(1)


def _break_link(resource):
    resource["item"][0]["diagnosisSequence"] = [4]


def _break_model(resource):
    del resource["status"]


def _break_reference(resource):
    resource["insurer"] = {"reference": "#nobody"}


def _break_code(resource):
    resource["item"][0]["productOrService"] = {"text": "visit"}


def _break_focal(resource):
    resource["insurance"][0]["focal"] = False


def _break_price(resource):
    resource["item"][0]["unitPrice"]["value"] = Decimal(2)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_break_total, "not the sum"),
        (_break_link, "4 is no diagnosis"),
        (_break_model, "status"),
        (_break_reference, "points to nothing"),
        (_break_code, "no CPT or HCPCS"),
        (_break_focal, "0 entries are focal"),
        (_break_price, "times 2"),
    ],
)
def test_own_checks_find_what_the_model_does_not(claim, damage, message):
    resource = _parsed(claim)
    damage(resource)
    assert [fault for fault in check_fhir_claim(resource) if message in fault]


def test_a_foreign_claim_is_read_and_its_gaps_are_named():
    resource = {
        "resourceType": "Claim",
        "id": "foreign",
        "status": "active",
        "type": {"coding": [{"code": "professional"}]},
        "use": "claim",
        "patient": {"reference": "Patient/9"},
        "created": "2026-08-01T10:00:00-05:00",
        "provider": {"reference": "Organization/8"},
        "priority": {"coding": [{"code": "normal"}]},
        "careTeam": [{"sequence": 1, "provider": {"reference": "Practitioner/7"},
                      "role": {"coding": [{"code": "primary"}]}}],
        "diagnosis": [{"sequence": 1, "diagnosisReference": {"reference": "Condition/6"}}],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/5"}}],
        "item": [{"sequence": 1, "diagnosisSequence": [1], "servicedDate": "2026-07-30",
                  "productOrService": {"coding": [{"system": "http://www.ama-assn.org/go/cpt",
                  "code": "99213"}]},
                  "net": {"value": Decimal("92.50"), "currency": "USD"}}],
    }  # fmt: skip
    others = [
        {"resourceType": "Patient", "id": "9", "name": [{"family": "Doe", "given": ["Jo"]}],
        "gender": "female"},
        {"resourceType": "Practitioner", "id": "7", "name": [{"family": "Ray"}],
         "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1003000126"}]},
        {"resourceType": "Condition", "id": "6",
         "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E119"}]}},
    ]  # fmt: skip
    read = read_fhir_claim(resource, others)
    assert read.claim.patient.name.last == "Doe"
    assert read.claim.rendering_provider.npi == "1003000126"
    assert read.claim.diagnoses[0].code == "E11.9"
    assert read.claim.total_charge == Decimal("92.50")
    told = " ".join(read.gaps)
    for gap in ("frequency", "signatures", "no coverage", "billing provider", "total"):
        assert gap in told


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resourceType": "Patient"}, "no FHIR Claim"),
        ({"type": {"coding": [{"code": "institutional"}]}}, "only professional"),
        ({"item": [{"sequence": 1}]}, "Claim.item 1 has no CPT"),
        ({"diagnosis": [{"sequence": 1}]}, "Claim.diagnosis 1 has no ICD"),
    ],
)
def test_what_can_not_be_read_says_where(claim, change, message):
    with pytest.raises(UnreadableClaim, match=message):
        read_fhir_claim(_parsed(claim) | change)


def test_json_text():
    value = {"a": Decimal("185.50"), "b": [], "c": {}, "d": [1, True, None, "é\n"]}
    text = dumps(value)
    assert '"a": 185.50' in text
    assert json.loads(text) == {"a": 185.5, "b": [], "c": {}, "d": [1, True, None, "é\n"]}
    with pytest.raises(TypeError):
        dumps({"x": object()})


def test_what_the_primary_did_is_a_claim_response_in_x12_codes(claim):
    second = claim.coverages[0].model_copy(
        update={"order": 2, "payer_id": "70054", "payer_name": "Lakes Insurance", "payer_kind": "commercial"}
    )
    reasons = (Adjustment(group="CO", carc="45", amount=Decimal("60.50"), quantity=Decimal(1)),
               Adjustment(group="PR", carc="2", amount=Decimal(25)))  # fmt: skip
    paid = LinePayment(payer_id="00882", paid=Decimal(100), units=Decimal(1), paid_on=date(2026, 8, 1),
                       code="99204", modifiers=("25",), adjustments=reasons)  # fmt: skip
    whole = ClaimPayment(
        payer_id="00882", paid=Decimal(100), control_number="ICN-1", remark_codes=("MA18", "N30")
    )
    line = claim.lines[0].model_copy(update={"payments": (paid,)})
    told = claim.model_copy(
        update={"coverages": (claim.coverages[0], second), "lines": (line,), "payments": (whole,)}
    )
    resource = _parsed(told)
    assert check_fhir_claim(resource) == []
    first, other = resource["insurance"]
    assert (first["claimResponse"], first["focal"]) == ({"reference": "#response-1"}, False)
    assert "claimResponse" not in other
    (response,) = [r for r in resource["contained"] if r["resourceType"] == "ClaimResponse"]
    adjustment = response["item"][0]["adjudication"][1]
    assert [c["code"] for c in adjustment["reason"]["coding"]] == ["45", "CO"]
    assert adjustment["amount"] == {"value": Decimal("60.50"), "currency": "USD"}
    read = read_fhir_claim(resource)
    assert read.claim.payments == (whole,)
    assert read.claim.lines[0].payments == (paid,)
    assert not [gap for gap in read.gaps if "earlier payers" in gap]
    del first["claimResponse"]
    assert [gap for gap in read_fhir_claim(resource).gaps if "earlier payers" in gap]
