"""Which intent a question has: patterns as data (data/intents.toml), tried in order; nothing is guessed beyond them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from agent.chat.slots import Slots
from agent.chat.words import DATA
from knowledge.errors import TableError
from knowledge.tables import read_toml

TAG = re.compile(r"(?<!\?P)<([a-z]+)>")
"""Tags carry a mark in the question, so that the word "line" of a question is no tag."""
LEADS = re.compile(
    r"^(?:(?:so|and|but|ok|okay|hey|hi|hello|well|um|uh|please|now|then|hmm)[, ]+|"
    r"(?:can|could|would) you (?:please )?|i(?:'d| would) like to (?:know|see)|i want to (?:know|see)|tell me|"
    r"do you know|i wonder|i'?m curious|just)\b[ ,]*(?=\S)",
)
CONTRACTIONS = (
    (re.compile(r"\bca(?:n't|nt|nnot)\b"), "can not"),
    (re.compile(r"\bwo(?:n't|nt)\b"), "will not"),
    (re.compile(r"\b(did|do|does|is|was|were|are|could|would|should|has|have|had)n'?t\b"), r"\1 not"),
    (re.compile(r"\b(what|where|who|how|that|there|it|he|she)'?s\b"), r"\1 is"),
    (re.compile(r"\b(i|you|he|she|we|they|it)'d\b"), r"\1 had"),
    (re.compile(r"\b(i|you|we|they)'(?:re)\b"), r"\1 are"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One row: ``patterns`` over the tagged question, ``needs`` the slots without which it is another question."""

    name: str
    patterns: tuple[re.Pattern[str], ...]
    needs: tuple[str, ...]
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """An intent that fits, with the words its pattern caught as a name."""

    intent: str
    name: str


@cache
def intents() -> tuple[Intent, ...]:
    """The table in its order.

    Raises:
        TableError: a pattern that is none, or a key that nothing knows.
    """
    path = DATA / "intents.toml"
    return tuple(_intent(row, path.name) for row in read_toml(path, required=("intent",))["intent"])


def _intent(row: dict[str, object], where: str) -> Intent:
    if set(row) - {"name", "patterns", "needs", "example"}:
        raise TableError(f"{where}: intent {row.get('name')}: unknown key")
    try:
        patterns = tuple(re.compile(TAG.sub(r"<_\1>", p)) for p in _strings(row["patterns"]))
    except re.error as error:
        raise TableError(f"{where}: intent {row['name']}: {error}") from error
    return Intent(
        name=str(row["name"]),
        patterns=patterns,
        needs=_strings(row.get("needs", [])),
        example=str(row["example"]),
    )


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TableError("intents.toml: a list was expected")
    return tuple(str(v) for v in value)


def guesses(slots: Slots) -> Iterator[Guess]:
    """Every intent that fits, best first; an answerer may still decline."""
    text = plain(slots.text)
    for intent in intents():
        if any(not getattr(slots, need) for need in intent.needs):
            continue
        for pattern in intent.patterns:
            found = pattern.search(text)
            if found:
                yield Guess(intent=intent.name, name=(found.groupdict().get("name") or "").strip(" ?.,!"))
                break


def plain(text: str) -> str:
    """The question without contractions, courtesies and closing marks."""
    text = expanded(text).strip(" ?.!")
    before = None
    while before != text:
        before, text = text, LEADS.sub("", text)
    return text


def expanded(text: str) -> str:
    """``didn't`` as ``did not``."""
    for pattern, full in CONTRACTIONS:
        text = pattern.sub(full, text)
    return text
