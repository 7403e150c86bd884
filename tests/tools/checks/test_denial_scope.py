"""Whose condition, and what is denied: the reader of the self-check, with firing cases and near misses."""

from datetime import date

import pytest

from knowledge.bookshelf import Bookshelf
from tools.checks.establish import Establisher
from tools.checks.reading import Status, read

ON = date(2026, 3, 1)


def verdict(shelf: Bookshelf, code: str, text: str) -> Status:
    return Establisher.over(shelf, read({"note": text}), ON).verdict(code).status


@pytest.mark.parametrize(
    "text",
    ["Ovarian cancer.", "Stage III ovarian carcinoma.", "Ovarian malignancy.", "Cancer of the ovaries."],
)
def test_the_adjective_of_an_organ_names_the_organ(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "C56.9", f"ASSESSMENT\n\n{text}") is Status.PRESENT


@pytest.mark.parametrize("text", ["Ovarian cyst.", "Uterine cancer."])
def test_another_disease_or_another_organ_does_not_establish_the_cancer(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "C56.9", f"ASSESSMENT\n\n{text}") is not Status.PRESENT


@pytest.mark.parametrize(
    "text",
    [
        "Tear of the posterior horn of the medial meniscus, right knee.",
        "The medial meniscus of the right knee is torn.",
    ],
)
def test_words_of_a_title_may_stand_apart(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "S83.241A", f"ASSESSMENT\n\n{text}") is Status.PRESENT


def test_the_other_meniscus_is_not_meant(shelf: Bookshelf) -> None:
    text = "ASSESSMENT\n\nTear of the lateral meniscus, right knee."
    assert verdict(shelf, "S83.241A", text) is Status.ABSENT


@pytest.mark.parametrize(
    "text",
    [
        "There is no drainage from the diabetic foot ulcer.",
        "No evidence of infection in this diabetic foot ulcer.",
    ],
)
def test_a_denial_at_a_lesion_affirms_the_lesion(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "E11.621", f"ASSESSMENT\n\n{text}") is Status.PRESENT


@pytest.mark.parametrize(
    "text",
    [
        "There is no evidence of a diabetic foot ulcer.",
        "No signs of the diabetic foot ulcer.",
        "No history of the diabetic foot ulcer.",
        "Denies diabetic foot ulcer.",
    ],
)
def test_a_denied_lesion_stays_denied(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "E11.621", f"ASSESSMENT\n\n{text}") is Status.NEGATED


@pytest.mark.parametrize(
    "text",
    [
        "His wife helps with the dressings of his diabetic foot ulcer.",
        "Brought in by his daughter for a diabetic foot ulcer.",
        "The daughter noticed a diabetic foot ulcer.",
    ],
)
def test_a_relative_who_tells_or_helps_is_not_the_patient(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "E11.621", f"HPI\n\n{text}") is Status.PRESENT


@pytest.mark.parametrize(
    "text",
    [
        "His mother has a diabetic foot ulcer.",
        "Mother with a history of diabetic foot ulcer.",
        "Reports that her father has a diabetic foot ulcer.",
    ],
)
def test_a_relatives_disease_stays_the_relatives(shelf: Bookshelf, text: str) -> None:
    assert verdict(shelf, "E11.621", f"HPI\n\n{text}") is Status.FAMILY
