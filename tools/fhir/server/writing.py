"""Writing into the store: single resources, transactions and batches, with references rewritten as FHIR asks."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote
from uuid import uuid4

from tools.fhir.scan import Entry
from tools.fhir.server.query import COMMON, QueryError, where
from tools.fhir.server.store import FhirStore, Row
from tools.fhir.views import JsonObject, node, text

Stamp = Callable[[JsonObject, int, float], bytes]
"""(resource, version, seconds) -> the bytes a server that keeps no source would store."""

_PLACE = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9.-]{1,64}))?")
_IDENTIFIED = re.compile(r'"reference"\s*:\s*"(([A-Z][A-Za-z]+)\?([^"\\]+))"')


class WriteError(ValueError):
    """The resource can not be written; ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of one write."""

    row: Row
    made: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """One entry of a transaction, its place decided before anything is written."""

    kind: str
    id: str
    source: str


class Writer:
    """Writes to one store; with ``stamp`` bodies are kept as the server's own, else as they came."""

    def __init__(self, store: FhirStore, *, stamp: Stamp | None = None) -> None:
        self._store, self._stamp = store, stamp

    def put(self, kind: str, own_id: str, source: str) -> Written:
        """Update, or create under the id given.

        Raises:
            WriteError: no JSON, another type, another id.
        """
        body = _parsed(source)
        if text(body, "resourceType") != kind:
            raise WriteError(400, f"resourceType is not {kind}")
        if text(body, "id") not in {None, own_id}:
            raise WriteError(400, "the id of the resource is not the id of the address")
        if text(body, "id") is None:
            source = _with_id(source, own_id)
            body = _parsed(source)
        data = source.encode()
        if self._stamp is not None:
            old = self._store.get(kind, own_id)
            data = self._stamp(body, old.version + 1 if old else 1, self._store.clock())
        row, made = self._store.put(kind, own_id, data, body)
        return Written(row=row, made=made)

    def create(self, kind: str, source: str, if_none_exist: str | None = None) -> Written:
        """Create under a new id, unless the condition finds one.

        Raises:
            WriteError: 412 when several fulfil the condition.
        """
        with self._store.transaction():
            if if_none_exist is not None and (found := self._matching(kind, if_none_exist)) is not None:
                return Written(row=found, made=False)
            own_id = str(uuid4())
            return self.put(kind, own_id, _with_id(source, own_id))

    def transaction(self, entries: tuple[Entry, ...], *, later: bool = False) -> list[Written]:
        """All entries or none; ``urn:uuid:`` and conditional references become ``Type/id``.

        Args:
            entries: what to write.
            later: leave conditional references to :meth:`settle`, because their targets may come after them.

        Raises:
            WriteError: an entry that can not be written.
        """
        with self._store.transaction():
            given = [entry for entry in entries if entry.resource is not None]
            plans = [self._plan(entry) for entry in given]
            places = {
                entry.full_url: f"{plan.kind}/{plan.id}"
                for entry, plan in zip(given, plans, strict=True)
                if entry.full_url and entry.full_url.startswith("urn:")
            }
            written = [self.put(plan.kind, plan.id, _rewritten(plan.source, places)) for plan in plans]
            return written if later else [self._resolved(one) for one in written]

    def settle(self) -> None:
        """Resolve the conditional references of the whole store that find a target.

        One that finds nothing, or several, stays as it came: what it names is not in the store, or not to be told.
        """
        known: dict[tuple[str, str], str | None] = {}

        def place(found: re.Match[str]) -> str:
            key = (found[2], found[3])
            if key not in known:
                known[key] = self._only(*key)
            return found[0].replace(found[1], known[key] or found[1])

        with self._store.transaction():
            for row in self._store.select("instr(body, '?identifier=') > 0", ()):
                source = row.body.decode()
                done = _IDENTIFIED.sub(place, source)
                if done != source:
                    self._store.put(row.type, row.id, done.encode(), _parsed(done))

    def _only(self, kind: str, condition: str) -> str | None:
        """The reference of the one resource that fulfils the condition, or None."""
        try:
            match = self._matching(kind, condition)
        except WriteError:
            return None
        return match.reference if match else None

    def _resolved(self, one: Written) -> Written:
        """Conditional references of a written resource, now that all are there."""
        source = one.row.body.decode()
        if not one.made or not _IDENTIFIED.search(source):
            return one

        def place(found: re.Match[str]) -> str:
            match = self._matching(found[2], found[3])
            if match is None:
                raise WriteError(412, f"a conditional reference to {found[2]} finds nothing")
            return found[0].replace(found[1], match.reference)

        done = _IDENTIFIED.sub(place, source)
        row, _ = self._store.put(one.row.type, one.row.id, done.encode(), _parsed(done))
        return Written(row=row, made=True)

    def _plan(self, entry: Entry) -> _Plan:
        kind = text(entry.resource, "resourceType") or ""
        if not _PLACE.fullmatch(kind):
            raise WriteError(400, "an entry without a resourceType")
        source = entry.source
        own = text(entry.resource, "id")
        if (entry.method or "PUT") == "POST":
            own = str(uuid4())
            source = _with_id(source, own)
        own = own or (entry.full_url or "").rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,64}", own):
            raise WriteError(400, f"an entry of type {kind} without an id")
        return _Plan(
            kind=kind, id=own, source=source if text(entry.resource, "id") else _with_id(source, own)
        )

    def _matching(self, kind: str, condition: str) -> Row | None:
        pairs = [
            (unquote(k), unquote(v)) for k, _, v in (p.partition("=") for p in condition.split("&")) if k
        ]
        try:
            wanted = where(kind, pairs, strict=True, hidden=frozenset())
        except QueryError as fault:
            raise WriteError(412, str(fault)) from None
        if not pairs or all(name in COMMON for name, _ in pairs):
            raise WriteError(412, "a condition needs a search parameter")
        found = self._store.select(wanted.sql, wanted.given)
        if len(found) > 1:
            raise WriteError(412, f"{len(found)} resources fulfil the condition")
        return found[0] if found else None


def _parsed(source: str) -> JsonObject:
    try:
        body = json.loads(source, parse_float=Decimal)
    except json.JSONDecodeError as fault:
        raise WriteError(400, f"broken JSON, line {fault.lineno}") from None
    if not isinstance(body, dict):
        raise WriteError(400, "no JSON object")
    return body


def _with_id(source: str, own_id: str) -> str:
    """The resource's source with this id; the rest of its text stays as it is."""
    body = _parsed(source)
    given = text(body, "id")
    if given is None:
        return re.sub(r"\{", f'{{"id": {json.dumps(own_id)}, ', source, count=1)
    if given == own_id:
        return source
    return json.dumps({**body, "id": own_id}, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _rewritten(source: str, places: Mapping[str, str]) -> str:
    if "urn:" not in source:
        return source
    return re.sub(r'"(urn:[^"\\]+)"', lambda m: f'"{places.get(m[1], m[1])}"', source)


def stamped(body: JsonObject, version: int, seconds: float) -> bytes:
    """A resource as a server rewrites it: its own ``meta.versionId`` and ``meta.lastUpdated``, compact JSON."""
    from tools.fhir.rest.wire import utc_day

    kept = node(body, "meta")
    meta = {
        **(kept if isinstance(kept, dict) else {}),
        "versionId": str(version),
        "lastUpdated": utc_day(seconds),
    }
    return json.dumps({**body, "meta": meta}, default=_plain, ensure_ascii=False).encode()
