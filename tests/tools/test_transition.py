"""What sentences say of a discharge, of the contact after it and of the medicines: each with what looks like it and is not."""

from datetime import date

import pytest

from tools.transition import contact_in, discharge_in, is_timely, reconciles

ON = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("She was discharged home from Riverbend Hospital on March 6, 2026", date(2026, 3, 6)),
        ("inpatient at Oak Medical Center from 3/2 to 3/6 and discharged to his home", date(2026, 3, 6)),
        (
            "Admitted through the emergency department, discharged from the hospital 2026-03-06",
            date(2026, 3, 6),
        ),
        ("Discharged from the hospital on December 28", date(2025, 12, 28)),
        ("Discharged from the emergency department of Oak Hospital on March 6", None),
        ("Discharged from Oak Hospital to a skilled nursing facility on March 6", None),
        ("Discharged from physical therapy on March 6", None),
        ("Discharged from Oak Hospital last week", None),
        ("Discharge from Oak Hospital is planned for 4/2/2026", None),
        ("Discharged from Oak Hospital on 13/45/2026", None),
    ],
)
def test_a_discharge_has_its_facility_and_its_date(sentence: str, day: date | None) -> None:
    assert discharge_in(sentence, ON) == day


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("Our nurse spoke with her daughter on March 9", date(2026, 3, 9)),
        ("On 3/9/26 I telephoned the patient", date(2026, 3, 9)),
        ("A voicemail was left when we called her on March 9", None),
        ("We tried and could not be put through when we called her on March 9", None),
        ("The hospital called her on March 9", None),
        ("Our nurse called her", None),
        ("She called the office on March 9", None),
    ],
)
def test_a_contact_reaches_someone_on_a_date(sentence: str, day: date | None) -> None:
    assert contact_in(sentence, ON) == day


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Medications reconciled today", True),
        ("We reconciled the medicines", True),
        ("Medications will be reconciled", False),
        ("Medications were not reconciled", False),
    ],
)
def test_medicines_are_reconciled_only_when_it_is_done(sentence: str, said: bool) -> None:
    assert reconciles(sentence) is said


def test_business_days_leave_out_the_weekend() -> None:
    friday = date(2026, 3, 6)
    assert is_timely(friday, date(2026, 3, 10))
    assert not is_timely(friday, date(2026, 3, 11))
    assert not is_timely(friday, date(2026, 3, 5))
