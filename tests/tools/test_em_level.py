"""E/M level: each element by the MDM table, two of three, and total time (CPT E/M guidelines)."""

from pathlib import Path

import pytest

import knowledge
from knowledge.em import EmTable
from tools.em_level import EmAnswer, MdmEntry, data_level, level_em, problems_level, risk_level

TABLE = EmTable.load(Path(knowledge.__file__).parent / "data" / "2026")


def entries(*categories: str) -> list[MdmEntry]:
    return [MdmEntry(category=c, text=f"item {n}") for n, c in enumerate(categories)]


def office(
    problems: list[str], data: list[str], risk: list[str], *, new: bool = False, minutes: int | None = None
) -> EmAnswer:
    return level_em(
        TABLE,
        family="office",
        new_patient=new,
        problems=entries(*problems),
        data=entries(*data),
        risk=entries(*risk),
        minutes=minutes,
    )


@pytest.mark.parametrize(
    ("categories", "level"),
    [
        ([], "minimal"),
        (["self_limited"], "straightforward"),
        (["self_limited", "self_limited"], "low"),
        (["stable_chronic"], "low"),
        (["stable_chronic", "stable_chronic"], "moderate"),
        (["stable_chronic", "acute_uncomplicated"], "low"),
        (["undiagnosed_new_problem"], "moderate"),
        (["chronic_exacerbation", "self_limited"], "moderate"),
        (["threat_to_life"], "high"),
    ],
)
def test_problems(categories: list[str], level: str) -> None:
    assert problems_level(TABLE, entries(*categories)) == level


@pytest.mark.parametrize(
    ("categories", "level"),
    [
        ([], "straightforward"),
        (["test_ordered"], "straightforward"),
        (["test_ordered", "test_reviewed"], "low"),
        (["independent_historian"], "low"),
        (["test_ordered", "test_reviewed", "external_note"], "moderate"),
        (["test_ordered", "test_reviewed", "independent_historian"], "moderate"),
        (["independent_interpretation"], "moderate"),
        (["independent_interpretation", "external_discussion"], "high"),
        (["test_ordered", "test_ordered", "test_reviewed", "independent_interpretation"], "high"),
    ],
)
def test_data(categories: list[str], level: str) -> None:
    assert data_level(entries(*categories)) == level


def test_the_same_test_counts_once() -> None:
    twice = [MdmEntry(category="test_ordered", text="TSH"), MdmEntry(category="test_ordered", text="tsh")]
    assert data_level(twice) == "straightforward"


@pytest.mark.parametrize(
    ("categories", "level"),
    [
        ([], "minimal"),
        (["otc_drug"], "low"),
        (["otc_drug", "prescription_drug"], "moderate"),
        (["intensive_monitoring"], "high"),
    ],
)
def test_risk(categories: list[str], level: str) -> None:
    assert risk_level(TABLE, entries(*categories)) == level


def test_memory_loss_visit_is_moderate_for_a_new_patient() -> None:
    answer = office(
        ["undiagnosed_new_problem"], ["test_ordered", "test_ordered"], ["prescription_drug"], new=True
    )
    assert (answer.mdm, answer.code, answer.basis) == ("moderate", "99204", "mdm")


def test_two_of_three_not_the_highest() -> None:
    assert office(["threat_to_life"], [], ["otc_drug"]).code == "99213"


def test_nothing_documented_is_straightforward() -> None:
    assert office([], [], []).code == "99212"


@pytest.mark.parametrize(
    ("minutes", "code", "basis"),
    [
        (29, "99213", "mdm"),
        (30, "99214", "time"),
        (40, "99215", "time"),
        (None, "99213", "mdm"),
        (9, "99213", "mdm"),
    ],
)
def test_time_decides_only_when_it_carries_more(minutes: int | None, code: str, basis: str) -> None:
    answer = office(["stable_chronic"], [], ["prescription_drug"], minutes=minutes)
    assert (answer.code, answer.basis) == (code, basis)


def test_emergency_has_no_time_and_no_new_patient() -> None:
    answer = level_em(
        TABLE,
        family="emergency",
        new_patient=True,
        problems=entries("acute_systemic"),
        data=[],
        risk=entries("prescription_drug"),
        minutes=90,
    )
    assert (answer.code, answer.time_code) == ("99284", None)
