"""What can be searched: a table of parameters, and the values each resource has for them."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.fhir.server.instants import Span, span
from tools.fhir.views import JsonObject, text

_TABLE = Path(__file__).with_name("parameters.csv")
_STEP = re.compile(r"(\w+)(?:\((.+)\))?")
_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A search parameter: its kind (token, reference, date, string) and where its values stand."""

    name: str
    kind: str
    paths: tuple[str, ...]


@cache
def table() -> Mapping[str, Mapping[str, Parameter]]:
    """Resource type -> parameter name -> parameter; types without parameters of their own are there too.

    Raises:
        ValueError: a kind that is none of the four.
    """
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["name"] and row["kind"] not in {"token", "reference", "date", "string"}:
            raise ValueError(f"{_TABLE.name}: {row['type']}.{row['name']}: unknown kind {row['kind']}")
    common = [row for row in rows if row["type"] == "*"]
    return {
        kind: {
            row["name"]: Parameter(name=row["name"], kind=row["kind"], paths=tuple(row["path"].split("|")))
            for row in (*common, *rows)
            if row["type"] in {kind, "*"} and row["name"]
        }
        for kind in dict.fromkeys(row["type"] for row in rows if row["type"] != "*")
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """What a resource is found by."""

    tokens: tuple[tuple[str, str, str], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    dates: tuple[tuple[str, Span], ...] = ()
    strings: tuple[tuple[str, str], ...] = ()


def values_of(kind: str, body: JsonObject) -> Values:
    """The values of every parameter of the type: (name, system, code), (name, target), (name, span), (name, text)."""
    found: dict[str, list[tuple[str, object]]] = {"token": [], "reference": [], "date": [], "string": []}
    for one in table().get(kind, {}).values():
        for path in one.paths:
            found[one.kind] += [(one.name, value) for value in _at(body, _steps(path))]
    return Values(
        tokens=tuple((n, s, c) for n, v in found["token"] for s, c in _tokens(v)),
        references=tuple((n, r) for n, v in found["reference"] if (r := text(v, "reference"))),
        dates=tuple((n, s) for n, v in found["date"] if (s := span(v))),
        strings=tuple((n, fold(s)) for n, v in found["string"] for s in _strings(v)),
    )


@cache
def _steps(path: str) -> tuple[tuple[str, str | None], ...]:
    """The member names of a path, each with the extension url it is narrowed to."""
    inside = re.sub(r"\([^)]*\)", lambda m: m[0].replace(".", "\0"), path)
    parts = (_STEP.fullmatch(step.replace("\0", ".")) for step in inside.split("."))
    return tuple((found[1], found[2]) for found in parts if found)


def _at(value: object, steps: tuple[tuple[str, str | None], ...]) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, steps)
    elif not steps:
        yield value
    elif isinstance(value, Mapping):
        (name, url), *rest = steps
        inner = value.get(name)
        if url is not None:
            inner = [one for one in inner if text(one, "url") == url] if isinstance(inner, list) else None
        if inner is not None:
            yield from _at(inner, tuple(rest))


def _tokens(value: object) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, Coding, CodeableConcept, Identifier or boolean."""
    if isinstance(value, bool):
        yield "", str(value).lower()
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        if isinstance(inner := value.get("coding"), list):
            for one in inner:
                yield from _tokens(one)
        code = text(value, "code") or text(value, "value")
        if code:
            yield text(value, "system") or "", code


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name in (*_NAME_PARTS, *_ADDRESS_PARTS):
            inner = value.get(name)
            for one in inner if isinstance(inner, list) else [inner]:
                if isinstance(one, str):
                    yield one


def fold(value: str) -> str:
    """A string as it is compared: case folded, white space single."""
    return " ".join(value.casefold().split())
