"""The words in which a documented condition is looked up: its cause, its past, its side, its fuller name elsewhere."""

import re
from collections.abc import Iterator

from agent.coder.case import Case, Seen
from agent.coder.titles import DUE_TO

PAST = re.compile(r"\b(?:history of|status post|s/p|post)\b", re.IGNORECASE)
CIGARETTES = re.compile(r"\b(?:cigarettes?|packs?|smok\w*)\b", re.IGNORECASE)
TOBACCO = re.compile(r"tobacco|smok|nicotine", re.IGNORECASE)
SIDE = re.compile(r"\b(?:left|right|bilateral)\b", re.IGNORECASE)
SYMPTOM = re.compile(
    r"\b(?:pain|ache|swelling|numbness|weakness|stiffness|cough|dyspnea|edema)\b", re.IGNORECASE
)
TREATED = re.compile(
    r"gout|diabet|hypertens|asthma|copd|epilep|seizure disorder|hypothyr|hyperthyr|heart failure|fibrillation|depress|anxiety|"
    r"bipolar|reflux|gerd|migraine|lipid|cholesterol|arthritis|lupus|psoria|crohn|colitis|parkinson|glaucoma|osteoporosis|"
    r"\bhiv\b|kidney disease|adhd|schizo",
    re.IGNORECASE,
)
"""Chronic diseases that are current as long as they are treated (IV.I); a cancer, clot or stroke under follow-up is not."""
STONE = re.compile(r"\b(?:kidney|renal) (?:stone|calcul)|nephrolithiasis|urolithiasis", re.IGNORECASE)
IN_URETER = re.compile(
    r"\b(?:stone|calcul\w+)\b(?:[^.;\n]|\.(?=\d)){0,70}?\b(?:in|within|at|of) (?:the |his |her )?(?:(?:right|left|proximal|mid|middle|distal|upper|lower)[ -]+)*"
    r"(?:ureter\b|ureterovesical|uvj\b)",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:no|not|without|denies|history of|prior|previous)\b[^.;\n]*$", re.IGNORECASE)
CANCER = re.compile(r"cancer|carcinoma|malignan|sarcoma", re.IGNORECASE)
ORGANS = (
    (r"ovar", r"ovarian|adnexal"),
    (r"breast", r"breast"),
    (r"\blung|bronch|pulmon", r"lung|pulmonary"),
    (r"kidney|renal", r"kidney|renal"),
    (r"testic", r"testicular"),
)
"""Paired organs: what a cancer is named after, and what its mass is called in a report."""
REGION = re.compile(
    r"\b(?:hip|knee|shoulder|ankle|wrist|elbow|hand|foot|thumb|finger|toe|lumbar|cervical)\b", re.IGNORECASE
)
PLACELESS = re.compile(
    r"(?:(?:primary|secondary|post-?traumatic|severe|moderate|mild|acute|chronic|early|advanced|end[- ]stage|degenerative)[ ,]+)*"
    r"(?:osteoarthritis|arthritis|degenerative joint disease|bursitis|tendinitis|tendonitis|sprain|strain|contusion)",
    re.IGNORECASE,
)
"""A disease of joint or tendon named without its place: the place is that of the pain it causes."""


WRONGLY = re.compile(r"\boverdos|\bpoison|\bunder-?dos", re.IGNORECASE)
"""How a drug was taken is no cause to be coded in place of what it does (I.C.19.e.5)."""
PAIN_OF = re.compile(
    r"\b(?:acute|chronic|neoplasm[- ]related|cancer(?:[- ]related)?) pain (?:due to|secondary to|from) (?:\w+ )?(?:trauma|injury|surgery|operation|"
    r"cancer|neoplasm|metasta\w+|malignan\w+)|\b(?:neoplasm|cancer|tumou?r)[- ](?:related )?pain\b",
    re.IGNORECASE,
)
"""Pain that has a code of its own by what causes it (I.C.6.b.1, I.C.6.b.5)."""


def cause_of(seen: Seen, title: str) -> str:
    """A symptom whose cause the title states ("knee pain due to osteoarthritis"): the cause, with the side (I.B.5)."""
    parts = DUE_TO.split(title, maxsplit=1)
    if len(parts) < 2 or PAIN_OF.search(title) or WRONGLY.search(parts[1]):
        return ""
    itself = str(seen.text).lower() in parts[1].lower()
    if (
        not itself
        and seen.vocabulary_kind not in {"symptom", "finding", None}
        and not SYMPTOM.search(parts[0])
    ):
        return ""
    found = SIDE.search(title)
    side = str(seen.laterality or (found.group().lower() if found else ""))
    cause = parts[1].strip(" ,")
    region = REGION.search(parts[0]) if PLACELESS.fullmatch(cause) else None
    place = [side] if side and side not in cause.lower() else []
    return " ".join([*place, *([region.group().lower()] if region else []), cause])


def under_treatment(known: str, listed: tuple[Seen, ...]) -> bool:
    """A chronic disease told as "history of" that a drug of the same item treats now is a current one (IV.I)."""
    drugs = any(m.kind == "medication" and m.is_taken for m in listed)
    return bool(drugs and PAST.search(known) and TREATED.search(known))


def fuller(case: Case, seen: Seen) -> str:
    """The same condition told with its type or place elsewhere ("kidney stone" of the title is "kidney stone in ureter")."""
    concept = str(seen.concept)
    lies = _elsewhere(case, seen)
    if lies:
        return lies
    told = [m for m in case.of("problem") if m.is_established and m.temporality != "historical"]
    named = re.compile(rf"{re.escape(concept)} (?:in|with|of)\b")
    told = [m for m in told if str(m.concept) != concept]
    longer = [m for m in told if named.match(str(m.concept)) or _same_words(m, seen)]
    sides = {m.laterality for m in longer if m.laterality} | ({seen.laterality} if seen.laterality else set())
    concepts = {str(m.concept) for m in longer}
    if not seen.is_header or len(concepts) != 1 or len(sides) > 1:
        return ""
    return " ".join([*(str(s) for s in sides), *concepts])


def _elsewhere(case: Case, seen: Seen) -> str:
    """A stone by where the images find it, a tumour by the side on which they find it (I.B.2, I.B.13); empty when they do not say."""
    if not seen.is_header or seen.temporality == "historical":
        return ""
    concept = str(seen.concept)
    if STONE.search(concept) and "ureter" not in concept:
        side = str(seen.laterality or "")
        return f"{side} ureteral stone".strip() if any(_stated(case, IN_URETER)) else ""
    organ = next((o for o in ORGANS if re.search(o[0], concept)), None)
    if organ is None or seen.laterality or not CANCER.search(concept):
        return ""
    mass = re.compile(
        rf"\b(left|right)[- ](?:sided )?(?:{organ[1]}) (?:mass|lesion|tumou?r|nodule|cancer|carcinoma)", re.I
    )
    sides = {m[1].lower() for m in _stated(case, mass)}
    return f"{sides.pop()} {concept}" if len(sides) == 1 else ""


def _stated(case: Case, pattern: "re.Pattern[str]") -> Iterator["re.Match[str]"]:
    """Where the record states it and does not deny it right before."""
    for text in case.texts.values():
        yield from (m for m in pattern.finditer(text) if not DENIED.search(text[: m.start()][-40:]))


def _same_words(told: Seen, header: Seen) -> bool:
    """A stone named anew once its place is told: the title's "kidney stone" may lie in the ureter."""
    stone = str(told.concept).endswith(("stone", "calculus"))
    return bool(stone and told.site and not header.site and str(told.text).lower() == str(header.concept))


def concept_query(case: Case, seen: Seen) -> str:
    """The concept in a coder's words: past, side, acuity, then the thing itself."""
    concept = str(seen.concept or seen.text)
    if TOBACCO.search(concept) and seen.use != "former":
        spoken = " ".join(case.sentence(m) for m in case.of("social", "problem") if m.use == "current")
        return "nicotine dependence cigarettes" if CIGARETTES.search(spoken) else "nicotine dependence"
    words = [str(w) for w in (seen.laterality, seen.acuity) if w and str(w) not in concept]
    past = seen.temporality == "historical" and not PAST.search(concept)
    return " ".join([*(["history of"] if past else []), *words, concept])
