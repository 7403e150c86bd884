"""De-identification: each kind with what must stay beside it."""

from datetime import date, timedelta

import pytest

from evals.train import canary
from evals.train.anonymise import Anonymiser, age_of
from evals.train.identifiers import Identifiers, identifiers
from evals.train.moving import moved, shift_of
from evals.train.patterns import left, masked
from evals.train.records import TrainError

ON = date(2026, 8, 11)
TEN = timedelta(days=10)


def anonymiser(**known: set) -> Anonymiser:
    return Anonymiser(Identifiers(**known), TEN, ON)


def test_every_planted_kind_is_gone_and_the_medicine_stays() -> None:
    assert canary.prove() == 27


def test_identifiers_are_read_from_the_record_itself() -> None:
    found = identifiers(canary.record())
    assert {"Quillon", "Averbeck"} <= found.names
    assert {"418 Wrenfield Lane", "Mossbury"} <= found.phrases
    assert {"KX-447190", "60085"} <= found.numbers
    assert found.births == {date(1931, 6, 9)}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Seen 2026-08-11.", "Seen 2026-08-21."),
        ("Seen 8/3/2026 and 08/03/26.", "Seen 8/13/2026 and 08/13/26."),
        ("On August 25, 2026 and 25 Aug 2026.", "On September 4, 2026 and 4 September 2026."),
        ("Since December 2025.", "Since December 2025."),
        ("Since July 28 she coughs.", "Since August 7 she coughs."),
        ("Coughs since 8/30.", "Coughs since 9/9."),
        ("In 2019 and at 11:02.", "In 2019 and at 11:02."),
        ("Pain 7/10, strength 5/5, BP 132/74.", "Pain 7/10, strength 5/5, BP 132/74."),
        ("Batch 13.45.2026 and 45/45/2026.", "Batch 13.45.2026 and 45/45/2026."),
        ("May take 2 tablets in May.", "May take 2 tablets in May."),
    ],
)
def test_dates_move_and_what_is_no_date_stays(text: str, made: str) -> None:
    assert moved(text, TEN, (), ON) == made


def test_a_birth_date_is_taken_out_in_every_form() -> None:
    born = (date(1950, 3, 4),)
    said = moved("DOB 03/04/1950, born March 4, 1950 (1950-03-04).", TEN, born, ON)
    assert said == "DOB [BIRTH DATE], born [BIRTH DATE] ([BIRTH DATE])."


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("A 94-year-old man", "A 90 or older man"),
        ("Age: 101, alert", "Age: 90 or older, alert"),
        ("93 y/o woman", "90 or older woman"),
        ("An 89-year-old man", "An 89-year-old man"),
        ("Pulse 94, weight 101 kg, sugar 126", "Pulse 94, weight 101 kg, sugar 126"),
    ],
)
def test_ages_over_89_are_one_group(text: str, made: str) -> None:
    assert moved(text, TEN, (), ON) == made
    assert (age_of(89), age_of(97), age_of(None)) == (89, 90, None)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Call 847-555-0111 or +1 (847) 555.0112.", "Call [PHONE] or [PHONE]."),
        ("MRN: AB-4471", "MRN: [ID]"),
        ("member id 77Q-22", "member id [ID]"),
        ("Lives at 12 Old Mill Road, Apt 4", "Lives at [ADDRESS]"),
        ("Mrs. Achterberg came; Dr. Voss read it.", "Mrs. [NAME] came; Dr. [NAME] read it."),
        ("Signed electronically by Helen Voss, MD", "Signed electronically by [NAME], MD"),
        ("Evanston, IL 60201", "Evanston, IL [ZIP]"),
        ("VIN 1HGCM82633A004352", "VIN [ID]"),
        (
            "Type 2 diabetes, A1c 7.2, 500 mg, ICD E11.9, CPT 99213",
            "Type 2 diabetes, A1c 7.2, 500 mg, ICD E11.9, CPT 99213",
        ),
        ("Ratio 1:2:3, ratio 120/80 10.5.3", "Ratio 1:2:3, ratio 120/80 10.5.3"),
        ("Group therapy, policy of rest, plate fixation", "Group therapy, policy of rest, plate fixation"),
    ],
)
def test_forms_are_masked_and_medicine_is_not(text: str, made: str) -> None:
    assert masked(text) == made
    assert not left(made)


def test_names_go_in_every_case_but_words_stay_words() -> None:
    clean = anonymiser(names={"Brown", "Lindqvist", "Li"}).text
    assert clean("Walter BROWN-Lindqvist, lindqvist's knee") == "Walter [NAME]-[NAME], [NAME] knee"
    assert clean("Mr. Brown has brown discharge, takes lithium. Li well.") == (
        "Mr. [NAME] has brown discharge, takes lithium. [NAME] well."
    )


def test_a_name_that_is_a_month_does_not_swallow_dates() -> None:
    assert anonymiser(names={"May"}).text("May came on May 5, 2026.") == "[NAME] came on May 15, 2026."


def test_a_number_is_found_however_it_is_grouped() -> None:
    clean = anonymiser(numbers={"847-555-0198", "2FH7-UV1-NP45"}).text
    assert clean("(847) 555 0198; 2FH7UV1NP45; 8475550198") == "[ID]; [ID]; [ID]"
    assert clean("48475550198 0") != "[ID]"


def test_a_relatives_name_goes_and_a_relatives_disease_stays() -> None:
    clean = anonymiser().text
    assert clean("with daughter Odalys Brandt today") == "with daughter [NAME] today"
    assert (
        clean("FAMILY: Mother Asthma. Father Hypertension.") == "FAMILY: Mother Asthma. Father Hypertension."
    )


def test_survivors_are_told_by_kind() -> None:
    own = anonymiser(names={"Lindqvist"}, numbers={"AB-4471"}, births={date(1950, 3, 4)})
    assert own.survivors("Lindqvist AB 4471 1950-03-04 a@b.example") == [
        "number",
        "name",
        "birth date",
        "email",
    ]
    assert own.survivors(own.text("Lindqvist AB 4471 1950-03-04 a@b.example")) == []


def test_dates_move_within_the_year_of_the_code_set() -> None:
    for n in range(60):
        for day in (date(2026, 2, 2), date(2025, 11, 3)):
            at = day + shift_of(b"k" * 16, f"patient {n}", [day])
            assert at != day
            assert at.year == day.year
            assert (at.month >= 10) == (day.month >= 10)


def test_all_visits_of_a_patient_move_together_or_not_at_all() -> None:
    days = [date(2026, 2, 2), date(2026, 9, 1)]
    by = shift_of(b"k" * 16, "patient", days)
    assert all(d + by <= date(2026, 9, 30) and d + by >= date(2026, 1, 1) for d in days)
    with pytest.raises(TrainError, match="can not be moved"):
        shift_of(b"k" * 16, "patient", [date(2026, 1, 1), date(2026, 9, 30)])
