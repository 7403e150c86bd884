"""What a record documents as done today, and how much of it: firing cases and their near misses."""

import pytest

from agent.coder.case import Case
from agent.coder.opportunities import opportunities
from agent.coder.spoken import spoken
from agent.coder.views import best_by_views, plural, views_of, views_said


def case(text: str, *, kind: str = "procedures", payer: str = "commercial", age: int | None = 50) -> Case:
    encounter: dict[str, object] = {
        "payer": payer,
        "vaccine_admin": "medicare" if payer == "medicare" else "cpt",
        "age": age,
        "date_of_service": "2026-08-15",
        "prior_encounters": [],
    }
    return Case(
        encounter=encounter,
        history=(),
        mentions=(),
        sections={"n": [{"name": "x", "kind": kind, "start": 0, "end": len(text)}]},
        sentences={"n": [[0, len(text), 0]]},
        texts={"n": text},
    )


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("High-dose influenza vaccine 0.7 mL IM given today.", ["90662", "G0008"]),
        ("Influenza vaccine is due and will be given next month.", []),
        ("Counselled on smoking for 12 minutes.", ["99407"]),
        ("Counselled on smoking for 8 minutes.", ["99406"]),
        ("Counselled on smoking for 3 minutes.", []),
        ("Blood drawn from the left arm and sent to the laboratory.", ["36415"]),
        ("Injection of the right knee joint: the skin was prepared.", ["20610"]),
        ("Injection of the right knee joint under ultrasound guidance.", ["20611"]),
    ],
)
def test_sentences_document_services(text: str, codes: list[str]) -> None:
    assert [h.code for h in spoken(case(text, payer="medicare"))] == codes


def test_vaccines_of_other_payers_have_the_general_administration() -> None:
    found = spoken(case("Tdap vaccine 0.5 mL intramuscular given by the nurse today."))
    assert [h.code for h in found] == ["90715", "90471"]


def test_drug_units_come_from_the_dose() -> None:
    (drug,) = [h for h in spoken(case("Triamcinolone 40 mg was injected.")) if h.code == "J3301"]
    assert drug.units({"drug_unit": {"amount": "10"}}) == 4
    assert drug.units({}) == 1


@pytest.mark.parametrize(
    ("title", "views"),
    [
        ("Knee X-ray, one or two views", (1, 2)),
        ("Ankle X-ray, three or more views", (3, 99)),
        ("Collarbone", (1, 99)),
    ],
)
def test_titles_tell_views(title: str, views: tuple[int, int]) -> None:
    assert views_of(title) == views


@pytest.mark.parametrize(
    ("text", "kind", "codes"),
    [
        ("The knee was prepped and injected with 40 mg of Kenalog.", "plan", ["20610"]),
        ("The knee can be injected with 40 mg of Kenalog if therapy fails.", "plan", []),
        ("The knee was injected last year.", "plan", []),
        ("The left knee was injected with Kenalog 80 mg.", "hpi", []),
    ],
)
def test_an_injection_told_in_prose_where_the_visits_work_is_told(
    text: str, kind: str, codes: list[str]
) -> None:
    assert [h.code for h in spoken(case(text, kind=kind)) if h.code.startswith("206")] == codes


def test_the_dose_stands_before_or_after_the_drug() -> None:
    for text in (
        "It was injected with 40 mg of Kenalog and 2 cc of lidocaine.",
        "Kenalog 40 mg was injected.",
    ):
        (drug,) = [h for h in spoken(case(text)) if h.code == "J3301"]
        assert drug.amount == 40


def test_a_film_of_both_knees_standing_is_no_answer_to_stated_views() -> None:
    hits = [
        {"display": "Knee X-ray, both knees standing, front view"},
        {"display": "Knee X-ray, three views"},
    ]
    assert best_by_views(hits, "X-ray of the knee, 3 views", None, many=False) == hits[1]
    assert best_by_views(hits[:1], "X-ray of both knees", None, many=True) == hits[0]


def test_unstated_views_take_the_fewest_that_fit() -> None:
    hits = [{"display": "Shoulder X-ray, two or more views"}, {"display": "Shoulder X-ray, one view"}]
    assert best_by_views(hits, "X-rays of the shoulder", None, plural("X-rays")) == hits[0]
    assert best_by_views(hits, "X-ray of the shoulder", None, plural("X-ray")) == hits[1]
    assert views_said("three views of the ankle") == 3
    assert views_said("views of the ankle") is None


def test_transitional_care_is_shown_and_says_what_is_missing() -> None:
    text = "Seen five days after he left the hospital, discharge summary read; medicines reconciled."
    (found,) = opportunities(case(text), (), "moderate")
    assert found["code"] == "99495"
    assert found["missing"] == ["contact within two business days of the discharge"]
    assert opportunities(case("Seen thirty days after the knee replacement."), (), "moderate") == []
