"""Search and ``$everything`` over the store: matches in order, and what they include."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from tools.fhir.rest.guard import SHARED
from tools.fhir.server.parameters import table
from tools.fhir.server.query import QueryError, where
from tools.fhir.server.store import FhirStore, Row, relative

_MOST_INCLUDED = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A whole result, to be paged; ``path`` and ``pairs`` are what was asked."""

    matches: tuple[Row, ...]
    path: str
    pairs: tuple[tuple[str, str], ...]
    included: tuple[Row, ...] = ()


def search(
    store: FhirStore, kind: str, pairs: list[tuple[str, str]], *, strict: bool, hidden: frozenset[str]
) -> Found:
    """A search of one type.

    Raises:
        QueryError: the type or a parameter is not known, or a value does not fit.
    """
    if kind not in table():
        raise QueryError(f"unknown resource type {kind}")
    wanted = where(kind, pairs, strict=strict, hidden=hidden)
    order = _order(dict(pairs).get("_sort", ""))
    matches = tuple(store.select(wanted.sql, wanted.given, order))
    included = {row.rid: row for row in (*_forward(store, matches, pairs), *_reverse(store, matches, pairs))}
    for row in matches:
        included.pop(row.rid, None)
    return Found(matches=matches, path=kind, pairs=tuple(pairs), included=tuple(included.values()))


def _order(asked: str) -> str:
    known = {
        "_lastUpdated": "updated, rid",
        "-_lastUpdated": "updated DESC, rid",
        "_id": "id",
        "-_id": "id DESC",
    }
    if asked and asked not in known:
        raise QueryError(f"_sort={asked} is not supported; use {', '.join(known)}")
    return known.get(asked, "rid")


def _forward(store: FhirStore, matches: tuple[Row, ...], pairs: list[tuple[str, str]]) -> Iterator[Row]:
    for name, value in pairs:
        if name.split(":")[0] != "_include":
            continue
        _, _, parameter = value.partition(":")
        for row in matches[:_MOST_INCLUDED]:
            for target in store.targets(row.rid, parameter.split(":")[0]):
                yield from _row(store, target)


def _reverse(store: FhirStore, matches: tuple[Row, ...], pairs: list[tuple[str, str]]) -> Iterator[Row]:
    for name, value in pairs:
        if name != "_revinclude":
            continue
        kind, _, parameter = value.partition(":")
        for row in matches[:_MOST_INCLUDED]:
            sql = "type = ? AND rid IN (SELECT rid FROM ref WHERE name = ? AND target = ?)"
            yield from store.select(sql, (kind, parameter, row.reference))


def _row(store: FhirStore, target: str) -> Iterator[Row]:
    kind, _, own_id = relative(target).partition("/")
    found = store.get(kind, own_id)
    if found is not None and not found.deleted:
        yield found


def everything(store: FhirStore, patient: str) -> list[Row]:
    """The patient's compartment and the people, organisations and places it names, by type and id."""
    own = store.select("patient = ?", (patient,))
    found = {row.reference: row for row in own}
    more = list(own)
    while more:
        named = {t for row in more for t in _named(orjson.loads(row.body)) if t not in found}
        more = [row for target in sorted(named) for row in _row(store, target)]
        found |= {row.reference: row for row in more}
    return sorted(found.values(), key=lambda row: (row.type, row.id))


def _named(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("reference")
        if isinstance(target, str) and relative(target).split("/")[0] in SHARED:
            yield relative(target)
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
