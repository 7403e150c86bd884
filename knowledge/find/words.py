"""Words of clinical English brought to comparable stems: spelling, word families, Latin and plain names."""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from knowledge.errors import TableError

SEARCH_DATA: Final = Path(__file__).parent.parent / "data" / "search"
WORDS_FILE: Final = SEARCH_DATA / "words.csv"
_WORD: Final = re.compile(r"[0-9]+[a-z]\b|[a-z]+(?:'[a-z]+)?|[0-9]+(?:\.[0-9]+)?")
_KEPT: Final = ("ss", "us", "is", "itis", "osis")
_DISEASE_ENDINGS: Final = ("iasis", "osis", "oses", "otic", "ism")
_MIN_STEM: Final = 4
_MIN_DISEASE: Final = 6
_ROMAN: Final = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
}
_LETTERED: Final = re.compile(r"(i|ii|iii|iv|v|vi|[0-9]+)([a-d])")
_NUMBERED: Final = frozenset({"type", "stage", "grade", "class", "phase", "factor", "mobitz", "bipolar"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One stem of a text. ``optional`` when in brackets, ``negated`` when after "without" or "not"."""

    stem: str
    optional: bool = False
    negated: bool = False


def plain(text: str) -> str:
    """Fold a text to lower-case ASCII."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(c for c in folded if not unicodedata.combining(c))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Bring one lower-case word to the stem of its word family.

    The stem serves comparison only and is the same for British and American spelling.
    """
    word = word.removesuffix("'s").replace("'", "")
    if len(word) > _MIN_STEM:
        word = word.replace("ae", "e").replace("oe", "e").replace("our", "or").replace("ph", "f")
    if len(word) <= _MIN_STEM or word[0].isdigit():
        return word.removesuffix("s") if len(word) == _MIN_STEM and not word.endswith(_KEPT) else word
    if word.endswith("us") and not word.endswith("ous") and len(word) >= 8:
        return word[:-2]
    for suffix in _DISEASE_ENDINGS:
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_DISEASE:
            return word[: -len(suffix)]
    if word.endswith(_KEPT) and not word.endswith("ous"):
        return word
    for suffix, replacement in suffixes():
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_STEM:
            return word[: -len(suffix)] + replacement
    return word


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Read a table of lower-case cells as (line, cells).

    Raises:
        TableError: other columns, or a row with an empty, padded or upper-case cell (file, line, reason).
    """
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.reader(handle)
        if tuple(next(rows, ())) != columns:
            raise TableError(f"{path.name}:1: columns must be {','.join(columns)}")
        for row in rows:
            if len(row) != len(columns) or not all(cell and cell == cell.lower().strip() for cell in row):
                raise TableError(f"{path.name}:{rows.line_num}: needs {len(columns)} lower-case cells")
            yield rows.line_num, row


@lru_cache(maxsize=1)
def word_table(path: Path = WORDS_FILE) -> Mapping[str, tuple[str, ...]]:
    """Load the table of words that mean the same: word -> the words the index knows it by.

    Raises:
        TableError: an unknown column, an empty cell or a word given twice (file, line, reason).
    """
    out: dict[str, tuple[str, ...]] = {}
    for line, (word, means) in read_rows(path, ("word", "means")):
        if word in out:
            raise TableError(f"{path.name}:{line}: {word} is given twice")
        out[word] = tuple(means.split())
    return MappingProxyType(out)


@lru_cache(maxsize=32768)
def stems_of(word: str) -> tuple[str, ...]:
    """Give the stems a word stands for (more than one where the table says so, "cancer" for instance)."""
    table = word_table()
    bare = word.removesuffix("'s")
    means = table.get(bare) or table.get(bare.removesuffix("s")) or (bare,)
    return tuple(stem(part) for part in means)


def raw_words(text: str) -> list[str]:
    """Split a text into lower-case words and numbers; roman numerals that count become numbers."""
    out: list[str] = []
    found = _WORD.findall(plain(text))
    for place, word in enumerate(found):
        after_number_word = bool(out) and out[-1] in _NUMBERED
        lettered = _LETTERED.fullmatch(word)
        if word in _ROMAN and (len(word) > 1 or after_number_word or 0 < place == len(found) - 1):
            out.append(_ROMAN[word])
        elif lettered and (len(lettered[1]) > 1 or after_number_word):
            out += [_ROMAN.get(lettered[1], lettered[1]), lettered[2]]
        else:
            out.append(word)
    return out


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Load the words that say nothing about a condition."""
    return frozenset(word for _line, (word,) in read_rows(SEARCH_DATA / "stop.csv", ("word",)))


@lru_cache(maxsize=1)
def suffixes() -> tuple[tuple[str, str], ...]:
    """Load the word endings and what they become, in the order they are tried."""
    rows = read_rows(SEARCH_DATA / "suffixes.csv", ("ending", "becomes"))
    return tuple((ending, "" if becomes == "-" else becomes) for _line, (ending, becomes) in rows)


_NEGATORS: Final = frozenset({"without", "not", "no"})
_CLOSERS: Final = frozenset({"with", "due", "but", "right", "left", "bilateral"})
_NEGATED_LIST: Final = re.compile(r"without [^,]+,.*, (?:and|or) ")
_REACH: Final = 2


@lru_cache(maxsize=32768)
def tokens(text: str) -> tuple[Token, ...]:
    """Read a title or a term as tokens, each stem once; words in brackets are optional."""
    out: dict[str, Token] = {}
    stop = stop_words()
    for depth, part in _by_bracket(text):
        listed = bool(_NEGATED_LIST.search(part))
        left = 0
        for piece in re.split(r"[,;:]", part):
            left = left if listed else 0
            found = raw_words(piece)
            for place, word in enumerate(found):
                if word in _NEGATORS:
                    left = 99 if listed else _REACH
                    continue
                left = 0 if word in _CLOSERS else left
                if word not in stop or is_letter(found, place):
                    for one in stems_of(word):
                        out.setdefault(one, Token(stem=one, optional=depth > 0, negated=left > 0))
                    left -= 1
    return tuple(out.values())


def is_letter(words: list[str], place: int) -> bool:
    """Tell whether a lone "a" is a letter ("hepatitis A"), not an article: it stands last."""
    return words[place] == "a" and 0 < place == len(words) - 1


def _by_bracket(text: str) -> list[tuple[int, str]]:
    """Cut a text at its brackets: (depth, part); a bracket inside a word ("(poly)neuropathy") is joined."""
    if "(" not in text and "[" not in text:
        return [(0, text)]
    text = re.sub(r"\((\w+)\)(?=\w)", r"\1", text)
    text = re.sub(r"(?<=\w)\((\w{1,3})\)", "", text)
    out: list[tuple[int, str]] = []
    for place, part in enumerate(re.split(r"[()\[\]]", text)):
        if part.strip():
            out.append((place % 2, part))
    return out
