"""Guidelines: a digest in our own words, with official section ids, and its search."""

from knowledge.guidelines.digest import DIGEST_DIR, GuidelineSection, load_digest
from knowledge.guidelines.index import GuidelineHit, GuidelineIndex, UnknownSectionError

__all__ = [
    "DIGEST_DIR",
    "GuidelineHit",
    "GuidelineIndex",
    "GuidelineSection",
    "UnknownSectionError",
    "load_digest",
]
