"""Kinds of payers and places of service: each sign, and the near miss beside it."""

from typing import Any

import pytest

from tests.tools.fhir.record import bent, facts, missing, resources
from tools.fhir.coverage import payer_sign

SOPT = "https://nahdo.org/sopt"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
X12 = "https://codesystem.x12.org/005010/1032"


@pytest.mark.parametrize(
    ("system", "code", "kind", "filing"),
    [
        (SOPT, "1", "medicare", "MB"),
        (SOPT, "121", "medicare", "MB"),
        (SOPT, "111", "medicare_advantage", "16"),
        (SOPT, "112", "medicare_advantage", "16"),
        (SOPT, "21", "medicaid", "MC"),
        (SOPT, "311", "tricare", "CH"),
        (SOPT, "512", "commercial", "CI"),
        (SOPT, "611", "commercial", "BL"),
        (SOPT, "81", "self_pay", "ZZ"),
        (SOPT, "95", "workers_comp", "WC"),
        (SOPT, "96", "auto", "AM"),
        (ACT, "WCBPOL", "workers_comp", "WC"),
        (ACT, "PPO", "commercial", "12"),
        (ACT, "HMO", "commercial", "HM"),
        (X12, "MB", "medicare", "MB"),
        (X12, "HM", "commercial", "HM"),
    ],
)
def test_the_code_of_the_coverage_type_decides(system: str, code: str, kind: str, filing: str) -> None:
    found = payer_sign({"type": {"coding": [{"system": system, "code": code}]}}, "Some Plan")
    assert (found.kind, found.filing_code, found.certain) == (kind, filing, True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Medicare", "medicare"),
        ("Humana Medicare Advantage", "medicare_advantage"),
        ("Illinois Medicaid", "medicaid"),
        ("TRICARE East", "tricare"),
        ("State Workers' Compensation Fund", "workers_comp"),
        ("Blue Cross Blue Shield", "commercial"),
        ("NO INSURANCE", "self_pay"),
    ],
)
def test_without_a_code_the_name_decides(name: str, kind: str) -> None:
    assert payer_sign({}, name).kind == kind


def test_an_unknown_payer_is_commercial_and_not_certain() -> None:
    found = payer_sign({}, "Acme Assurance")
    assert (found.kind, found.certain) == ("commercial", False)


def test_a_supplement_is_not_taken_for_medicare_when_its_code_says_otherwise() -> None:
    coded = {"type": {"coding": [{"system": SOPT, "code": "512"}]}}
    assert payer_sign(coded, "Medicare Supplement of Acme").kind == "commercial"


def test_a_person_who_pays_is_self_pay_and_lacks_no_payer_id() -> None:
    found = bent(cov={"type": None, "payor": [{"reference": "Patient/pat"}]})
    assert found.payer_kind == "self_pay"
    assert missing(found) == []


def test_a_person_pays_whatever_plan_the_coverage_still_names_but_an_organization_does_not() -> None:
    plan = [{"type": {"coding": [{"code": "plan"}]}, "name": "Medicare Advantage Gold"}]
    person = bent(cov={"type": None, "payor": [{"reference": "Patient/pat"}], "class": plan})
    assert person.payer_kind == "self_pay"
    assert bent(cov={"type": None, "class": plan}).payer_kind == "medicare_advantage"


def test_a_dependents_subscriber_is_read_and_what_it_lacks_is_listed() -> None:
    parent = {
        "resourceType": "RelatedPerson",
        "id": "mum",
        "patient": {"reference": "Patient/pat"},
        "name": [{"family": "Doe", "given": ["May"]}],
    }
    child = {"coding": [{"code": "child"}]}
    found = bent(parent, cov={"relationship": child, "subscriber": {"reference": "RelatedPerson/mum"}})
    assert found.primary is not None
    assert found.primary.subscriber is not None
    assert (found.primary.relationship, found.primary.subscriber.name.display) == ("child", "May Doe")
    assert missing(found) == ["subscriber's birth date", "subscriber's address"]


def test_the_patient_holds_the_policy_unless_someone_else_is_named() -> None:
    found = bent(cov={"relationship": None})
    assert found.primary is not None
    assert found.primary.relationship == "self"
    other = bent(
        {"resourceType": "RelatedPerson", "id": "mum", "name": [{"family": "Doe"}]},
        cov={"relationship": None, "subscriber": {"reference": "RelatedPerson/mum"}},
    )
    assert other.primary is not None
    assert other.primary.relationship == "other"


POS = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"


def place(
    code: str | None = None, words: str = "Site", system: str | None = None, **more: Any
) -> dict[str, Any]:
    kinds = [{"coding": [{"system": system, "code": code}]}] if code else []
    return {"type": kinds, "name": words, **more}


@pytest.mark.parametrize(
    ("kind", "location", "expected"),
    [
        ("AMB", place("PROFF"), "11"),
        ("AMB", place(), "11"),
        ("AMB", place("HOSP"), "22"),
        ("AMB", place("HOSP", system=POS), "22"),
        ("AMB", place("24", system=POS), "24"),
        ("EMER", place("HOSP"), "23"),
        ("IMP", place("HOSP"), "21"),
        ("IMP", place("SNF"), "31"),
        ("OBSENC", place("HOSP"), "22"),
        ("HH", place(), "12"),
        ("AMB", place("PTRES"), "12"),
        ("VR", place("PTRES"), "10"),
        ("VR", place("PROFF"), None),
        ("VR", place(words="the patient", physicalType={"coding": [{"code": "ho"}]}), "10"),
        ("AMB", place(words="Lakeside Urgent Care"), "20"),
        ("AMB", place(words="Surgical Specialists"), "11"),
    ],
)
def test_place_of_service(kind: str, location: dict[str, Any], expected: str | None) -> None:
    assert bent(enc={"class": {"code": kind}}, place=location).place_of_service == expected


def test_the_context_states_the_place_before_the_record() -> None:
    found = facts(*resources().values(), context={"place_of_service": "19"})
    assert found.place_of_service == "19"


def test_a_visit_without_location_is_in_the_office_and_has_no_facility() -> None:
    found = bent(enc={"location": []})
    assert (found.place_of_service, found.facility) == ("11", None)
