"""Gathering: one record, bent in one place at a time."""

import hashlib
import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.fhir.record import (
    COVERAGE,
    ENCOUNTER,
    NOTE,
    PATIENT,
    bent,
    encoded,
    facts,
    missing,
    note,
    past,
    resources,
    visit,
)
from tools.fhir import InputError


def test_a_whole_record_lacks_nothing() -> None:
    found = facts()
    assert found.missing == ()
    assert (found.encounter_id, found.date_of_service, found.age_years) == ("enc", date(2026, 8, 15), 45)
    assert (found.place_of_service, found.payer_kind) == ("11", "commercial")
    assert found.patient.name.display == "Jo Q Doe"
    assert found.patient.address is not None
    assert (found.patient.address.state, found.patient.address.line2) == ("IL", "Apt 3")
    assert found.billing_provider is not None
    assert (found.billing_provider.npi, found.billing_provider.tax_id) == ("1234567893", "123456789")
    assert found.rendering_provider is not None
    assert (found.rendering_provider.npi, found.rendering_provider.taxonomy) == ("1003000126", "207Q00000X")
    assert found.facility is not None
    assert found.facility.npi == "1234567893"
    assert found.primary is not None
    assert (found.primary.payer_id, found.primary.member_id, found.primary.filing_code) == (
        "TST01",
        "M-123",
        "CI",
    )


def test_the_document_is_kept_to_the_byte() -> None:
    text = "A\r\nB\t\x00\x07 é 💊 \n"
    (document,) = bent(note={"content": [{"attachment": {"data": encoded(text)}}]}).documents
    assert document.text == text
    assert document.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (document.status, document.author_role) == ("final", "provider")


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"without": ("cov",)}, "coverage"),
        ({"cov": {"period": {"end": "2026-07-31"}}}, "coverage"),
        ({"cov": {"status": "cancelled"}}, "coverage"),
        ({"payer": {"identifier": []}}, "payer id"),
        ({"cov": {"subscriberId": None}}, "member number"),
        ({"cov": {"relationship": {"coding": [{"code": "child"}]}}}, "subscriber of the coverage"),
        ({"group": {"identifier": []}}, "NPI of the billing provider"),
        ({"group": {"identifier": []}}, "billing provider's tax id"),
        ({"group": {"address": []}}, "billing provider's address"),
        ({"doctor": {"identifier": []}}, "NPI of the rendering provider"),
        (
            {"doctor": {"identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1003000127"}]}},
            "NPI of the rendering provider",
        ),
        ({"enc": {"participant": []}}, "rendering provider"),
        ({"pat": {"birthDate": "1980"}}, "patient's age"),
        ({"pat": {"birthDate": None}}, "patient's birth date"),
        ({"pat": {"address": []}}, "patient's address"),
        ({"pat": {"gender": "unknown"}}, "patient's sex"),
        ({"note": {"docStatus": "preliminary"}}, "signature of the note"),
        ({"note": {"docStatus": None}}, "signature of the note"),
        ({"enc": {"class": {"code": "VR"}}}, "place of service"),
    ],
)
def test_what_a_claim_needs_is_listed_with_where_and_how(changes: dict[str, Any], lacks: str) -> None:
    found = bent(**changes)
    assert lacks in missing(found)
    assert all(one.where and one.how for one in found.missing)


def test_an_authenticator_signs_a_document_without_docstatus() -> None:
    found = bent(note={"docStatus": None, "authenticator": {"reference": "Practitioner/doctor"}})
    assert found.documents[0].signed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"enc": {"period": {"start": "2026-12-01"}}}, "after the coding date"),
        ({"enc": {"period": {"start": "1980-08-15"}}}, "before the patient's birth"),
        ({"pat": {"deceasedDateTime": "2026-08-14"}}, "after the patient's death"),
        ({"enc": {"period": {"start": "2026-02-30"}}}, "no calendar day"),
        ({"enc": {"period": {"start": "2026-08"}}}, "no calendar day"),
        ({"enc": {"period": {"start": "2026-08-15", "end": "2026-08-14"}}}, "ends before it starts"),
        ({"enc": {"period": {}}}, "no date of service"),
        ({"enc": {"status": "cancelled"}}, "status cancelled"),
    ],
)
def test_impossible_dates_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as fault:
        bent(**changes)
    assert "Encounter/enc" in str(fault.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"without": ("note",)}, "no note"),
        ({"note": {"docStatus": "entered-in-error"}}, "no note"),
        ({"note": {"content": [{"attachment": {"data": encoded(" \n\t ")}}]}}, "the note is empty"),
        ({"note": {"content": [{"attachment": {"data": encoded(b"\xff\xfe")}}]}}, "not UTF-8"),
        ({"note": {"content": [{"attachment": {"data": "!!"}}]}}, "broken base64"),
        ({"note": {"content": [{"attachment": {"contentType": "text/html", "data": "eA=="}}]}}, "text/html"),
        ({"note": {"content": [{"attachment": {"contentType": "text/rtf", "data": "eA=="}}]}}, "text/rtf"),
        ({"note": {"content": [{"attachment": {"url": "Binary/1"}}]}}, "without data"),
        (
            {
                "note": {
                    "content": [{"attachment": {"contentType": "text/plain; charset=latin1", "data": "eA=="}}]
                }
            },
            "charset latin1",
        ),
        ({"note": {"content": [{"attachment": {"data": encoded("x" * 1_000_001)}}]}}, "limit of 1,000,000"),
        ({"note": {"subject": {"reference": "Patient/other"}}}, "belongs to Patient/other"),
    ],
)
def test_a_document_that_can_not_be_coded_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        bent({**PATIENT, "id": "other"}, **changes)


def test_a_superseded_note_gives_way_and_alone_it_is_unsigned() -> None:
    assert [d.id for d in bent(note("new"), note={"status": "superseded"}).documents] == [
        "DocumentReference/new"
    ]
    assert missing(bent(note={"status": "superseded"})) == ["signature of the note"]


def test_an_attachment_may_stand_in_a_binary() -> None:
    found = bent(
        {"resourceType": "Binary", "id": "1", "data": encoded(NOTE)},
        note={"content": [{"attachment": {"contentType": "text/plain", "url": "Binary/1"}}]},
    )
    assert found.documents[0].text == NOTE


def test_of_several_attachments_the_plain_text_is_read() -> None:
    html = {"attachment": {"contentType": "text/html", "data": "eA=="}}
    plain = {"attachment": {"contentType": "text/plain", "data": encoded("plain")}}
    assert bent(note={"content": [html, plain]}).documents[0].text == "plain"


def test_several_documents_and_addenda_are_read_in_order() -> None:
    addendum = note("add", "later", date="2026-08-16T09:00:00-05:00", relatesTo=[{"code": "appends"}])
    second = note("second", "nurse", date="2026-08-15T19:00:00-05:00")
    found = bent(addendum, second)
    assert [d.id for d in found.documents] == [
        "DocumentReference/second",
        "DocumentReference/note",
        "DocumentReference/add",
    ]
    assert [d.kind for d in found.documents] == ["note", "note", "addendum"]


def test_a_scan_beside_a_readable_note_is_missing_not_fatal() -> None:
    pdf = note("pdf", content=[{"attachment": {"contentType": "application/pdf", "data": "eA=="}}])
    assert missing(bent(pdf)) == ["document of type application/pdf"]


@pytest.mark.parametrize(
    ("taxonomy", "role"), [("163W00000X", "staff"), ("363LF0000X", "provider"), ("2251X0800X", "provider")]
)
def test_the_authors_role_is_read_from_the_taxonomy(taxonomy: str, role: str) -> None:
    author = {
        "resourceType": "Practitioner",
        "id": "author",
        "name": [{"family": "Ray"}],
        "qualification": [
            {"code": {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": taxonomy}]}}
        ],
    }
    found = bent(author, note={"author": [{"reference": "Practitioner/author"}]})
    assert found.documents[0].author_role == role


def test_a_patients_own_entry_is_the_patients() -> None:
    assert bent(note={"author": [{"reference": "Patient/pat"}]}).documents[0].author_role == "patient"
    assert bent(note={"author": [{"display": "someone"}]}).documents[0].author_role == "unknown"


def test_a_report_with_text_stands_in_when_there_is_no_document_reference() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "rep",
        "status": "final",
        "subject": {"reference": "Patient/pat"},
        "encounter": {"reference": "Encounter/enc"},
        "presentedForm": [{"contentType": "text/plain; charset=utf-8", "data": encoded("report")}],
    }
    (document,) = bent(report, without=("note",)).documents
    assert (document.text, document.status) == ("report", "final")


def test_two_documented_encounters_need_a_choice() -> None:
    second = [
        visit("enc2", "2026-08-01"),
        note("n2", context={"encounter": [{"reference": "Encounter/enc2"}]}),
    ]
    with pytest.raises(InputError, match=r"2 documented encounters \(enc, enc2\)"):
        bent(*second)
    chosen = facts(*resources().values(), *second, context={"encounter": "enc2"})
    assert (chosen.encounter_id, chosen.date_of_service) == ("enc2", date(2026, 8, 1))
    with pytest.raises(InputError, match="'enc3' is not in the Bundle"):
        facts(*resources().values(), *second, context={"encounter": "enc3"})


def test_an_earlier_encounter_without_document_needs_none() -> None:
    assert bent(visit("before", "2025-08-01")).encounter_id == "enc"


def test_no_encounter_and_no_document_at_all() -> None:
    with pytest.raises(InputError, match="no Encounter"):
        facts(PATIENT)
    with pytest.raises(InputError, match="no note for any of 2 encounters"):
        facts(PATIENT, ENCOUNTER, visit("b", "2026-01-01"))


def test_the_visit_of_a_late_evening_keeps_its_day_when_the_server_speaks_utc() -> None:
    record = resources()
    record["enc"]["period"] = {"start": "2026-08-16T00:30:00Z", "end": "2026-08-16T01:00:00Z"}
    found = facts(*record.values(), zone=ZoneInfo("America/Chicago"))
    assert found.date_of_service == date(2026, 8, 15)


def test_the_parent_organisation_lends_what_the_clinic_lacks() -> None:
    clinic = {
        "resourceType": "Organization",
        "id": "clinic",
        "name": "Clinic",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1467300186"}],
        "partOf": {"reference": "Organization/group"},
    }
    found = bent(clinic, enc={"serviceProvider": {"reference": "Organization/clinic"}}).billing_provider
    assert found is not None
    assert (found.npi, found.tax_id) == ("1467300186", "123456789")
    ward = {**clinic, "identifier": []}
    found = bent(ward, enc={"serviceProvider": {"reference": "Organization/clinic"}}).billing_provider
    assert found is not None
    assert (found.reference, found.npi) == ("Organization/group", "1234567893")


def test_a_performer_known_only_by_npi_is_still_the_rendering_provider() -> None:
    team = [
        {
            "type": [{"coding": [{"code": "PPRF"}]}],
            "individual": {
                "reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1467300285",
                "display": "Dr. Ida Berg",
            },
        }
    ]
    found = bent(enc={"participant": team}).rendering_provider
    assert found is not None
    assert (found.npi, found.name.display) == ("1467300285", "Ida Berg")


def test_who_referred_who_supervised_and_who_ordered() -> None:
    others = [
        {"resourceType": "Practitioner", "id": own, "name": [{"family": own.title()}]}
        for own in ("ref", "sup", "ord")
    ]
    referral = past("ServiceRequest", "rf", requester={"reference": "Practitioner/ref"})
    test = past(
        "ServiceRequest",
        "test",
        encounter={"reference": "Encounter/enc"},
        requester={"reference": "Practitioner/ord"},
    )
    team = [
        *ENCOUNTER["participant"],
        {"type": [{"text": "supervising physician"}], "individual": {"reference": "Practitioner/sup"}},
    ]
    found = bent(
        *others, referral, test, enc={"basedOn": [{"reference": "ServiceRequest/rf"}], "participant": team}
    )
    roles = (found.referring_provider, found.supervising_provider, found.ordering_provider)
    assert [p.name.last for p in roles if p] == ["Ref", "Sup", "Ord"]
    assert found.rendering_provider is not None
    assert found.rendering_provider.name.last == "Stone"


def test_a_prior_authorisation_in_force_is_carried() -> None:
    response = {
        "resourceType": "ClaimResponse",
        "id": "auth",
        "use": "preauthorization",
        "preAuthRef": "PA-77",
        "preAuthPeriod": {"end": "2026-09-01"},
    }
    assert bent(response).prior_authorization == "PA-77"
    response["preAuthPeriod"] = {"end": "2026-08-01"}
    assert bent(response).prior_authorization is None


def test_the_pack_finder_is_asked_for_the_payer() -> None:
    asked = []

    def pack_of(payer_id: str | None, name: str, kind: str) -> str:
        asked.append((payer_id, name, kind))
        return "a_pack"

    found = facts(pack_of=pack_of)
    assert asked == [("TST01", "Test Health Plan", "commercial")]
    assert found.primary is not None
    assert found.primary.pack == "a_pack"


def test_coverages_stand_in_order_of_benefits() -> None:
    second = {**COVERAGE, "id": "cov2", "order": 1, "subscriberId": "FIRST"}
    found = bent(second, cov={"order": 2})
    assert [(c.order, c.member_id) for c in found.coverages] == [(1, "FIRST"), (2, "M-123")]


def test_medicare_behind_another_payer_asks_why() -> None:
    second = {**COVERAGE, "id": "cov2", "order": 2, "type": {"text": "Medicare"}}
    assert "reason that Medicare is secondary" in missing(bent(second, cov={"order": 1}))


def test_a_resource_is_never_changed_by_gathering() -> None:
    record = resources()
    before = json.dumps(record)
    facts(*record.values())
    assert json.dumps(record) == before
