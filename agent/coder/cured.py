"""A disease that is over: a cancer removed, nothing of it found, not treated any more; another illness fully treated and gone.

Guidelines I.C.2.m (then the personal history is coded, not the cancer) and I.C.21.c.8 (Z08 and Z09: the follow-up after completed
treatment, with the history of what was treated).
"""

import re
from collections.abc import Sequence

from agent.coder import told
from agent.coder.case import Case, Seen
from agent.coder.spoken import sentences
from agent.coder.titles import ASSESSED

CANCER = re.compile(r"cancer|carcinoma|malignan|sarcoma|melanoma|\bdcis\b|seminoma", re.IGNORECASE)
GONE = re.compile(
    r"\bno (?:clinical |radiographic |imaging )?(?:evidence|signs?) of (?:\w+ )?(?:recurren\w+|disease|cancer|malignan\w+|metasta\w+)|\bNED\b|"
    r"\bdisease[- ]free\b|\bwithout (?:any )?(?:evidence of )?recurrence|\bno recurrence\b",
    re.IGNORECASE,
)
TREATED = re.compile(
    r"\b(?:status post|s/p|underwent|had|after|completed|following|finished)\b[^.]{0,80}?"
    r"(?:\w+ectomy|resection|excision|\bmohs|surgery|radiation|chemo\w*)|\b(?:completed|finished) (?:\w+ ){0,2}(?:treatment|therapy)|"
    r"\btreatment (?:was |has been )?(?:completed|finished|ended)",
    re.IGNORECASE,
)
ONGOING = re.compile(
    r"\b(?:continu\w*|currently|remains? on|is on|takes|taking|undergoing|receiving|start\w*|day of|years? of)\b[^.]{0,40}?"
    r"\b(?:tamoxifen|anastrozole|letrozole|exemestane|leuprolide|chemo\w*|radiation|immunotherapy|"
    r"(?:endocrine|hormon\w+|targeted|antiestrogen|deprivation) (?:therapy|treatment))",
    re.IGNORECASE,
)
FOLLOWED = re.compile(
    r"\bfollow(?:ed|ing)?[- ]?up|\bfollowup|\bsurveillance|\bre-?check|\bsurvivor|\b(?:after|following) (?:completed |completion of )?treatment",
    re.IGNORECASE,
)
RESOLVED = re.compile(
    r"(?<!not )(?<!nearly )(?<!almost )(?<!partly )(?<!partially )(?<!un)\b(?:resolved|cleared|cured|fully treated)\b(?! with)",
    re.IGNORECASE,
)
MALIGNANT = "encounter for follow-up examination after completed treatment for malignant neoplasm"
OTHER = "encounter for follow-up examination after completed treatment for conditions other than malignant neoplasm"
OVER = re.compile(r"\bcompleted (?:\w+ )?(?:treatment|therapy)", re.IGNORECASE)
DRUGS = frozenset({"antineoplastic", "hormone antagonist"})


def cured(case: Case, header: Seen, listed: Sequence[Seen]) -> bool:
    """Whether the item of a cancer tells all three: treated, nothing left, no treatment any more."""
    if not CANCER.search(str(header.concept)) or not header.is_established:
        return False
    words = " ".join([case.sentence(header), *told.item(case, listed)])
    whole = " ".join(case.texts.values())
    taken = any(m.drug_class in DRUGS and m.is_taken for m in case.of("medication"))
    return bool(GONE.search(words) and TREATED.search(words)) and not (taken or ONGOING.search(whole))


def followed(case: Case) -> tuple[Seen, str] | None:
    """The disease that is over and what to look up for a visit that only follows it (Z08, Z09); None when it is for something else.

    It is the first condition of the assessment, followed by the assessment's own words or the complaint's; an illness is over when its
    sentence says that it resolved.
    """
    named = [m for m in case.of("problem") if m.section_kind in ASSESSED and m.experiencer == "patient"]
    first = min(named, key=lambda m: (m.document, m.start), default=None)
    if first is None:
        return None
    complaint = [text for s, text in sentences(case) if s.section_kind == "chief_complaint"]
    named_so = [text for s, text in sentences(case) if s.section_kind in ASSESSED and OVER.search(text)]
    if not any(FOLLOWED.search(text) for text in (case.sentence(first), *complaint, *named_so)):
        return None
    if CANCER.search(str(first.concept)):
        return (first, MALIGNANT) if cured(case, first, case.under(first)) else None
    over = first.vocabulary_kind == "disorder" and RESOLVED.search(case.sentence(first))
    return (first, OTHER) if over else None
