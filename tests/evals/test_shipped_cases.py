"""The shipped encounters as eval cases: fresh, loadable, and saying what expected.toml says."""

from evals.case import load_cases
from evals.encounters.cases import SHIPPED, cases, gold
from evals.encounters.expected import load_expected


def test_the_committed_cases_are_what_the_sources_give() -> None:
    assert SHIPPED.read_bytes() == cases(), "stale: run python -m evals.encounters.cases"


def test_every_encounter_is_a_case_the_strict_loader_takes() -> None:
    assert [case.id for case in load_cases(SHIPPED)] == [f"shipped-{name}" for name in load_expected()]


def test_a_planned_injection_expects_no_visit_and_a_choice_of_first_listed_is_unscored() -> None:
    expected = load_expected()
    assert gold(expected["06-knee-injection"])["em"] is None
    assert gold(expected["06-knee-injection"])["icd10"]["first"] == "M17.11"
    assert gold(expected["04-wellness-hypertension-flu"])["icd10"]["first"] is None


def test_modifiers_are_scored_only_where_none_is_optional() -> None:
    expected = load_expected()
    ankle = gold(expected["05-ankle-injury"])["lines"]
    wellness = gold(expected["04-wellness-hypertension-flu"])["lines"]
    assert [tuple(line["modifiers"]) for line in ankle if line["code"] == "73610"] == [("RT",)]
    assert [tuple(line["modifiers"]) for line in wellness if line["code"] == "G0439"] == [()]


def test_the_history_holds_the_record_but_not_the_encounter_nor_its_note() -> None:
    (case,) = [case for case in load_cases(SHIPPED) if case.id == "shipped-07-smoking-after-discharge"]
    held = [entry["resource"] for entry in case.context["history"]["entry"]]
    assert {r["resourceType"] for r in held} >= {"Patient", "Condition", "MedicationRequest"}
    assert "07-smoking-after-discharge" not in {r["id"] for r in held}
    assert "DocumentReference" not in {r["resourceType"] for r in held}
