"""Sections by any heading style, sentences, list items; offsets are exact whatever the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.vocabulary import Vocabulary
from tests.tools.text.small import SMALL
from tools.text import ReadNote, read
from tools.text.sections import find_sections

_PIECES = """no;denies;history of;pain in the;right;knee;fracture;fever;diabetes;:;,;.;-;1.;#;if;mother had;
mg;50;start;x-ray;ordered;today;\U0001f48a;\x00;\u2028;ASSESSMENT;PLAN:;HPI;FAMILY HISTORY:;resolved;
due to;left;(;);is;120/80;BP;15;minutes;spent;03/04/2021;severe;chronic;stable;smoker"""
PIECES = (";", *_PIECES.split(";"))


def kinds(text: str) -> list[str]:
    return [section.kind for section in find_sections(text)]


HEADINGS = [
    ("ASSESSMENT AND PLAN\n1. Gout.", ["assessment_plan"]),
    ("Assessment: gout", ["assessment"]),
    ("A/P: gout", ["assessment_plan"]),
    ("**Plan**\nrest", ["plan"]),
    ("## HPI\nCough for a week.", ["hpi"]),
    ("HPI - Cough for a week.", ["hpi"]),
    ("1. Chief Complaint: cough", ["chief_complaint"]),
    ("PHYSICAL EXAMINATION:\nVitals: BP 120/80", ["exam", "vitals"]),
    ("Looks well. Vitals: BP 120/80", ["other", "vitals"]),
    ("S: cough\nO: clear\nA: bronchitis\nP: rest", ["hpi", "exam", "assessment", "plan"]),
    ("S: cough for days. O: lungs clear. A: bronchitis. P: rest.", ["hpi", "exam", "assessment", "plan"]),
    ("P: 80", ["other"]),
    ("She has had a cough for a week.", ["other"]),
    ("PAST HISTORY\n\nMedical\nPCOS.\n\nSurgical\nCholecystectomy.", ["pmh", "pmh", "psh"]),
    ("WORK STATUS\nLight duty.", ["other"]),
    ("PMH\nGERD\nCOPD", ["pmh"]),
    ("A/P\n1. Gout\nPlan: colchicine\n2. Cough\nPlan: rest", ["assessment_plan"]),
    ("Assessment:\n1. Gout\nPlan:\nColchicine", ["assessment", "plan"]),
]


@pytest.mark.parametrize(("text", "expected"), HEADINGS)
def test_headings(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


SENTENCES = [
    ("He saw Dr. Smith. He is well.", ["He saw Dr. Smith.", "He is well."]),
    ("Take 5 mg b.i.d. with food. Rest.", ["Take 5 mg b.i.d. with food.", "Rest."]),
    ("Weight 72.5 kg. BMI 24.", ["Weight 72.5 kg.", "BMI 24."]),
    ("no fever. denies cough.", ["no fever.", "denies cough."]),
    ("- fever\n- cough", ["fever", "cough"]),
    ("1. Gout\n2. Cough", ["Gout", "Cough"]),
    (
        "This is a long line of prose that was wrapped by hand because the editor\nwraps at a width.",
        ["This is a long line of prose that was wrapped by hand because the editor\nwraps at a width."],
    ),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_sentences(text: str, expected: list[str], words: Vocabulary) -> None:
    note = read(text, words)
    assert [text[s.start : s.end] for s in note.sentences] == expected


def check(text: str, note: ReadNote) -> None:
    end = 0
    for section in note.sections:
        assert section.start == end
        assert section.start <= section.body <= section.end
        end = section.end
    assert end == len(text)
    for mention in note.mentions:
        assert text[mention.start : mention.end] == mention.text != ""
        sentence = note.sentences[mention.sentence]
        assert sentence.start <= mention.start < mention.end <= sentence.end
        assert all(0 <= link < len(note.mentions) for link in mention.links)
        assert mention.problem_header is None or mention.problem_header < len(note.mentions)
        for cue in mention.cues:
            assert text[cue.start : cue.end] == cue.text


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    check(text, read(text, SMALL))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join))
def test_any_order_of_clinical_words_is_read(text: str) -> None:
    check(text, read(text, SMALL))


@pytest.mark.parametrize(
    "piece", ["no pain ", "if fever, ", "a: ", "- \n", ". ", "(", "1", "knee and ", "mg 5 "]
)
def test_long_odd_text_is_read(piece: str, words: Vocabulary) -> None:
    text = (piece * 4000)[:20_000]
    check(text, read(text, words))


def test_offsets_count_code_points(words: Vocabulary) -> None:
    text = "\U0001f48a Ünïcode \x00 note\u2028She has fever."
    (mention,) = read(text, words).mentions
    assert (mention.text, text[mention.start : mention.end]) == ("fever", "fever")
