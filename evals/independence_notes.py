"""Short notes of our own, each with conditions that are not the patient's, not now, or not for sure."""

from dataclasses import dataclass
from typing import Final

_FORM: Final = """CHIEF COMPLAINT
{complaint}

HISTORY OF PRESENT ILLNESS
{story}

PAST MEDICAL HISTORY
{past}

FAMILY HISTORY
{family}

ASSESSMENT AND PLAN
1. {assessment}

Electronically signed by Ana Rowan, MD
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A note and whom it is about."""

    text: str
    age: int
    sex: str


def _note(
    complaint: str, story: str, past: str, family: str, assessment: str, age: int = 58, sex: str = "female"
) -> Note:
    text = _FORM.format(complaint=complaint, story=story, past=past, family=family, assessment=assessment)
    return Note(text=text, age=age, sex=sex)


NOTES: Final = (
    _note(
        "Cough for five days.",
        "Dry cough. She denies fever, hemoptysis and dyspnea. No asthma.",
        "Pneumonia in 2019. Appendicitis as a child.",
        "Mother had breast cancer. Father has COPD.",
        "Acute bronchitis. Pneumonia is unlikely. Rest and fluids; return if worse.",
    ),
    _note(
        "Low back pain.",
        "Lumbar pain after gardening. Denies numbness, weakness, urinary incontinence. No sciatica.",
        "History of kidney stones. Peptic ulcer in 2012, healed.",
        "Brother with ankylosing spondylitis. Mother has osteoporosis.",
        "Low back pain. No radiculopathy. Heat, ibuprofen as needed.",
        44,
        "male",
    ),
    _note(
        "Follow-up of blood pressure.",
        "Takes lisinopril daily. Denies headache, chest pain, palpitations and syncope. No diabetes.",
        "Deep vein thrombosis in 2008 after a flight.",
        "Father had a stroke at 70. Sister has type 2 diabetes.",
        "Essential hypertension, at goal. Continue lisinopril 10 mg daily.",
        63,
        "male",
    ),
    _note(
        "Burning when urinating.",
        "Dysuria and frequency for two days. No flank pain, no fever, no hematuria, no vaginal discharge.",
        "Pyelonephritis in 2015.",
        "Mother had bladder cancer. Aunt with polycystic kidney disease.",
        "Acute cystitis without hematuria. Nitrofurantoin 100 mg twice daily for five days.",
        31,
    ),
    _note(
        "Tired for a month.",
        "Fatigue. Denies depression, anxiety, insomnia, weight loss. No snoring.",
        "Iron deficiency anemia during pregnancy in 2005, resolved.",
        "Mother has hypothyroidism. Sister has lupus. Father had colon cancer.",
        "Fatigue, cause not known. Possible hypothyroidism; TSH ordered at the hospital laboratory.",
        49,
    ),
    _note(
        "Heartburn.",
        "Heartburn after meals. No dysphagia, no vomiting, no melena. Denies abdominal pain.",
        "Hepatitis A as a teenager. Gallstones, gallbladder removed in 2010.",
        "Father had esophageal cancer. Mother has gout.",
        "Gastro-esophageal reflux disease. Omeprazole 20 mg daily.",
        52,
        "male",
    ),
    _note(
        "Rash on both hands.",
        "Itching rash since a new soap. No psoriasis, no fever, no joint pain.",
        "Shingles in 2018. Scabies in 2001.",
        "Sister has psoriasis. Father has atrial fibrillation.",
        "Irritant contact dermatitis of the hands. Not cellulitis. Hydrocortisone cream.",
        37,
    ),
    _note(
        "Headache.",
        "Throbbing headache with light sensitivity twice a month. Denies seizures, vertigo and double vision.",
        "Concussion in 1999. Meningitis in childhood.",
        "Mother had migraine. Brother has epilepsy. Grandfather had Parkinson disease.",
        "Migraine without aura. Sumatriptan 50 mg as needed. No sign of stroke.",
        29,
    ),
)
