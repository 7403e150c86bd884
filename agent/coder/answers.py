"""What answers the reason for the visit: the words of a complaint, and the diseases that body region and symptom belong to.

Guideline IV.G: the condition chiefly responsible for the services is listed first.
"""

import re
from collections.abc import Sequence

from agent.coder.case import Case
from agent.coder.diagnoses import Diagnosis

WORD = re.compile(r"[a-z]{3,}")
PLAIN = frozenset(
    [
        "right",
        "left",
        "bilateral",
        "pain",
        "follow",
        "followup",
        "visit",
        "annual",
        "with",
        "acute",
        "chronic",
        "the",
        "and",
        "for",
        "due",
        "his",
        "her",
        "new",
        "past",
        "years",
        "year",
        "days",
        "weeks",
        "unspecified",
        "other",
        "initial",
        "encounter",
        "history",
        "patient",
        "evaluation",
        "clinic",
        "today",
        "old",
        "male",
        "female",
        "pleasant",
        "which",
        "has",
        "had",
        "been",
        "disease",
        "disorder",
        "joint",
        "presents",
        "exam",
        "examination",
        "not",
        "without",
        "complications",
        "specified",
        "who",
        "this",
        "skin",
        "check",
        "that",
        "office",
        "upper",
        "lower",
    ]
)
OPENING = re.compile(
    r"\b(?:presents?|presented|presenting|here|seen|evaluated|comes?|referred)\b[^.]*?"
    r"\b(?:for(?: the| an?)?(?: evaluation| follow[- ]?up| management)?(?: of)?|with|complaining of|due to|regarding)\b\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
KIN: tuple[tuple[str, str], ...] = (
    (r"knee", r"menisc|cruciate|patell|gonarth"),
    (r"back|lumba", r"lumba|lumbo|dors|sciatic|spin"),
    (r"neck", r"cervic"),
    (r"shoulder", r"rotator|supraspin|glenoid|acromi|clavic"),
    (r"elbow", r"epicond|olecran"),
    (r"wrist|hand", r"carpal|radius|radial|metacarp|scaphoid"),
    (r"thumb|finger", r"phalan|finger|thumb"),
    (r"foot|toe|heel", r"plantar|metatars|tarso|calcan|hallux|gout"),
    (r"ankle", r"achill|malleol|talofib|calcaneofib"),
    (r"hip|groin", r"trochant|femor|femur"),
    (r"throat|swallow", r"pharyn|tonsil|strep|esophag|dysphag"),
    (r"ear\b|earache|hearing", r"otiti|tympan|cerumen|mastoid"),
    (r"nasal|nose|sinus|congest|facial pressure|stuff(?:y|ed)", r"sinus|rhinit|septum|turbinat|nasal polyp"),
    (r"eye|vision", r"conjunct|kerat|glauc|catarac|blephar"),
    (r"cough|breath|wheez|lung|dyspnea", r"bronch|pneumon|asthma|pulmon|lung|copd|heart fail"),
    (r"chest|palpit", r"cardi|angina|coronar|fibrillat|heart"),
    (r"headache|head\b", r"migrain|concuss|cephal"),
    (r"abdom|stomach|belly|nause|vomit|diarrh|heartburn", r"gastr|colitis|enter|append|chole|divertic|pancrea|reflux|esoph"),
    (r"urin|bladder|flank|hematur|dysur", r"cystit|kidney|ureter|calcul|pyelo|prostat|nephr"),
    (r"rash|skin|itch|bite", r"dermat|eczema|psoria|cellul|urtic|zoster|bite"),
    (r"mood|sad|worr|sleep|depress|anxi", r"depress|anxi|bipolar|insomn"),
    (r"sugar|glucose", r"diabet"),
    (r"weight|overweight|obes", r"obes|overweight"),
    (r"memory|forget|confus", r"alzheim|dement|cognit|amnes"),
    (r"dizz|vertigo|spinning", r"vertig|labyrinth|vestibul"),
    (r"faint|passed out|passing out|blackout", r"syncop"),
    (r"period|menstr|vaginal bleeding", r"menorr|menstr|uterine"),
    (r"rectal|stool|bowel", r"hemorrhoid|fissure|constip|colitis|irritable"),
    (r"tremor|shak", r"parkinson|essential tremor"),
    (r"snor|sleep|apnea", r"apnea"),
    (r"tired|fatigue", r"anemi|thyroid"),
    (r"blood pressure", r"hypertens"),
    (r"smok|cigar|tobacco", r"nicotin|tobacco"),
    (r"preop|preoperative|surgical clearance|clearance", r"preprocedur|preop"),
)  # fmt: skip


def reasons(case: Case) -> tuple[str, str]:
    """The words of the chief complaint and of the record's reasons, and what the opening sentence says the patient came for."""
    spoken = [str(m.text) for m in case.of("problem", "status") if m.section_kind == "chief_complaint"]
    return " ".join([*spoken, *case.encounter.get("reasons", ())]).lower(), opening(case).lower()


def opening(case: Case) -> str:
    """What follows "presents for/with" in the first two sentences of the history; empty when they say no such thing."""
    for document, spans in case.sentences.items():
        text = case.texts.get(document, "")
        own = [s for s in spans if case.sections[document][s[2]]["kind"] == "hpi"][:2]
        for start, end, *_ in own:
            found = OPENING.search(text[start:end])
            if found:
                return found.group(1)
    return ""


def answered(d: Diagnosis, said: Sequence[str]) -> int:
    """The place of the first of ``said`` that a diagnosis answers, by its words or by kinship; ``len(said)`` when none."""
    own = {str(m.text) for c in d.candidates for m in c.listed if m.sentence == c.seen.sentence}
    own |= {q for c in d.candidates for q in c.queries} | {d.display}
    names = " ".join(own).lower()
    words = set(WORD.findall(names)) - PLAIN
    for place, text in enumerate(said):
        asked = set(WORD.findall(text)) - PLAIN
        kin = any(re.search(a, text) and re.search(b, names) for a, b in KIN)
        if words & asked or kin:
            return place
    return len(said)
