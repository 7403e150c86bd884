"""Vital signs in the columns of a table: the name in the head, the number in the row below."""

import pytest

from knowledge.vocabulary import Vocabulary
from tools.text import read

BARS = "VITALS:\n| BP     | Pulse | BMI  |\n|--------|-------|------|\n| 168/98 | 88    | 36.4 |\n"
GAPS = "VITALS:\nBP       Pulse   BMI\n168/98   88      36.4\n"
MISSING = "VITALS:\n| BP     | BMI  |\n| 168/98 |\n"
WORDS = "VITALS:\n| BP     | BMI  |\n| refused | pending |\n"


def values(text: str, words: Vocabulary) -> dict[str, str | None]:
    return {m.concept: m.value for m in read(text, words).mentions if m.kind == "vital"}


@pytest.mark.parametrize("table", [BARS, GAPS])
def test_each_number_belongs_to_the_name_above_it(table: str, words: Vocabulary) -> None:
    found = values(table, words)
    assert (found["blood pressure"], found["body mass index"]) == ("168/98", "36.4")


@pytest.mark.parametrize("table", [MISSING, WORDS])
def test_a_row_that_does_not_fit_its_head_gives_nothing(table: str, words: Vocabulary) -> None:
    assert values(table, words) == {}


def test_names_in_a_sentence_take_nothing_from_the_line_below(words: Vocabulary) -> None:
    assert values("PLAN\nRecheck BP and BMI.\n12 weeks from now.", words) == {}
