"""Words of a text as features: tokens, light stems, code prefixes and the synonyms coders use."""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from knowledge.errors import TableError

SYNONYMS_FILE = Path(__file__).parent / "synonyms.toml"

_TOKEN = re.compile(r"[a-z]*\d[a-z0-9]*(?:\.[a-z0-9]+)*|[ivx]+(?:\.[a-z0-9]+)+|[a-z]+(?:\.[a-z_]+)*")
_CODE = re.compile(r"^(?:[a-z]\d[a-z0-9](?:\.[a-z0-9]{1,4})?|\d{5}|[a-z]\d{4}|\d{4}[a-z])$")
_STOP_WORDS = """
a about after all also am an and any are as at be because been before being but by can could did do
does doing for from get gets got had has have he her here him his how i if in into is it its just
let like many may me might more most much my no not of off on only or other our out over own please
put same she should so some such than that the their them then there these they this those to too up
us use used using very was way we were what when where which while who why will with would yes you
your d ll m re s t ve okay ok really thing
"""
_STOP = frozenset(_STOP_WORDS.split())
_IRREGULAR = {
    "diagnoses": "diagnosis",
    "metastases": "metastasis",
    "prognoses": "prognosis",
    "children": "child",
    "women": "woman",
    "men": "man",
    "feet": "foot",
    "broke": "broken",
    "took": "take",
    "taken": "take",
    "given": "give",
    "gave": "give",
}
_SUFFIXES = (
    ("ization", "iz"),
    ("isation", "iz"),
    ("ational", "at"),
    ("ations", ""),
    ("ation", ""),
    ("ments", "ment"),
)


def tokens(text: str) -> list[str]:
    """Lower-case words and codes in order, without stop words, unstemmed."""
    plain = text.lower().replace("’", "'").replace("'s", "").replace("n't", " not")
    return [word for word in _TOKEN.findall(plain) if word not in _STOP]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A light stem: plurals, -ing, -ed, -ation and a final e go; codes and short words stay."""
    word = _IRREGULAR.get(word, word)
    if len(word) < 4 or any(c.isdigit() for c in word) or "." in word:
        return word
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 5:
            return word[: -len(suffix)] + replacement
    return _strip_ending(_singular(word))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _strip_ending(word: str) -> str:
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and re.search(r"[aeiouy]", root):
            if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "ls":
                root = root[:-1]
            return root[:-1] if root.endswith("e") else root
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def prefixes(word: str) -> list[str]:
    """For a code, the categories above it (E11.42 -> E11; 99214 -> 9921), so that neighbours meet."""
    if not _CODE.match(word):
        return []
    return [f"~{word[:3]}"] if "." in word or len(word) == 3 else [f"~{word[:4]}"]


def terms(text: str) -> list[str]:
    """The stems of a text with the categories of the codes in it."""
    found: list[str] = []
    for word in tokens(text):
        found.append(stem(word))
        found.extend(prefixes(word))
    return found


@cache
def synonyms(file: Path = SYNONYMS_FILE) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Coders' words and what the guidelines call them, both as stems; keys hold one to three stems.

    Raises:
        TableError: the file is malformed.
    """
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TableError(f"{file.name}: not readable as TOML: {error}") from error
    table: dict[tuple[str, ...], tuple[str, ...]] = {}
    for spoken, written in raw.items():
        if not isinstance(written, str):
            raise TableError(f"{file.name}: {spoken!r} must have one text")
        key = tuple(stem(word) for word in tokens(spoken))
        if not 1 <= len(key) <= 3:
            raise TableError(f"{file.name}: {spoken!r} must have one to three words that count")
        table[key] = tuple(terms(written))
    return table


def expand(stems: list[str]) -> list[str]:
    """What the synonyms add to a question: the guidelines' words for the coder's."""
    table = synonyms()
    added: list[str] = []
    for size in (1, 2, 3):
        for start in range(len(stems) - size + 1):
            added.extend(table.get(tuple(stems[start : start + size]), ()))
    present = set(stems)
    return [term for term in dict.fromkeys(added) if term not in present]
