"""A search query read as a coder reads it: side, episode of care, what is asked for and what is context."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from knowledge.find.words import is_letter, plain, raw_words, stems_of, stop_words

Side = Literal["right", "left", "bilateral"]
Episode = Literal["initial", "subsequent", "sequela"]

SIDES: Final[dict[str, Side]] = {
    "right": "right",
    "rt": "right",
    "left": "left",
    "lt": "left",
    "bilateral": "bilateral",
    "bilat": "bilateral",
    "both": "bilateral",
    "bilaterally": "bilateral",
}
_EPISODES: Final[tuple[tuple[re.Pattern[str], Episode], ...]] = (
    (re.compile(r",?\s*\b(initial (encounter|visit|episode|care)|active treatment)\b"), "initial"),
    (re.compile(r",?\s*\b(subsequent (encounter|visit|episode|care)|routine healing)\b"), "subsequent"),
    (re.compile(r",?\s*\b(sequelae?( of)?|late effects?( of)?)\b"), "sequela"),
)
_PREGNANCY: Final = re.compile(
    r"pregnan|gestation|obstetric|deliver|matern|partum|puerper|abortion|miscarr|labou?r\b|trimester"
    r"|eclamp|fetal|lactat|ectopic|placent|amnio|partal|natal"
)
_NEWBORN: Final = re.compile(
    r"newborn|neonat|fetal|fetus|perinat|congenital|birth|infant|prematur|meconium|preterm"
)
_EXTERNAL: Final = re.compile(
    r"fall|fell|accident|collision|struck|bitten|driver|passenger|pedestrian|place of|activity|assault"
    r"|contact with|external cause|exposure|overexert|slip|trip|crash|bite|stung|attack"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One word of the query: its stem, whether negated, its part (0 the head, 1 after "with", "due to")."""

    stem: str
    negated: bool
    part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A parsed query; the flags say that it speaks of pregnancy, a newborn, or an external cause."""

    text: str
    wanted: tuple[Wanted, ...]
    side: Side | None
    episode: Episode | None
    pregnancy: bool
    newborn: bool
    external: bool


_NEGATORS: Final = frozenset({"without", "not", "no"})
_PART: Final = frozenset(
    {"with", "due", "in", "from", "secondary", "complicating", "following", "after", "by"}
)


@lru_cache(maxsize=4096)
def parse_query(text: str) -> Query:
    """Parse a query in words."""
    lowered = plain(text)
    episode: Episode | None = None
    stripped = lowered
    for pattern, name in _EPISODES:
        cut = pattern.sub(" ", stripped)
        if cut != stripped and episode is None:
            episode = name
            stripped = cut if cut.strip() else stripped
    words = raw_words(re.sub(r"\bw/o\b", "without", re.sub(r"\bw/", "with ", stripped)))
    side = next((SIDES[word] for word in words if word in SIDES), None)
    return Query(
        text=lowered,
        wanted=_wanted(words),
        side=side,
        episode=episode,
        pregnancy=bool(_PREGNANCY.search(lowered)),
        newborn=bool(_NEWBORN.search(lowered)),
        external=bool(_EXTERNAL.search(lowered)),
    )


def _wanted(words: list[str]) -> tuple[Wanted, ...]:
    out: dict[str, Wanted] = {}
    part, negated = 0, False
    for place, word in enumerate(words):
        if word in _NEGATORS:
            negated = True
        elif word in _PART:
            part, negated = int(bool(out)), False
        elif (word not in stop_words() or is_letter(words, place)) and word not in SIDES:
            for stem in stems_of(word):
                out.setdefault(stem, Wanted(stem=stem, negated=negated, part=part))
    return tuple(out.values())
