"""The entity map: what the reader found in the documents, coloured by assertion, with its links, placed for drawing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
from langchain_core.messages import AnyMessage, ToolMessage

COLUMNS: Final = (
    ("Problems", frozenset({"problem", "status", "device"})),
    ("Tests and procedures", frozenset({"test", "procedure"})),
    ("Medications", frozenset({"medication", "allergy"})),
    ("Family and social", frozenset({"family", "social"})),
)
ROW, TOP, WIDTH, GAP, MIDDLE = 26, 34, 250, 60, 11
LONGEST = 34


class Key(NamedTuple):
    """What makes mentions one entity."""

    column: int
    concept: str
    colour: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One entity: every mention of the same concept with the same assertion; ``x`` and ``y`` in pixels of the drawing."""

    text: str
    full: str
    colour: str
    mentions: int
    x: int
    y: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A line from what was done, ordered or given to what it is for."""

    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityMap:
    """The whole drawing; empty ``nodes`` when the note was not read by the tool."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    headings: tuple[tuple[str, int], ...]
    width: int
    height: int


def entity_map(messages: Sequence[AnyMessage]) -> EntityMap:
    """Draw what ``read_note`` last answered to the coder; nothing is read anew.

    In each column linked entities stand first, so that lines are short, then what is present, then the rest.
    """
    documents = _last_reading(messages)
    owners = [[_key(m) for m in document["mentions"]] for document in documents]
    seen = Counter(key for keys in owners for key in keys if key is not None)
    pairs = list(dict.fromkeys(_pairs(documents, owners)))
    linked = {key for pair in pairs for key in pair}
    order = sorted(seen, key=lambda key: (key not in linked, key.colour != "present"))
    rows = Counter[int]()
    placed: dict[Key, Node] = {}
    for key in order:
        placed[key] = _node(key, seen[key], rows[key.column])
        rows[key.column] += 1
    return EntityMap(
        nodes=tuple(placed.values()),
        links=tuple(_link(placed[one], placed[other]) for one, other in pairs),
        headings=tuple((name, _left(i)) for i, (name, _) in enumerate(COLUMNS) if rows[i]),
        width=_left(len(COLUMNS)) - GAP,
        height=TOP + ROW * max(rows.values(), default=0) + 8,
    )


def _last_reading(messages: Sequence[AnyMessage]) -> list[dict[str, Any]]:
    for message in reversed(messages):
        if isinstance(message, ToolMessage) and message.name == "read_note" and message.status != "error":
            documents: list[dict[str, Any]] = orjson.loads(str(message.content))["documents"]
            return documents
    return []


def _key(mention: dict[str, Any]) -> Key | None:
    column = next((i for i, (_, kinds) in enumerate(COLUMNS) if mention["kind"] in kinds), None)
    return None if column is None else Key(column, str(mention["concept"]), _colour(mention))


def _colour(mention: dict[str, Any]) -> str:
    """The class of its colour, the same that ``superbill note show`` paints with."""
    if mention["experiencer"] != "patient":
        return "relative"
    return "historical" if mention["temporality"] == "historical" else str(mention["assertion"])


def _pairs(
    documents: Iterable[dict[str, Any]], owners: Iterable[list[Key | None]]
) -> Iterator[tuple[Key, Key]]:
    for document, keys in zip(documents, owners, strict=True):
        for key, mention in zip(keys, document["mentions"], strict=True):
            for other in mention.get("links", ()):
                target = keys[other]
                if key is not None and target is not None and key != target:
                    yield key, target


def _node(key: Key, mentions: int, row: int) -> Node:
    short = key.concept if len(key.concept) <= LONGEST else key.concept[: LONGEST - 1] + "…"
    return Node(
        text=short,
        full=f"{key.concept}: {key.colour}",
        colour=key.colour,
        mentions=mentions,
        x=_left(key.column),
        y=TOP + ROW * row,
    )


def _left(column: int) -> int:
    return column * (WIDTH + GAP)


def _link(one: Node, other: Node) -> Link:
    """From the left node's right edge to the right node's left edge; within a column along its left edge."""
    left, right = sorted((one, other), key=lambda n: (n.x, n.y))
    begin = left.x if left.x == right.x else left.x + WIDTH
    return Link(start=(begin, left.y + MIDDLE), end=(right.x, right.y + MIDDLE))
