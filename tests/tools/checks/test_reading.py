"""The check's own reader: what is said of whom, when, and how surely."""

import json
from pathlib import Path

import pytest

from tools.checks.reading import Status, read, stems_of

HISTORY = "FAMILY HISTORY\nStroke in both parents.\n\nASSESSMENT\nMigraine.\n"


@pytest.mark.parametrize(
    ("text", "term", "status"),
    [
        ("She has asthma.", "asthma", Status.PRESENT),
        ("She denies chest pain, cough, or asthma.", "asthma", Status.NEGATED),
        ("No fever but has asthma.", "asthma", Status.PRESENT),
        ("Pneumonia was ruled out.", "pneumonia", Status.NEGATED),
        ("Complications: None. Asthma stable.", "asthma", Status.PRESENT),
        ("Asthma is not well controlled.", "asthma", Status.PRESENT),
        ("Her mother has asthma.", "asthma", Status.FAMILY),
        ("Mother is healthy; she has asthma.", "asthma", Status.PRESENT),
        ("Possible pneumonia.", "pneumonia", Status.UNCERTAIN),
        ("Referred for dementia evaluation.", "dementia", Status.UNCERTAIN),
        ("Return if pneumonia develops.", "pneumonia", Status.HYPOTHETICAL),
        ("Influenza vaccine given.", "influenza", Status.HYPOTHETICAL),
        ("History of pneumonia.", "pneumonia", Status.HISTORICAL),
        ("Pneumonia three years ago.", "pneumonia", Status.HISTORICAL),
        ("She has a cat.", "asthma", Status.ABSENT),
    ],
)
def test_how_a_term_is_said(text: str, term: str, status: Status) -> None:
    assert read({"n": text}).says(term) is status


def test_the_best_status_counts() -> None:
    assert read({"n": "Possible asthma last year. Asthma confirmed today."}).says("asthma") is Status.PRESENT


def test_family_history_ends_with_the_next_heading() -> None:
    reading = read({"n": HISTORY})
    assert reading.says("stroke") is Status.FAMILY
    assert reading.says("migraine") is Status.PRESENT


def test_a_heading_told_on_its_own_line_ends_with_it() -> None:
    reading = read({"n": "Family history: stroke in father.\nShe has migraine.\n"})
    assert (reading.says("stroke"), reading.says("migraine")) == (Status.FAMILY, Status.PRESENT)


def test_a_wrapped_line_keeps_its_denial() -> None:
    assert read({"n": "She denies head trauma,\nstroke and dizziness."}).says("stroke") is Status.NEGATED


def test_words_of_a_term_stand_together() -> None:
    assert read({"n": "Heart regular. No failure of the pump."}).says("heart failure") is Status.ABSENT


def test_places_point_into_the_untouched_text() -> None:
    text = "\u0130rem has \u0130 asthma, mild."
    (place,) = read({"n": text}).find(stems_of("asthma"))
    assert text[place.start : place.end] == "asthma"


@pytest.mark.shared
def test_negation_on_sentences_of_others(shared: Path) -> None:
    text = (shared / "evals_dev/negation_sentences.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    right = wrong = missed = 0
    for row in rows:
        start = row["sentence"].lower().find(row["concept"].lower())
        if start < 0:
            continue
        found = read({"n": row["sentence"]}).status_at("n", start, start + len(row["concept"]))
        denied, told = row["negation"] == "Negated", found is Status.NEGATED
        right += denied and told
        wrong += told and not denied
        missed += denied and not told
    assert right / (right + wrong) > 0.93
    assert right / (right + missed) > 0.93
