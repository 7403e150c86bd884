"""How words are brought to the form in which the vocabulary compares them."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?(?:\.\d+)?|[%+#&]")
_NEVER_PLURAL = frozenset({"aids", "sars", "mers", "pots", "pcos", "does", "ppms", "rrms", "spms"})
_IRREGULAR: Mapping[str, str] = MappingProxyType(
    {
        "calculi": "calculus",
        "diverticula": "diverticulum",
        "emboli": "embolus",
        "feet": "foot",
        "metastases": "metastasis",
        "nevi": "nevus",
        "teeth": "tooth",
        "thrombi": "thrombus",
        "vertebrae": "vertebra",
    }
)


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Bring one word to its look-up form: lower case, no possessive, singular where English allows it.

    The form is for comparison only and need not be a word ("diabetes" gives "diabete" on both sides).
    """
    folded = word.lower().replace("’", "'")
    folded = folded.removesuffix("'s").replace("'", "")
    if len(folded) < 4 or folded in _NEVER_PLURAL or folded.endswith(("ss", "us", "is")):
        return folded
    if folded in _IRREGULAR:
        return _IRREGULAR[folded]
    if folded.endswith("oses") and len(folded) > 6:
        return folded[:-2] + "is"
    if folded.endswith("ies") and len(folded) > 4:
        return folded[:-3] + "y"
    if folded.endswith(("sses", "shes", "ches", "xes")) and not folded.endswith("aches"):
        return folded[:-2]
    return folded.removesuffix("s")


def words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a text as matches; the spans point into the text as given."""
    return _WORD.finditer(text.replace("’", "'"))


def normalise(term: str) -> str:
    """Bring a term to its look-up form: folded words joined by single blanks, punctuation dropped."""
    return " ".join(fold(match.group()) for match in words(term))
