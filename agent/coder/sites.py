"""Where an injury lies that the assessment names without a place: the place where the record saw it."""

import re

from agent.coder.case import Case, Seen

INSECT = re.compile(
    r"\b(?:tick|insect|bug|flea|mosquito|spider|chigger|bed ?bug)s?\b.*\bbites?\b|\bbitten by\b",
    re.IGNORECASE,
)
FOUND = re.compile(
    r"\b(?:bit|bites?|bitten|ticks?|rash|erythema|redness|lesion|swelling|welts?)\b", re.IGNORECASE
)
SEEN_IN = ("assessment", "assessment_plan", "hpi", "exam")
PLACE = re.compile(
    r"\b(left|right)\s+(?:(?:anterior|posterior|lateral|medial|upper|lower|inner|outer|dorsal|distal|proximal)\s+)*"
    r"(knee|ankle|foot|leg|calf|shin|thigh|hip|forearm|arm|upper arm|elbow|wrist|hand|shoulder|ear|breast|buttock|great toe|toe|thumb)\b",
    re.IGNORECASE,
)
SAME = {"calf": "lower leg", "shin": "lower leg", "leg": "lower leg", "arm": "upper arm"}


def bite_site(case: Case, header: Seen) -> str:
    """Side and region of an insect bite, from the sentences that find it; empty when none or several are named."""
    if not INSECT.search(str(header.text)):
        return ""
    places: dict[str, None] = {}
    for kind in SEEN_IN:
        for text in _sentences(case, header.document, kind):
            if FOUND.search(text) or kind.startswith("assessment"):
                places |= {_name(m): None for m in PLACE.finditer(text)}
        if places:
            break
    return next(iter(places)) if len(places) == 1 else ""


def _name(found: re.Match[str]) -> str:
    side, region = found.group(1).lower(), found.group(2).lower()
    return f"{side} {SAME.get(region, region)}"


def _sentences(case: Case, document: str, kind: str) -> list[str]:
    text = case.texts.get(document, "")
    spans = case.sentences.get(document, [])
    return [text[s[0] : s[1]] for s in spans if case.sections[document][s[2]]["kind"] == kind]
