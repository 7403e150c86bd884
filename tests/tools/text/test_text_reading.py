"""What mentions carry: events, doses, sides, trends, causes, headers, links; each with its near miss."""

from collections.abc import Callable

import pytest

from knowledge.vocabulary import Vocabulary
from tools.text import Mention, ReadNote, read

Reader = Callable[[str], ReadNote]


@pytest.fixture
def reading(words: Vocabulary) -> Reader:
    return lambda text: read(text, words)


def one(note: ReadNote, concept: str, kind: str | None = None) -> Mention:
    found = [m for m in note.mentions if m.concept == concept and kind in {None, m.kind}]
    assert found, [m.concept for m in note.mentions]
    return found[0]


EVENTS = [
    ("PLAN\nWe will order a TSH.", "thyroid stimulating hormone", "ordered", "planned", False),
    ("PLAN\nTSH.", "thyroid stimulating hormone", "ordered", "planned", False),
    ("PLAN\nRepeat A1c in 3 months.", "hemoglobin a1c", "planned", "planned", False),
    ("PLAN\nIf pain persists, we will obtain an MRI.", "mri", "considered", "conditional", False),
    ("PLAN\nConsider an MRI.", "mri", "considered", "conditional", False),
    ("PLAN\nShe declined an MRI.", "mri", "refused", "absent", False),
    ("PLAN\nThere is no need for an MRI.", "mri", None, "absent", False),
    ("RESULTS\nX-rays of the right knee were obtained today.", "x-ray", "done", "present", True),
    ("RESULTS\nX-rays, 3 views, taken in the office, show a fracture.", "x-ray", "done", "present", True),
    ("RESULTS\nEKG from the emergency room was normal.", "electrocardiogram", "reviewed", "present", False),
    ("RESULTS\nMRI completed on 06/03/2021 shows a tear.", "mri", "reviewed", "present", False),
    ("RESULTS\nCreatinine 0.7.", "creatinine", "reviewed", "present", False),
    ("ECG performed in the office today shows sinus rhythm.", "electrocardiogram", "done", "present", True),
    ("Troponin was sent out.", "troponin", "ordered", "planned", False),
    (
        "PLAN\nA1c is ordered to be completed by the next visit.",
        "hemoglobin a1c",
        "ordered",
        "planned",
        False,
    ),
    ("PROCEDURE\nLaceration repair of the left hand.", "laceration repair", "done", "present", False),
    ("HPI\nShe is scheduled for knee replacement.", "knee replacement", "planned", "planned", False),
    ("PLAN\nFlu vaccine given today.", "influenza vaccine", "done", "present", True),
    ("PLAN\nShe refuses the flu vaccine.", "influenza vaccine", "refused", "absent", False),
]


@pytest.mark.parametrize(("text", "concept", "event", "assertion", "here"), EVENTS)
def test_events(
    text: str, concept: str, event: str | None, assertion: str, here: bool, reading: Reader
) -> None:
    mention = one(reading(text), concept)
    assert (mention.event, mention.assertion, mention.here) == (event, assertion, here)


RESULTS = [
    ("RESULTS\nHemoglobin A1c is elevated at 8.2%.", "hemoglobin a1c", "8.2", "%", "elevated"),
    ("RESULTS\nCreatinine: 0.9 mg/dL", "creatinine", "0.9", "mg/dL", None),
    ("RESULTS\nRapid strep test negative.", "streptococcus antigen", None, None, "negative"),
    ("RESULTS\nX-ray of the knee, 2 views, obtained today.", "x-ray", "2", "views", None),
    ("RESULTS\nCBC, TSH, and creatinine were normal.", "complete blood count", None, None, "normal"),
    ("PLAN\nRepeat A1c in 3 months.", "hemoglobin a1c", None, None, None),
]


@pytest.mark.parametrize(("text", "concept", "value", "unit", "result"), RESULTS)
def test_results(
    text: str, concept: str, value: str | None, unit: str | None, result: str | None, reading: Reader
) -> None:
    mention = one(reading(text), concept)
    assert (mention.value, mention.unit, mention.result) == (value, unit, result)


DRUGS = [
    ("PLAN\nContinue lisinopril 20 mg once daily.", "lisinopril", "continued", "20 mg", "present"),
    ("PLAN\nStart tramadol 50 mg every 6 hours as needed for pain.", "tramadol", "new", "50 mg", "present"),
    ("PLAN\nIncrease metformin to 1000 mg twice daily.", "metformin", "changed", "1000 mg", "present"),
    ("PLAN\nStop aspirin.", "aspirin", "stopped", None, "present"),
    ("PLAN\nLisinopril was refilled today.", "lisinopril", "refilled", None, "present"),
    ("PLAN\nAricept 5 mg at bedtime was started.", "donepezil", "new", "5 mg", "present"),
    ("HPI\nWe changed her furosemide to torsemide 20 mg.", "torsemide", "new", "20 mg", "present"),
    ("HPI\nWe changed her furosemide to torsemide 20 mg.", "furosemide", "stopped", None, "present"),
    ("PLAN\nConsider prednisone.", "prednisone", None, None, "conditional"),
    ("HPI\nLisinopril was started in 2021.", "lisinopril", "continued", None, "present"),
    ("HPI\nShe started metformin three years ago.", "metformin", "continued", None, "present"),
    ("PLAN\nLisinopril was started in the office.", "lisinopril", "new", None, "present"),
    ("PLAN\nAspirin stays off.", "aspirin", "stopped", None, "present"),
    ("HPI\nShe is not taking metformin.", "metformin", None, None, "absent"),
    ("HPI\nShe takes metformin.", "metformin", None, None, "present"),
]


@pytest.mark.parametrize(("text", "concept", "action", "dose", "assertion"), DRUGS)
def test_medications(
    text: str, concept: str, action: str | None, dose: str | None, assertion: str, reading: Reader
) -> None:
    mention = one(reading(text), concept, "medication")
    assert (mention.action, mention.dose, mention.assertion) == (action, dose, assertion)


def test_frequency_route_and_as_needed(reading: Reader) -> None:
    note = reading("PLAN\nTramadol 50 mg by mouth every 6 hours as needed for pain. Aspirin 81 mg daily.")
    tramadol, aspirin = one(note, "tramadol"), one(note, "aspirin")
    assert (tramadol.route, tramadol.frequency, tramadol.prn) == ("oral", "every 6 hours", True)
    assert (aspirin.frequency, aspirin.prn) == ("daily", False)


def test_a_word_of_two_tables_is_settled_by_context(reading: Reader) -> None:
    note = reading("RESULTS\nTestosterone 350 ng/dL.\nPLAN\nContinue testosterone 140 mg weekly.")
    assert [m.kind for m in note.mentions if m.concept == "testosterone"] == ["test", "medication"]


SIDES = [
    ("Right knee pain.", "knee pain", "right", None),
    ("Pain in the left wrist.", "pain in left wrist", "left", "wrist"),
    ("Fracture of the right radius.", "fracture of right radius", "right", "radius"),
    ("Knee pain, left.", "knee pain", "left", None),
    ("Swelling of the knees bilaterally.", "swelling of knee", "bilateral", "knee"),
    ("Rash on the right hand.", "rash on right hand", "right", "hand"),
    ("Chest pain. Right now she is well.", "chest pain", None, None),
]


@pytest.mark.parametrize(("text", "concept", "side", "site"), SIDES)
def test_sides_and_sites(
    text: str, concept: str, side: str | None, site: str | None, reading: Reader
) -> None:
    mention = one(reading(text), concept)
    assert (mention.laterality, mention.site) == (side, site)


def test_a_coordinated_body_part_has_its_own_problem(reading: Reader) -> None:
    note = reading("Left wrist and hand pain.")
    assert [m.concept for m in note.mentions] == ["pain in left wrist", "pain in left hand"]


def test_the_part_under_examination_is_carried(reading: Reader) -> None:
    note = reading("EXAM\nExamination of the right elbow: Full motion. Edema.\nAbdomen: Edema.")
    first, second = (m for m in note.mentions if m.text == "Edema")
    assert (first.concept, first.laterality) == ("edema of right elbow", "right")
    assert second.laterality is None


MODIFIERS = [
    ("Hypertension, well controlled.", "trend", "controlled"),
    ("Hypertension is not at goal.", "trend", "uncontrolled"),
    ("Hypertension.", "trend", None),
    ("Chronic hypertension.", "acuity", "chronic"),
    ("Severe hypertension.", "severity", "severe"),
    ("Hypertension due to obesity.", "cause", "obesity"),
    ("If hypertension is not controlled, call.", "trend", None),
]


@pytest.mark.parametrize(("text", "attribute", "expected"), MODIFIERS)
def test_modifiers(text: str, attribute: str, expected: str | None, reading: Reader) -> None:
    assert getattr(one(reading(text), "hypertension"), attribute) == expected


def test_an_injury_names_its_mechanism(reading: Reader) -> None:
    note = reading("Fracture of the right wrist after a fall.")
    injury = one(note, "fracture of right wrist")
    assert injury.cause == "a fall" or injury.cause == "after a fall"
    assert [note.mentions[i].concept for i in injury.links] == ["fall"]


NOTE = """ASSESSMENT AND PLAN

The patient is a 60-year-old with hypertension.

Hypertension.
- Medical Reasoning: This is well controlled.
- Medical Treatment: Continue lisinopril.

2. Diabetes: A1c was 8. Increase metformin to 1000 mg.

Preoperative visit.
Order an ECG.

Patient Agreements: The patient agrees to aspirin."""


def test_items_belong_to_their_problem(reading: Reader) -> None:
    note = reading(NOTE)
    headers = {
        m.text: note.mentions[m.problem_header].text if m.problem_header is not None else None
        for m in note.mentions
    }
    assert headers["lisinopril"] == headers["Hypertension"] == "Hypertension"
    assert headers["metformin"] == headers["A1c"] == "Diabetes"
    assert headers["ECG"] is None
    assert headers["aspirin"] is None
    assert headers["hypertension"] is None
    header = next(m for m in note.mentions if m.text == "Hypertension")
    assert header.trend == "controlled"
    assert one(note, "lisinopril").links == (note.mentions.index(header),)


def test_a_plan_follows_the_assessment(reading: Reader) -> None:
    assessment = "ASSESSMENT\n1. Left knee pain.\n2. Hypertension.\n\n"
    note = reading(assessment + "PLAN\nHer hypertension is stable. Continue lisinopril.")
    assert note.mentions[one(note, "lisinopril").problem_header or 0].concept == "hypertension"


def test_a_single_problem_owns_the_whole_plan(reading: Reader) -> None:
    note = reading("IMPRESSION\nGout.\n\nPLAN\nStart prednisone 20 mg.")
    assert one(note, "prednisone").problem_header == 0


TIMES = [
    ("HPI\n60-year-old with a history of hypertension.", "hypertension", "recent", True),
    ("HPI\nHistory of pneumonia.", "pneumonia", "historical", True),
    ("HPI\nHistory of stroke.", "stroke", "historical", True),
    ("PAST MEDICAL HISTORY\nHypertension", "hypertension", "recent", False),
    ("PAST MEDICAL HISTORY\nPneumonia", "pneumonia", "historical", False),
    ("HPI\nPrevious gout.", "gout", "historical", True),
    ("HPI\nShe has hypertension.", "hypertension", "recent", False),
]


@pytest.mark.parametrize(("text", "concept", "time", "cued"), TIMES)
def test_history(text: str, concept: str, time: str, cued: bool, reading: Reader) -> None:
    mention = one(reading(text), concept)
    assert mention.temporality == time
    assert any(cue.kind == "historical" for cue in mention.cues) is cued


def test_relatives(reading: Reader) -> None:
    note = reading(
        "FAMILY HISTORY\nMother: diabetes, hypertension.\nHPI\nHer son says that she has dementia."
    )
    diabetes, pressure, dementia = note.mentions
    assert (diabetes.kind, diabetes.experiencer, diabetes.relative) == ("family", "family", "mother")
    assert pressure.relative == "mother"
    assert (dementia.kind, dementia.experiencer) == ("problem", "patient")


SOCIAL = [
    ("SOCIAL HISTORY\nSmokes 1 pack per day.", "tobacco use", "current", "present"),
    ("SOCIAL HISTORY\nQuit smoking 5 years ago, 20 pack-years.", "tobacco use", "former", "present"),
    ("SOCIAL HISTORY\nNever smoker.", "tobacco use", "never", "absent"),
    ("SOCIAL HISTORY\nDenies alcohol.", "alcohol use", None, "absent"),
    ("SOCIAL HISTORY\nOccasional alcohol.", "alcohol use", "current", "present"),
]


@pytest.mark.parametrize(("text", "concept", "use", "assertion"), SOCIAL)
def test_substances(text: str, concept: str, use: str | None, assertion: str, reading: Reader) -> None:
    mention = one(reading(text), concept)
    assert (mention.use, mention.assertion) == (use, assertion)


def test_pack_years(reading: Reader) -> None:
    mention = one(reading("SOCIAL HISTORY\nFormer smoker, 20 pack-years."), "former smoker")
    assert (mention.use, mention.kind) == ("former", "status")


def test_plain_drinking_is_no_substance_use(reading: Reader) -> None:
    assert reading("PLAN\nDrink plenty of water.").mentions == ()


def test_allergies(reading: Reader) -> None:
    note = reading(
        "ALLERGIES\nPenicillin.\nHPI\nShe is allergic to aspirin. NKDA otherwise. Takes metformin."
    )
    kinds = {m.concept: (m.kind, m.assertion) for m in note.mentions}
    assert kinds["penicillin"] == ("allergy", "present")
    assert kinds["aspirin"] == ("allergy", "present")
    assert kinds["drug allergies"] == ("allergy", "absent")
    assert kinds["metformin"] == ("medication", "present")


VITALS = [
    ("VITALS\nBP 128/72 mmHg", "blood pressure", "128/72", "mmHg"),
    ("Blood pressure today was 180/95.", "blood pressure", "180/95", None),
    ("VITALS\nTemperature: 98.7 degrees F", "temperature", "98.7", "degrees F"),
    ("VITALS\nOxygen Saturation: 96%", "oxygen saturation", "96", "%"),
    ("VITALS\nBMI 31.2", "body mass index", "31.2", None),
]


@pytest.mark.parametrize(("text", "concept", "value", "unit"), VITALS)
def test_vitals(text: str, concept: str, value: str, unit: str | None, reading: Reader) -> None:
    mention = one(reading(text), concept, "vital")
    assert (mention.value, mention.unit) == (value, unit)


def test_blood_pressure_without_a_number_is_no_vital(reading: Reader) -> None:
    assert reading("Her blood pressure is elevated.").mentions == ()


MINUTES = [
    ("I spent 12 minutes on smoking cessation counseling.", 12, "tobacco cessation counseling"),
    ("Total time spent on the date of the encounter: 45 minutes.", 45, "total time"),
    ("Ice the elbow for 20 minutes.", None, None),
    ("He walked for 30 minutes with this visit in mind.", None, None),
]


def test_two_times_of_a_sentence_are_each_of_what_is_said_behind_them(reading: Reader) -> None:
    text = "I spent 43 minutes in total today, 8 minutes of it on smoking cessation counseling."
    spent = [(m.minutes, m.purpose) for m in reading(text).mentions if m.minutes]
    assert spent == [(43, "total time"), (8, "tobacco cessation counseling")]


@pytest.mark.parametrize(("text", "minutes", "purpose"), MINUTES)
def test_time_spent(text: str, minutes: int | None, purpose: str | None, reading: Reader) -> None:
    spent = [m for m in reading(text).mentions if m.minutes]
    assert [(m.minutes, m.purpose) for m in spent] == ([(minutes, purpose)] if minutes else [])


def test_dates(reading: Reader) -> None:
    note = reading(
        "Seen on 06/24/2021, 2026-07-01, March 3, 2024 and in 03/2021; pain for 3 weeks, 4/5 strength."
    )
    dates = [m.value for m in note.mentions if m.concept == "date"]
    assert dates == ["2021-06-24", "2026-07-01", "2024-03-03", "2021-03"]
    assert [m.value for m in note.mentions if m.concept == "duration"] == ["for 3 weeks"]


def test_abbreviations_need_capitals(reading: Reader) -> None:
    assert one(reading("He has ED."), "ed").kind == "problem"
    assert reading("He was ed ucated.").mentions == ()
    assert reading("He went to the ED. ED follow-up is due.").mentions == ()


def test_devices(reading: Reader) -> None:
    assert one(reading("She walks with a cane."), "cane").kind == "device"


def test_records_are_compact(reading: Reader) -> None:
    (mention,) = reading("Fever.").mentions
    assert set(mention.model_dump(exclude_defaults=True)) == {
        "text",
        "start",
        "end",
        "kind",
        "concept",
        "assertion",
        "temporality",
        "experiencer",
        "section",
        "section_kind",
        "sentence",
    }


PLAIN_NOTE = """She is seen for hypertension and cough. BP 128/76. ECG done in the office today was normal.
# Hypertension
- increase lisinopril 10 -> 20 mg
# Gout
- start prednisone 20 mg"""


def test_a_note_without_headings_is_divided_by_content(reading: Reader) -> None:
    note = reading(PLAIN_NOTE)
    assert [s.kind for s in note.sections] == ["other", "vitals", "other", "assessment_plan"]
    assert one(note, "electrocardiogram").event == "done"
    lisinopril, prednisone = one(note, "lisinopril"), one(note, "prednisone")
    assert (lisinopril.dose, lisinopril.action) == ("20 mg", "changed")
    assert note.mentions[lisinopril.problem_header or 0].concept == "hypertension"
    assert note.mentions[prednisone.problem_header or 0].concept == "gout"


def test_a_note_that_says_nothing_of_its_parts_stays_whole(reading: Reader) -> None:
    assert [s.kind for s in reading("She has gout.").sections] == ["other"]


GIVEN = [
    ("PROCEDURE\n40 mg of triamcinolone was injected into the right knee.", "done"),
    ("HPI\nShe was given prednisone in the emergency room.", None),
    ("PLAN\nStart prednisone 20 mg.", None),
]


@pytest.mark.parametrize(("text", "event"), GIVEN)
def test_drugs_given_here(text: str, event: str | None, reading: Reader) -> None:
    (drug,) = (m for m in reading(text).mentions if m.kind == "medication")
    assert drug.event == event


def test_a_cue_inside_a_mention_is_not_about_it(reading: Reader) -> None:
    assert one(reading("PLAN\nShe received the flu vaccine today."), "influenza vaccine").event == "done"


BARE = [
    ("EXAM\nR knee: fx suspected.", "fracture of right knee"),
    ("EXAM\nThe arm is normal. Sore.", None),
]


@pytest.mark.parametrize(("text", "concept"), BARE)
def test_a_bare_head_needs_a_site(text: str, concept: str | None, reading: Reader) -> None:
    assert [m.concept for m in reading(text).mentions] == ([concept] if concept else [])
