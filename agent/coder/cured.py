"""A cancer that is over: removed, nothing of it found, no treatment directed at it any more.

Guidelines I.C.2.m (then the personal history is coded, not the cancer) and I.C.21.c.8 (the follow-up after completed treatment).
"""

import re
from collections.abc import Sequence

from agent.coder import told
from agent.coder.case import Case, Seen

CANCER = re.compile(r"cancer|carcinoma|malignan|sarcoma|melanoma|\bdcis\b|seminoma", re.IGNORECASE)
GONE = re.compile(
    r"\bno (?:clinical |radiographic |imaging )?(?:evidence|signs?) of (?:\w+ )?(?:recurren\w+|disease|cancer|malignan\w+|metasta\w+)|\bNED\b|"
    r"\bdisease[- ]free\b|\bwithout (?:any )?(?:evidence of )?recurrence|\bno recurrence\b",
    re.IGNORECASE,
)
TREATED = re.compile(
    r"\b(?:status post|s/p|underwent|had|after|completed|following|finished)\b[^.]{0,80}?"
    r"(?:\w+ectomy|resection|excision|\bmohs|surgery|radiation|chemo\w*)",
    re.IGNORECASE,
)
ONGOING = re.compile(
    r"\b(?:continu\w*|currently|remains? on|is on|takes|taking|undergoing|receiving|start\w*|day of|years? of)\b[^.]{0,40}?"
    r"\b(?:tamoxifen|anastrozole|letrozole|exemestane|leuprolide|chemo\w*|radiation|immunotherapy|"
    r"(?:endocrine|hormon\w+|targeted|antiestrogen|deprivation) (?:therapy|treatment))",
    re.IGNORECASE,
)
DRUGS = frozenset({"antineoplastic", "hormone antagonist"})


def cured(case: Case, header: Seen, listed: Sequence[Seen]) -> bool:
    """Whether the item of a cancer tells all three: treated, nothing left, no treatment any more."""
    if not CANCER.search(str(header.concept)) or not header.is_established:
        return False
    words = " ".join([case.sentence(header), *told.item(case, listed)])
    whole = " ".join(case.texts.values())
    taken = any(m.drug_class in DRUGS and m.is_taken for m in case.of("medication"))
    return bool(GONE.search(words) and TREATED.search(words)) and not (taken or ONGOING.search(whole))
