"""The words people use for payers, kinds of patient and places, and the words that carry no meaning of their own."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from knowledge.tables import read_csv

DATA = Path(str(files(__package__) / "data"))
TOKEN = re.compile(r"[a-z][a-z0-9]+(?:-[a-z0-9]+)?|\d+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """``words`` (a pattern) stand for ``value`` of ``slot``."""

    slot: str
    words: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Synonym:
    """What people say and what titles and notes say."""

    said: str
    written: tuple[str, ...]


@cache
def wordings() -> tuple[Wording, ...]:
    """The table, most specific wording first."""
    return read_csv(DATA / "words.csv", Wording)


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Written words by the stem of the spoken word."""
    return {stem(row.said): row.written for row in read_csv(DATA / "synonyms.csv", Synonym)}


@cache
def empty_words() -> frozenset[str]:
    """Words that name nothing by themselves."""
    return frozenset((DATA / "empty_words.txt").read_text(encoding="utf-8").split())


def content_words(text: str) -> tuple[str, ...]:
    """The words of a text that could name a problem or a service, each once, by their stem."""
    found = (w for w in TOKEN.findall(text.lower()) if w not in empty_words())
    return tuple(dict.fromkeys(stem(w) for w in found))


def stem(word: str) -> str:
    """A word without its plural or -ing, enough to meet its like in a title."""
    for ending in ("ies", "ing", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
