"""Words and stems for the check's reader: light suffix stripping so that "diabetic" and "diabetes" meet."""

import re
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?(?:\.\d+)?%?")
_SUFFIXES = (
    "iveness", "eal", "ications", "ication", "ically", "ations", "ation", "ities", "ical", "ious", "ions", "ance",
    "ion", "ive", "ity", "ies", "ism", "ial", "ics", "ias", "iac", "ia", "ic", "al", "ous", "ly", "es", "ed", "ing", "is",
    "us", "um", "ae", "as", "y", "e", "s", "a",
)  # fmt: skip
_SHORTEST = 4
_SAME = {
    "renal": "kidney", "nephric": "kidney", "calculi": "calculus", "stone": "calculus", "stones": "calculus",
    "cardiac": "heart", "htn": "hypertension", "dm": "diabetes", "copd": "copd", "cerebral": "brain",
    "hepatic": "liver", "pulmonary": "lung", "gastric": "stomach", "cutaneous": "skin", "ocular": "eye",
    "broken": "fracture", "broke": "fracture", "tumor": "neoplasm", "cancer": "neoplasm", "carcinoma": "neoplasm",
    "malignancy": "neoplasm", "hypertensive": "hypertension", "feet": "foot", "teeth": "tooth",
    "anxious": "anxiety", "depressive": "depression", "sore": "pain", "ache": "pain", "aches": "pain",
    "painful": "pain", "soreness": "pain", "aching": "pain", "elevated": "high", "increased": "high",
    "raised": "high", "decreased": "low", "reduced": "low", "swelling": "edema", "swollen": "edema",
    "xr": "xray", "radiograph": "xray", "radiographs": "xray", "immunization": "vaccine",
    "vaccination": "vaccine", "vaccinated": "vaccine", "immunized": "vaccine", "shot": "vaccine",
    "electrocardiogram": "ecg", "ekg": "ecg", "femoral": "femur", "tibial": "tibia", "humeral": "humerus",
    "fibular": "fibula", "radial": "radius", "ulnar": "ulna", "lumbosacral": "lumbar", "low back": "back",
    "glycemic": "glucose", "hba1c": "a1c", "urinary": "urine", "asthmatic": "asthma", "tore": "tear",
    "torn": "tear", "sprained": "sprain", "bit": "bite", "bitten": "bite", "splenic": "spleen", "mandibular": "mandible",
    "obstruction": "occlusion", "obstructed": "occlusion", "occluded": "occlusion", "insufficiency": "regurgitation",
    "ovarian": "ovary", "ovaries": "ovary", "uterine": "uterus", "pancreatic": "pancreas", "clavicular": "clavicle", "patellar": "patella", "scapular": "scapula", "tonsillar": "tonsil",
    "forgetful": "memory",
    "forgetfulness": "memory", "strain": "sprain", "strained": "sprain", "gerd": "reflux",
    "tick": "insect", "mosquito": "insect", "bee": "insect", "wasp": "insect", "spider": "insect", "bug": "insect",
}  # fmt: skip


class Token(NamedTuple):
    """A word of a text: its stem and where it stands."""

    stem: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of a lower-case word; words that mean the same to a coder share one."""
    word = word.removesuffix("'s")
    word = _SAME.get(word, word)
    if word.isdigit() or len(word) <= _SHORTEST:
        return (
            word[:-1] if len(word) == _SHORTEST and word.endswith("s") and not word.endswith("ss") else word
        )
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST - 1 and not word.endswith("ss"):
            return word[: -len(suffix)]
    return word


def tokens(lower: str) -> tuple[Token, ...]:
    """Split a lower-case text into its words."""
    return tuple(Token(stem(m.group()), m.start(), m.end()) for m in _WORD.finditer(lower))
