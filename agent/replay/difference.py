"""Where two runs part: the first events that differ, told so that a person sees what moved."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import orjson

from agent.trace import TraceEvent
from knowledge.records import Record

Json = dict[str, Any]
SURROUNDING = frozenset({"settings", "model", "what_if"})
"""Events that describe a run rather than happen in it; a difference there is told apart and is no parting."""
SHOWN = 3
WIDTH = 60


class Difference(Record):
    """One event that is not as it was: ``seq`` in the recorded run, in one readable line."""

    seq: int
    node: str
    event: str
    what: str


def differences(recorded: Sequence[TraceEvent], live: Sequence[TraceEvent]) -> tuple[Difference, ...]:
    """Every event that differs, in order; empty when the runs are the same."""
    pairs = zip_longest(_happened(recorded), _happened(live))
    end = recorded[-1].seq
    return tuple(d for was, now in pairs if (d := _difference(was, now, end)) is not None)


def _happened(events: Sequence[TraceEvent]) -> list[TraceEvent]:
    return [e for e in events if e.event not in SURROUNDING]


def _difference(was: TraceEvent | None, now: TraceEvent | None, end: int) -> Difference | None:
    shown = was or now
    if shown is None or (was and now and _said(was) == _said(now)):
        return None
    return Difference(seq=was.seq if was else end, node=shown.node, event=shown.event, what=_what(was, now))


def _said(event: TraceEvent) -> tuple[str, str, Json]:
    return event.node, event.event, event.data


def _what(was: TraceEvent | None, now: TraceEvent | None) -> str:
    if now is None and was is not None:
        return f"the recorded run went on with {name_of(was)}; this one had ended"
    if was is None and now is not None:
        return f"this run went on with {name_of(now)}; the recorded one had ended"
    if was is None or now is None:
        return ""
    if name_of(was) != name_of(now):
        return f"recorded: {name_of(was)}; now: {name_of(now)}"
    moved = list(moves(_content(was.data), _content(now.data)))
    more = f"; and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
    return f"{name_of(was)}: {'; '.join(moved[:SHOWN])}{more}"


def name_of(event: TraceEvent) -> str:
    """What an event is called in a sentence."""
    if event.event == "answer":
        return f"the answer of {event.data['tool']}"
    if event.event == "turn":
        tools = ", ".join(dict.fromkeys(c["tool"] for c in event.data["calls"]))
        return f"the coder's turn ({tools or 'no tool'})"
    names = {
        "judged": "the self-check's judgement",
        "told_coder": "what the coder was told",
        "decided": "a person's decision",
        "outcome": "the outcome",
        "facts": "what was gathered",
    }
    return names.get(event.event, event.event)


def _content(data: Json) -> Json:
    """A tool's answer with its JSON opened, so that the difference names a field."""
    if "content" not in data or not isinstance(data["content"], str):
        return data
    try:
        return {**data, "content": orjson.loads(data["content"])}
    except ValueError:
        return data


def moves(was: object, now: object, place: str = "") -> Iterator[str]:
    """Each leaf that differs, as ``place: before -> after``."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from moves(was.get(key), now.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for n, (a, b) in enumerate(zip(was, now, strict=True)):
            yield from moves(a, b, f"{place}[{n}]")
    elif was != now:
        yield f"{place}: {_short(was)} -> {_short(now)}"


def _short(value: object) -> str:
    text = orjson.dumps(value).decode() if not isinstance(value, str) else value
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
