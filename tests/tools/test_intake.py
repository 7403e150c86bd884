"""Intake: what is recognised, what is refused, and bare notes with a context."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.tools.fhir.record import AS_OF, bundle, missing, note, resources
from tools.encounter import EncounterFacts
from tools.fhir import InputError, context_of, gather, read_context
from tools.intake import each, members, read_bytes, read_input, read_one

CONTEXT = {
    "age": 62,
    "sex": "male",
    "new_patient": False,
    "place_of_service": "11",
    "date_of_service": "2026-03-16",
    "payer": "medicare",
    "history": None,
}


def whole(*more: dict[str, Any]) -> bytes:
    return bundle(*resources().values(), *more)


def bare(text: str | bytes = "CC: cough.", **changes: Any) -> EncounterFacts:
    data = text.encode() if isinstance(text, str) else text
    raw = read_bytes(data, "visit.txt", context_of({**CONTEXT, **changes}))
    return gather(raw, as_of=AS_OF)


def test_a_bare_note_with_minimal_context_can_be_coded_and_lists_what_the_claim_needs() -> None:
    found = bare()
    assert (found.encounter_id, found.age_years, found.patient.sex) == ("visit", 62, "male")
    assert (found.date_of_service, found.place_of_service) == (date(2026, 3, 16), "11")
    assert (found.new_patient, found.payer_kind) == (False, "medicare")
    assert found.documents[0].text == "CC: cough."
    assert {"signature of the note", "patient's birth date", "payer id", "billing provider"} <= set(
        missing(found)
    )
    assert "patient's age" not in missing(found)


def test_an_unknown_age_and_an_empty_sex_are_allowed_and_missing() -> None:
    found = bare(age=None, sex="")
    assert (found.age_years, found.patient.sex) == (None, "unknown")
    assert {"patient's age", "patient's sex"} <= set(missing(found))


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("A.\nElectronically signed by: Ada Stone, MD 1/2/2026", True),
        ("Signed: Ada Stone MD", True),
        ("The consent was signed by the patient.", False),
        ("Not yet signed by anyone", False),
    ],
)
def test_a_bare_note_is_signed_by_its_own_signature_line(text: str, signed: bool) -> None:
    assert bare(text).documents[0].signed is signed


def test_plain_keys_fill_the_claim() -> None:
    address = {"line1": "1 A St", "city": "Elgin", "state": "IL", "postal_code": "601201234"}
    found = bare(
        "Note.\nSigned: Ada Stone",
        patient={"first": "Jo", "last": "Doe", "birth_date": "1963-05-01", "address": address, "mrn": "7"},
        coverage={"member_id": "1EG4-TE5-MK73", "pack": "medicare_part_b", "group_number": "G1"},
        payer_organization={"name": "Medicare", "payer_id": "MEDB1"},
        billing_provider={
            "name": "Group",
            "npi": "1234567893",
            "tax_id": "12-3456789",
            "address": address,
            "clia": "14D2087650",
            "taxonomy": "261QP2300X",
        },
        rendering_provider={"first": "Ada", "last": "Stone", "npi": "1003000126", "taxonomy": "207Q00000X"},
        referring_provider={"name": "Ida Berg, MD", "npi": "1467300285"},
        facility={"name": "Site", "npi": "1234567893", "address": address},
    )
    assert missing(found) == []
    assert found.primary is not None
    assert (found.primary.payer_name, found.primary.member_id) == ("Medicare", "1EG4TE5MK73")
    assert (found.primary.pack, found.primary.group_number) == ("medicare_part_b", "G1")
    assert found.billing_provider is not None
    assert (found.billing_provider.tax_id, found.billing_provider.clia) == ("123456789", "14D2087650")
    assert found.rendering_provider is not None
    assert found.rendering_provider.taxonomy == "207Q00000X"
    assert found.referring_provider is not None
    assert found.referring_provider.name.display == "Ida Berg"
    assert found.facility is not None
    assert found.facility.name.last == "Site"
    assert (found.patient.mrn, found.age_years) == ("7", 62)


def test_a_dependents_subscriber_by_plain_keys() -> None:
    parent = {"first": "May", "last": "Doe", "birth_date": "1980-01-01", "sex": "female"}
    coverage = {
        "payer_name": "Plan",
        "payer_id": "P1",
        "member_id": "M",
        "relationship": "child",
        "subscriber": parent,
    }
    found = bare(payer="commercial", coverage=coverage).primary
    assert found is not None
    assert found.subscriber is not None
    assert (found.relationship, found.subscriber.name.display, found.payer_id) == ("child", "May Doe", "P1")


def test_fhir_resources_may_stand_in_the_context() -> None:
    record = resources()
    coverage = {
        **record["cov"],
        "contained": [record["payer"]],
        "payor": [{"reference": "#payer"}],
        "beneficiary": None,
    }
    found = bare(patient=record["pat"], billing_provider=record["group"], coverage=coverage)
    assert found.patient.name.last == "Doe"
    assert found.billing_provider is not None
    assert found.billing_provider.npi == "1234567893"
    assert found.primary is not None
    assert found.primary.payer_id == "TST01"


def test_a_history_in_the_context_is_read_and_must_be_one_patients() -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/x"},
        "code": {"text": "HTN"},
    }
    history = json.loads(bundle(condition))
    assert [item.display for item in bare(history=history).history] == ["HTN"]
    stranger = {**condition, "id": "d", "subject": {"reference": "Patient/y"}}
    with pytest.raises(InputError, match="several patients"):
        bare(history=json.loads(bundle(condition, stranger)))


def test_self_pay_needs_no_coverage() -> None:
    found = bare(payer="self_pay")
    assert found.payer_kind == "self_pay"
    assert not {"coverage", "payer id", "member number"} & set(missing(found))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"agee": 3}, "unknown key 'agee'"),
        ({"age": -1}, "age"),
        ({"age": True}, "age"),
        ({"age": "62"}, "age"),
        ({"sex": "m?"}, "sex"),
        ({"sex": 1}, "sex"),
        ({"payer": "aetna"}, "payer"),
        ({"new_patient": "yes"}, "new_patient"),
        ({"place_of_service": "office"}, "place_of_service"),
        ({"date_of_service": "2026-02-30"}, "no calendar date"),
        ({"patient": {"nmae": "x"}}, "unknown key 'nmae'"),
        ({"patient": "Jo"}, "patient"),
        ({"history": {"resourceType": "Patient"}}, "history"),
    ],
)
def test_a_wrong_context_names_the_key(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        context_of({**CONTEXT, **changes})


@pytest.mark.parametrize("given", [b"[]", b"{", b"\xff{}", b"3"])
def test_a_context_file_is_a_json_object(given: bytes) -> None:
    with pytest.raises(InputError):
        read_context(given)


def test_one_letter_and_any_case_will_do_for_sex() -> None:
    assert context_of({"sex": "F"}).sex == "female"
    assert read_context(b'\xef\xbb\xbf{"sex": "Male", "age": 7.0}').age == 7


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the note is empty"),
        (b" \n\t", "the note is empty"),
        (b"caf\xe9", "not UTF-8"),
        (b"x" * 1_000_001, "limit of 1,000,000"),
    ],
)
def test_a_bad_bare_note(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        bare(data)


def test_a_bare_note_needs_a_context_with_a_possible_date() -> None:
    with pytest.raises(InputError, match="needs --context"):
        read_bytes(b"CC: cough", "visit.txt")
    with pytest.raises(InputError, match="no date of service"):
        bare(date_of_service=None)
    with pytest.raises(InputError, match="after the coding date"):
        bare(date_of_service="2027-01-01")


def test_a_long_note_with_odd_characters_is_kept_whole() -> None:
    text = "\ufeff" + "word \x0b\x1f\x85 \u2028\r" * 20_000
    assert bare(text).documents[0].text == text


def test_files_folders_and_their_members(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(whole())
    (tmp_path / "a.json").write_bytes(b"{")
    (tmp_path / "readme.txt").write_text("not an input", encoding="utf-8")
    assert [p.name for p in members(tmp_path)] == ["a.json", "b.json"]
    bad, good = each(iter(members(tmp_path)))
    assert isinstance(bad, InputError)
    assert not isinstance(good, InputError)
    assert good.encounter is not None
    with pytest.raises(InputError, match=r"a\.json"):
        read_input(tmp_path)
    assert len(read_input(tmp_path / "b.json")) == 1


def test_nothing_there_and_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not found"):
        members(tmp_path / "no")
    with pytest.raises(InputError, match=r"no \.json file"):
        members(tmp_path)
    with pytest.raises(InputError, match="can not be read"):
        read_one(tmp_path / "no.json")


def test_the_same_bytes_have_the_same_hash() -> None:
    assert read_bytes(whole(), "a.json").sha256 == read_bytes(whole(), "b.json").sha256
    assert read_bytes(whole(note("n2")), "a.json").sha256 != read_bytes(whole(), "a.json").sha256


CLINICAL = {
    "ClinicalDocumentation": {
        "Sections": [
            {"SectionName": "CHIEF_COMPLAINT", "Summary": [{"SummarizedSegment": "Cough for three days."}]},
            {
                "SectionName": "ASSESSMENT",
                "Subsections": [
                    {"SubsectionName": "PROBLEM_1", "Summary": [{"SummarizedSegment": "Acute bronchitis."}]}
                ],
            },
            {"SectionName": "PLAN", "Summary": []},
        ]
    }
}
TRANSCRIPT = {
    "Conversation": {
        "TranscriptSegments": [
            {"SegmentId": "1", "Content": "Hello.", "ParticipantDetails": {"ParticipantRole": "CLINICIAN_0"}}
        ]
    }
}


def test_a_healthscribe_folder_is_one_input(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(CLINICAL), encoding="utf-8")
    (tmp_path / "transcript.json").write_text(json.dumps(TRANSCRIPT), encoding="utf-8")
    (raw,) = read_input(tmp_path, context_of(CONTEXT))
    found = gather(raw, as_of=AS_OF)
    assert found.documents[0].text == (
        "CHIEF COMPLAINT\nCough for three days.\n\nASSESSMENT\nProblem 1:\nAcute bronchitis."
    )
    assert (found.documents[1].kind, found.documents[1].text) == ("transcript", "Clinician: Hello.")
    assert missing(found).count("signature of the note") == 1
    assert found.encounter_id == tmp_path.name


def test_healthscribe_without_context_or_without_content(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(CLINICAL), encoding="utf-8")
    with pytest.raises(InputError, match="needs --context"):
        read_input(tmp_path)
    path.write_text('{"ClinicalDocumentation": {"Sections": []}}', encoding="utf-8")
    with pytest.raises(InputError, match="no note"):
        read_input(tmp_path, context_of(CONTEXT))
    path.write_text('{"ClinicalDocumentation": ', encoding="utf-8")
    with pytest.raises(InputError, match="broken JSON"):
        read_input(tmp_path, context_of(CONTEXT))


def test_a_note_may_begin_with_a_bracket() -> None:
    assert bare("[HPI] cough").documents[0].text == "[HPI] cough"
