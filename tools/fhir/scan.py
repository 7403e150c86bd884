"""Read a Bundle's JSON once, keeping the exact source slice of every resource.

The bytes that arrived are the record: a resource's sha256 is taken over the UTF-8 bytes of its own slice
of the source, from its opening to its closing brace, white space and number formats untouched.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of a Bundle: its address, the method asked for, the resource and its source text."""

    full_url: str | None
    method: str | None
    resource: object
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """The top level of a JSON document: its plain members, and its entries when it has any."""

    members: dict[str, object]
    entries: tuple[Entry, ...]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, character: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"Expecting '{character}'", text, at)
    return at + 1


def _value(text: str, at: int) -> tuple[object, int]:
    return _DECODER.raw_decode(text, _skip(text, at))


def _more(text: str, at: int, closing: str) -> tuple[bool, int]:
    """Step over a comma (True) or the closing character (False)."""
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return True, at + 1
    return False, _expect(text, at, closing)


def _walk_object(text: str, at: int, visit: Callable[[str, int], int]) -> int:
    """Call ``visit(key, start of value) -> end of value`` for each member; return where the object ends."""
    at = _skip(text, _expect(text, at, "{"))
    if text[at : at + 1] == "}":
        return at + 1
    more = True
    while more:
        at = _skip(text, at)
        key, at = _value(text, at)
        if not isinstance(key, str):
            raise json.JSONDecodeError("Expecting property name", text, at)
        at = visit(key, _expect(text, at, ":"))
        more, at = _more(text, at, "}")
    return at


def _walk_array(text: str, at: int, visit: Callable[[int], int]) -> int:
    at = _skip(text, _expect(text, at, "["))
    if text[at : at + 1] == "]":
        return at + 1
    more = True
    while more:
        at = visit(_skip(text, at))
        more, at = _more(text, at, "]")
    return at


def _entry(text: str, at: int) -> tuple[Entry, int]:
    if text[at : at + 1] != "{":
        raise json.JSONDecodeError("Expecting an object as Bundle entry", text, at)
    members: dict[str, object] = {}
    source = ""

    def visit(key: str, start: int) -> int:
        nonlocal source
        start = _skip(text, start)
        members[key], end = _value(text, start)
        if key == "resource":
            source = text[start:end]
        return end

    end = _walk_object(text, at, visit)
    url, request = members.get("fullUrl"), members.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    return Entry(
        full_url=url if isinstance(url, str) else None,
        method=method if isinstance(method, str) else None,
        resource=members.get("resource"),
        source=source,
    ), end


def scan(text: str) -> Scan:
    """Parse a JSON object whose ``entry`` member, if any, is a list of Bundle entries.

    Raises:
        json.JSONDecodeError: the text is not JSON of this shape; carries line and column.
        ValueError: it holds NaN or Infinity, which JSON does not know.
        RecursionError: it is nested beyond reason.
    """
    members: dict[str, object] = {}
    entries: list[Entry] = []

    def add(start: int) -> int:
        entry, end = _entry(text, start)
        entries.append(entry)
        return end

    def visit(key: str, start: int) -> int:
        if key == "entry":
            return _walk_array(text, start, add)
        members[key], end = _value(text, start)
        return end

    end = _skip(text, _walk_object(text, 0, visit))
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return Scan(members=members, entries=tuple(entries))
