"""Words of a text with exact offsets, and the one normal form that tables and notes share."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)+"  # 1.5 and 1,000
    r"|[^\W_]+(?:['’`](?:s|t|d|m|re|ve|ll)(?![^\W_]))?"  # words, with their contraction
    r"|(?!(?<=[^\W_])[-‐‑–](?=[^\W_]))[^\w\s]",  # punctuation, but not the hyphen inside a word
    re.IGNORECASE,
)
_IRREGULAR = {
    "metastases": "metastasis",
    "diagnoses": "diagnosis",
    "prognoses": "prognosis",
    "thromboses": "thrombosis",
    "stenoses": "stenosis",
    "vertebrae": "vertebra",
    "bursae": "bursa",
    "feet": "foot",
    "teeth": "tooth",
    "diverticula": "diverticulum",
    "nevi": "nevus",
    "verrucae": "verruca",
    "emboli": "embolus",
    "thrombi": "thrombus",
    "calculi": "calculus",
    "purposes": "purpose",
    "overdoses": "overdose",
    "paraesthesia": "paresthesia",
    "paraesthesias": "paresthesia",
    "oedema": "edema",
    "diarrhoea": "diarrhea",
    "anaemia": "anemia",
    "haemorrhage": "hemorrhage",
    "haematuria": "hematuria",
}
_MEMO_LIMIT = 60_000
_LATIN = 8
"""Letters from which a plural in -oses is that of a Latin word ("keratoses"), not of "dose" or "nose"."""
_memo: dict[str, str] = {}


@dataclass(slots=True)
class Tokens:
    """Parallel lists: where each token starts and ends in the text, and its normal form."""

    starts: list[int]
    ends: list[int]
    norms: list[str]


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "'s")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("oses") and len(word) >= _LATIN:
        return word[:-2] + "is"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def normalise(word: str) -> str:
    """Lower case, straight quotes, no possessive, singular; the same for tables and notes."""
    low = word.lower().replace("’", "'").replace("`", "'")
    if low.endswith("'s"):
        low = low[:-2]
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    return _singular(low)


def tokenize(text: str) -> Tokens:
    """Split a text into tokens; every token satisfies ``text[start:end]`` and none overlaps another."""
    starts: list[int] = []
    ends: list[int] = []
    norms: list[str] = []
    memo = _memo
    if len(memo) > _MEMO_LIMIT:
        memo.clear()
    for match in _TOKEN.finditer(text):
        raw = match.group()
        norm = memo.get(raw)
        if norm is None:
            norm = memo[raw] = normalise(raw)
        starts.append(match.start())
        ends.append(match.end())
        norms.append(norm)
    return Tokens(starts, ends, norms)


def key(phrase: str) -> tuple[str, ...]:
    """Return the normal forms of a phrase, as tries and look-ups use them."""
    memo = _memo
    norms: list[str] = []
    for raw in _TOKEN.findall(phrase):
        norm = memo.get(raw)
        if norm is None:
            norm = memo[raw] = normalise(raw)
        norms.append(norm)
    return tuple(norms)
