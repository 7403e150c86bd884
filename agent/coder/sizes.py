"""Procedures by size and part of the body: the title whose range and region fit what the record says (CPT integumentary)."""

import re
from collections.abc import Sequence

from agent.coder.conversation import Json

SAID = re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(cm|mm)\b")
REGIONS = {
    "face": r"face|facial|forehead|cheek|nose|lip|ear|eyelid|eyebrow|chin",
    "scalp, neck, hand, foot": r"scalp|neck|hand|foot|feet|genital",
    "limb": r"back|trunk|chest|abdomen|arm|forearm|leg|thigh|shoulder|axilla|shin|calf|knee|elbow|scalp|neck",
}
EXCISED = {
    "excision of malignant lesion": "skin cancer",
    "excision of benign lesion": "benign skin growth",
}
EXCISED_REGIONS = {
    "face": REGIONS["face"],
    "scalp, neck, hand, foot or genitals": rf"{REGIONS['scalp, neck, hand, foot']}|scrotum|penis|vulva|sole|palm|finger|toe",
    "trunk or limb": rf"{REGIONS['limb']}|flank|buttock|wrist|ankle|hip|trunk",
}
SPANS = (
    (0.5, "0.5 cm or less"), (1.0, "0.6 to 1.0 cm"), (2.0, "1.1 to 2.0 cm"), (3.0, "2.1 to 3.0 cm"), (4.0, "3.1 to 4.0 cm"),
    (999.0, "over 4.0 cm"),
)  # fmt: skip


def range_of(title: str) -> tuple[float, float] | None:
    """Sizes in cm that a title covers; None when it names none."""
    if found := re.search(r"(\d+\.\d+) to (\d+\.\d+) cm", title):
        return float(found[1]), float(found[2])
    if found := re.search(r"(\d+\.\d+) cm or less", title):
        return 0.0, float(found[1])
    if found := re.search(r"over (\d+\.\d+) cm", title):
        return float(found[1]) + 0.001, 999.0
    return None


def size_said(text: str) -> float | None:
    """The largest size that a sentence states, in cm."""
    found = [float(n) / (10 if unit == "mm" else 1) for n, unit in SAID.findall(text.lower())]
    return max(found, default=None)


def titled_by_size(concept: str, text: str) -> str | None:
    """The title of an excision of the region and size that the sentence states; None where it states none or it is no excision.

    A search by the concept alone shows a few of the many sizes; by the title it finds the one.
    """
    growth, size, low = EXCISED.get(concept), size_said(text), text.lower()
    region = next((r for r, words in EXCISED_REGIONS.items() if re.search(rf"\b(?:{words})\b", low)), None)
    if growth is None or size is None or region is None:
        return None
    span = next((s for most, s in SPANS if size <= most), SPANS[-1][1])
    return f"Excising a {growth}, {region}, {span}"


def best_by_size(hits: Sequence[Json], text: str) -> Json:
    """The hit of the right region and size; without a size the smallest of the region."""
    low = text.lower()
    if hits[0]["display"].startswith("Destroying"):
        hits = [h for h in hits if _same_lesion(h["display"].lower(), low)] or hits
    if not any(range_of(h["display"]) for h in hits):
        return hits[0]
    region = next((r for r, words in REGIONS.items() if re.search(rf"\b(?:{words})\b", low)), None)
    of_region = [h for h in hits if region and region in h["display"]] or list(hits)
    size = size_said(text)
    sized = [(span, h) for h in of_region if (span := range_of(h["display"]))]
    if size is None:
        return min(sized, key=lambda pair: pair[0])[1] if sized else of_region[0]
    return next((h for (least, most), h in sized if least <= size <= most), of_region[0])


def _same_lesion(title: str, text: str) -> bool:
    wart = bool(re.search(r"\bwarts?\b|verruca|mollusc", text))
    return "warts" in title if wart else "warts" not in title
