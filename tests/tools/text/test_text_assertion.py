"""Assertion, time and person by general cues: each cue fires, and its near miss does not."""

import pytest

from tools.text import assert_concept

ASSERTIONS = [
    ("She denies fever, chills, or cough.", "cough", "absent"),
    ("She denies fever, but has a cough.", "cough", "present"),
    ("No murmurs, rubs, or gallops.", "gallops", "absent"),
    ("No murmur, lungs are clear with wheezes on the left.", "wheezes", "present"),
    ("Positive for cough, negative for fever.", "cough", "present"),
    ("Positive for cough, negative for fever.", "fever", "absent"),
    ("There is no evidence of fracture.", "fracture", "absent"),
    ("There is evidence of fracture.", "fracture", "present"),
    ("There has been no change in her chest pain.", "chest pain", "present"),
    ("Not only nausea but also vomiting.", "nausea", "present"),
    ("Ibuprofen did not relieve the back pain.", "back pain", "present"),
    ("She walks without difficulty despite knee pain.", "knee pain", "present"),
    ("Pneumonia was ruled out.", "pneumonia", "absent"),
    ("Rule out pneumonia.", "pneumonia", "uncertain"),
    ("Pneumonia cannot be ruled out.", "pneumonia", "uncertain"),
    ("Influenza swab was negative.", "influenza", "absent"),
    ("Chest pain, resolved.", "chest pain", "absent"),
    ("Her chest pain has not resolved.", "chest pain", "present"),
    ("Allergies: none", "allergies", "absent"),
    ("Fever: no", "fever", "absent"),
    ("Neither fever nor cough.", "cough", "absent"),
    ("She does not deny chest pain.", "chest pain", "present"),
    ("Possible pneumonia.", "pneumonia", "uncertain"),
    ("Possible pneumonia, hypertension.", "hypertension", "present"),
    ("Left shoulder pain, most likely due to tendinopathy.", "tendinopathy", "uncertain"),
    ("Left shoulder pain, most likely due to tendinopathy.", "shoulder pain", "present"),
    ("Findings are consistent with gout.", "gout", "uncertain"),
    ("Viral syndrome versus influenza.", "influenza", "uncertain"),
    ("I am concerned about the possibility of meningitis.", "meningitis", "uncertain"),
    ("Not certain whether this is gout.", "gout", "uncertain"),
    ("Return if fever or worsening pain develops.", "fever", "hypothetical"),
    ("Watch for rash, fever, and chills.", "chills", "hypothetical"),
    ("Tramadol as needed for pain.", "pain", "hypothetical"),
    ("She is at high risk for stroke.", "stroke", "hypothetical"),
    ("She has had a stroke.", "stroke", "present"),
    ("Complications: None Diagnosis: diverticulosis", "diverticulosis", "present"),
    ("In no acute distress.", "acute distress", "absent"),
    ("Refer to neurology for dementia evaluation.", "dementia", "uncertain"),
    ("She comes for evaluation of back pain.", "back pain", "present"),
    ("Non-operative treatment with casting.", "casting", "present"),
    ("It doesn't help her back pain.", "back pain", "present"),
    ("Possible etiologies of her chest pain include reflux, anxiety, and gout.", "gout", "uncertain"),
    ("Possible etiologies of her chest pain include reflux, anxiety, and gout.", "chest pain", "present"),
    ("Her problems include reflux, anxiety, and gout.", "gout", "present"),
    ("It felt like a heart attack.", "heart attack", "uncertain"),
    ("", "fever", "present"),
    ("Fever.", "", "present"),
]


@pytest.mark.parametrize(("sentence", "concept", "expected"), ASSERTIONS)
def test_assertion(sentence: str, concept: str, expected: str) -> None:
    assert assert_concept(sentence, concept)[0] == expected


TIMES = [
    ("History of stroke.", "stroke", "historical"),
    ("Status post appendectomy in 2010.", "appendectomy", "historical"),
    ("She had pneumonia ten years ago.", "pneumonia", "historical"),
    ("PAST MEDICAL HISTORY: anxiety.", "anxiety", "historical"),
    ("Past medical history of gout, who presents with chest pain.", "chest pain", "recent"),
    ("3 day history of cough.", "cough", "recent"),
    ("A 60 year old male with cough.", "cough", "recent"),
    ("Admitted over the past week for chest pain.", "chest pain", "recent"),
]


@pytest.mark.parametrize(("sentence", "concept", "expected"), TIMES)
def test_temporality(sentence: str, concept: str, expected: str) -> None:
    assert assert_concept(sentence, concept)[1] == expected


PEOPLE = [
    ("Her mother had dementia.", "dementia", "family"),
    ("Family history of colon cancer.", "colon cancer", "family"),
    ("Breast cancer in her aunt.", "breast cancer", "family"),
    ("FAMILY HISTORY: hypertension.", "hypertension", "family"),
    ("Mother reports that he has fever.", "fever", "patient"),
    ("Her mother had dementia, but she has memory loss.", "memory loss", "patient"),
    ("The boy was brought by his mother with 4 days of cough.", "cough", "patient"),
    ("Asthma in his mother.", "asthma", "family"),
    ("She is married with children and is worried about diabetes.", "diabetes", "patient"),
    ("Her roommate has influenza.", "influenza", "other"),
]


@pytest.mark.parametrize(("sentence", "concept", "expected"), PEOPLE)
def test_experiencer(sentence: str, concept: str, expected: str) -> None:
    assert assert_concept(sentence, concept)[2] == expected


def test_the_marked_occurrence_is_judged() -> None:
    sentence = "No fever yesterday, but today there is FEVER."
    assert assert_concept(sentence, "fever")[0] == "present"
