"""The second reading of a question: cue words beside something of this case that it names (data/cues.toml)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from agent.chat.naming import on_claim, set_aside
from agent.chat.slots import Slots
from agent.chat.understand import Guess, plain
from agent.chat.view import CaseView
from agent.chat.words import DATA
from knowledge.tables import read_toml

SURE = 0.6
"""Share of the naming words that must speak for a code here, more than where a pattern fits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """One row: an intent, what the question must name, its cue words, how many of them it takes."""

    intent: str
    anchors: tuple[str, ...]
    words: tuple[str, ...]
    least: int


@cache
def cues() -> tuple[Cue, ...]:
    """The table in its order.

    Raises:
        TableError: it is not as described.
    """
    rows = read_toml(DATA / "cues.toml", required=("cue",))["cue"]
    return tuple(
        Cue(intent=r["intent"], anchors=tuple(r["anchors"]), words=tuple(r["words"]), least=r["least"])
        for r in rows
    )


def second_guesses(slots: Slots, view: CaseView) -> Iterator[Guess]:
    """Intents by the number of their cues, those that name nothing of the case only with enough cues."""
    text = f" {plain(slots.text)} "
    found = []
    for cue in cues():
        hits = [w for w in cue.words if _starts(w, text)]
        if len(hits) >= cue.least and (name := _anchor(cue, hits, text, slots, view)) is not None:
            found.append((len(hits), Guess(intent=cue.intent, name=name)))
    yield from (guess for _, guess in sorted(found, key=lambda f: -f[0]))


def _starts(word: str, text: str) -> bool:
    return word in text if word.startswith(" ") else f" {word}" in text


def _anchor(cue: Cue, hits: list[str], text: str, slots: Slots, view: CaseView) -> str | None:
    """The words that name a code ("" when something else anchors the question); None when nothing does."""
    if cue.anchors == ("none",):
        return ""
    if any(getattr(slots, a) not in (None, ()) for a in cue.anchors if a != "name"):
        return ""
    if "name" not in cue.anchors:
        return None
    name = _without(hits, text)
    known = on_claim(view, name, share=SURE) or set_aside(view, name, share=SURE)
    return name if known else None


def _without(hits: list[str], text: str) -> str:
    """The text without the words that were cues."""
    words = [w for w in text.split() if not any(w.startswith(h.strip()) for h in hits)]
    return " ".join(words)
