"""The cue phrases of the check's reader, loaded once from ``data/cues.toml``."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from knowledge.errors import TableError

CUES = Path(__file__).parent / "data" / "cues.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cues:
    """Compiled cue phrases, and section names with their kind."""

    sections: Mapping[str, str]
    negation_before: re.Pattern[str]
    negation_after: re.Pattern[str]
    pseudo: re.Pattern[str]
    end: re.Pattern[str]
    family_words: re.Pattern[str]
    family_patient: re.Pattern[str]
    uncertain_before: re.Pattern[str]
    uncertain_after: re.Pattern[str]
    hypothetical_before: re.Pattern[str]
    hypothetical_after: re.Pattern[str]
    historical_before: re.Pattern[str]
    historical_after: re.Pattern[str]
    ordered: re.Pattern[str]
    refused: re.Pattern[str]
    elsewhere: re.Pattern[str]
    done: re.Pattern[str]


@lru_cache(maxsize=1)
def cues() -> Cues:
    """Return the shipped cues.

    Raises:
        TableError: the file lacks a list, or has an empty one.
    """
    return load(CUES)


def load(path: Path) -> Cues:
    """Read a cue file.

    Raises:
        TableError: the file is no TOML, lacks a list, or has an empty one.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        groups = {(area, name): raw[area][name] for area, name in _WANTED.values()}
        sections = {phrase: kind for kind, names in raw["sections"].items() for phrase in names}
        compiled = {key: phrases(groups[where]) for key, where in _WANTED.items()}
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise TableError(f"{path.name}: {error}") from error
    return Cues(sections=sections, **compiled)


def phrases(words: list[str]) -> re.Pattern[str]:
    """Compile phrases into one pattern that matches whole words, the longest phrase first.

    Raises:
        ValueError: there is no phrase.
    """
    if not words:
        raise ValueError("an empty list of phrases")
    ordered = sorted(set(words), key=lambda w: (-len(w), w))
    parts = (re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for w in ordered)
    return re.compile(r"(?<![\w])(?:" + "|".join(parts) + r")(?![\w])")


_WANTED: Mapping[str, tuple[str, str]] = {
    "negation_before": ("negation", "before"),
    "negation_after": ("negation", "after"),
    "pseudo": ("negation", "pseudo"),
    "end": ("negation", "end"),
    "family_words": ("family", "words"),
    "family_patient": ("family", "patient"),
    "uncertain_before": ("uncertain", "before"),
    "uncertain_after": ("uncertain", "after"),
    "hypothetical_before": ("hypothetical", "before"),
    "hypothetical_after": ("hypothetical", "after"),
    "historical_before": ("historical", "before"),
    "historical_after": ("historical", "after"),
    "ordered": ("events", "ordered"),
    "refused": ("events", "refused"),
    "elsewhere": ("events", "elsewhere"),
    "done": ("events", "done"),
}
