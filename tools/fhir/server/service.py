"""The server's answers, without the network: a request in, status, headers and bytes out."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import orjson

from tools.fhir.bundle import parse
from tools.fhir.errors import InputError
from tools.fhir.rest.address import decode, encode
from tools.fhir.rest.wire import JSON, utc_day
from tools.fhir.server.faults import Faults
from tools.fhir.server.metadata import hidden, statement
from tools.fhir.server.misbehaviour import faulty, spoiled
from tools.fhir.server.query import QueryError
from tools.fhir.server.searching import Found, everything, search
from tools.fhir.server.store import FhirStore, Row
from tools.fhir.server.writing import WriteError, Writer, stamped

Mode = Literal["plain", "hapi", "healthlake"]
_READ = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(/_history/\d+)?")
_TYPE = re.compile(r"([A-Z][A-Za-z]+)(/_search)?")
_EVERYTHING = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})/\$everything")
MOST_PAGES = {"plain": 500, "hapi": 200, "healthlake": 100}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A reply; ``drop`` ends the connection instead."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


class Refusal(Exception):  # noqa: N818 # it is an answer, not a fault of ours
    """An error to be answered with an OperationOutcome."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class FhirService:
    """A small FHIR R4 server over the embedded store.

    Modes differ where servers differ: ``plain`` keeps the bytes as they came; ``hapi`` pages over the base
    address and refuses unknown parameters; ``healthlake`` binds page tokens to ``_count``, offers ``patient``
    only where its older documentation does, and has no conditional create.
    """

    def __init__(
        self,
        store: FhirStore,
        base: str,
        *,
        mode: Mode = "plain",
        check: Callable[[Request], Reply | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.mode, self.clock = store, mode, clock
        self.base = base.rstrip("/")
        self.faults = Faults()
        self._check = check
        self._pages: dict[str, Found] = {}
        self.writer = Writer(store, stamp=None if mode == "plain" else stamped)

    def handle(self, request: Request) -> Reply:
        """Answer one request; every error is an OperationOutcome."""
        if self._check is not None and (refused := self._check(request)) is not None:
            return refused
        kind = self.faults.take(f"{request.method} {request.target}")
        if kind is not None and (reply := faulty(kind, self.clock())) is not None:
            return Reply(**reply)
        try:
            reply_made = self._route(request)
        except Refusal as fault:
            return outcome(fault.status, fault.code, str(fault))
        except (WriteError, QueryError, InputError) as fault:
            status = fault.status if isinstance(fault, WriteError) else 400
            return outcome(status, "invalid", str(fault))
        if kind is not None and reply_made.status == 200:
            spoilt = spoiled(kind, reply_made.body, self.base)
            return Reply(status=200, headers=reply_made.headers, body=spoilt)
        return reply_made

    def _route(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        root = urlsplit(self.base).path
        if not (parts.path == root or parts.path.startswith(f"{root}/")):
            raise Refusal(404, "not-found", "outside the base address")
        path, pairs = parts.path.removeprefix(root).strip("/").replace("%24", "$"), decode(parts.query)
        if request.method == "GET":
            return self._get(path, pairs, request)
        if request.method == "POST" and (found := _TYPE.fullmatch(path)) and found[2]:
            return self._search(found[1], [*pairs, *decode(request.body.decode())], request)
        return self._write(request, path)

    def _get(self, path: str, pairs: list[tuple[str, str]], request: Request) -> Reply:
        if path == "metadata":
            return _json(200, statement(self.mode, self.base))
        if not path and any(name == "_getpages" for name, _ in pairs):
            return self._page(dict(pairs))
        if self.mode == "healthlake" and any(name == "page" for name, _ in pairs):
            return self._token_page(dict(pairs))
        if found := _EVERYTHING.fullmatch(path):
            rows = everything(self.store, found[1])
            if not rows:
                raise Refusal(404, "not-found", f"no Patient/{found[1]}")
            return self._first(Found(matches=tuple(rows), path=path, pairs=tuple(pairs)))
        if found := _READ.fullmatch(path):
            return self._read(found[1], found[2])
        if found := _TYPE.fullmatch(path):
            return self._search(found[1], pairs, request)
        raise Refusal(404, "not-found", "no such address")

    def _read(self, kind: str, own_id: str) -> Reply:
        row = self.store.get(kind, own_id)
        if row is None:
            raise Refusal(404, "not-found", f"no {kind}/{own_id}")
        if row.deleted:
            raise Refusal(410, "deleted", f"{kind}/{own_id} was deleted")
        return Reply(status=200, body=row.body, headers=_headers(row))

    def _search(self, kind: str, pairs: list[tuple[str, str]], request: Request) -> Reply:
        strict = self.mode != "plain" or "strict" in request.headers.get("prefer", "")
        found = search(self.store, kind, pairs, strict=strict, hidden=hidden(self.mode, kind))
        if ("_summary", "count") in pairs:
            return _json(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found.matches)})
        return self._first(found)

    def _first(self, found: Found) -> Reply:
        asked = dict(found.pairs).get("_count", "50" if self.mode != "hapi" else "10")
        if not asked.isdigit() or int(asked) < 1:
            raise Refusal(400, "invalid", "_count is no positive number")
        size = min(int(asked), MOST_PAGES[self.mode])
        key = hashlib.sha256(f"{len(self._pages)} {found.path}".encode()).hexdigest()[:32]
        if len(found.matches) > size:
            self._pages[key] = found
        return self._slice(found, key, 0, size)

    def _page(self, pairs: dict[str, str]) -> Reply:
        key = pairs["_getpages"]
        found = self._pages.get(key)
        if found is None:
            raise Refusal(410, "not-found", "the search has expired")
        return self._slice(found, key, int(pairs.get("_getpagesoffset", "0")), int(pairs.get("_count", "10")))

    def _token_page(self, pairs: dict[str, str]) -> Reply:
        """HealthLake's next page: the token stands for a place and is bound to the ``_count`` it came with."""
        key, _, rest = pairs["page"].removesuffix("+/==").partition("_")
        offset, _, size = rest.partition("_")
        found = self._pages.get(key)
        if found is None or pairs.get("_count") != size:
            raise Refusal(400, "invalid", "Invalid pagination token.")
        return self._slice(found, key, int(offset), int(size))

    def _slice(self, found: Found, key: str, offset: int, size: int) -> Reply:
        page = found.matches[offset : offset + size]
        links = [{"relation": "self", "url": self._address(found.path, found.pairs)}]
        if offset + size < len(found.matches):
            links.append({"relation": "next", "url": self._next(found.path, key, offset + size, size)})
        rows = [(row, "match") for row in page]
        if page:
            rows += [(row, "include") for row in found.included]
        return Reply(
            status=200, body=self._bundle(rows, links, len(found.matches)), headers={"Content-Type": JSON}
        )

    def _next(self, path: str, key: str, offset: int, size: int) -> str:
        if self.mode == "healthlake":
            token = f"{key}_{offset}_{size}+/=="
            return self._address(path, [("_count", str(size)), ("page", token)])
        pairs = [("_getpages", key), ("_getpagesoffset", str(offset)), ("_count", str(size))]
        return self._address("", [*pairs, ("_pretty", "true"), ("_bundletype", "searchset")])

    def _address(self, path: str, pairs: "tuple[tuple[str, str], ...] | list[tuple[str, str]]") -> str:
        query = encode(pairs)
        if self.mode == "healthlake":
            query = query.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
        return f"{self.base}{'/' if path else ''}{path}" + (f"?{query}" if query else "")

    def _bundle(self, rows: list[tuple[Row, str]], links: list[dict[str, str]], total: int) -> bytes:
        """A searchset whose resources are the stored bytes."""
        head = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
        entries = b",".join(
            b'{"fullUrl":%s,"resource":%s,"search":{"mode":"%s"}}'
            % (orjson.dumps(f"{self.base}/{row.reference}"), row.body, how.encode())
            for row, how in rows
        )
        return orjson.dumps(head)[:-1] + b',"entry":[' + entries + b"]}"

    def _write(self, request: Request, path: str) -> Reply:
        source = request.body.decode("utf-8", "strict")
        if request.method == "POST" and not path:
            return self._batch(request.body)
        if request.method == "POST" and (found := _TYPE.fullmatch(path)):
            condition = request.headers.get("if-none-exist")
            if condition is not None and self.mode == "healthlake":
                raise Refusal(400, "not-supported", "conditional create is not supported")
            done = self.writer.create(found[1], source, condition)
        elif request.method == "PUT" and (found := _READ.fullmatch(path)):
            done = self.writer.put(found[1], found[2], source)
        elif request.method == "DELETE" and (found := _READ.fullmatch(path)):
            if not self.store.delete(found[1], found[2]):
                raise Refusal(404, "not-found", f"no {path}")
            return Reply(status=204)
        else:
            raise Refusal(405, "not-supported", f"{request.method} is not supported here")
        place = f"{self.base}/{done.row.reference}/_history/{done.row.version}"
        body = b"" if "minimal" in request.headers.get("prefer", "") else done.row.body
        return Reply(
            status=201 if done.made else 200, body=body, headers={**_headers(done.row), "Location": place}
        )

    def _batch(self, data: bytes) -> Reply:
        found = parse(data, "Bundle")
        kind = found.members.get("type")
        if kind not in {"transaction", "batch"}:
            raise Refusal(400, "invalid", "a Bundle of type transaction or batch is needed")
        if kind == "transaction":
            answers = [self._written(w.row, made=w.made) for w in self.writer.transaction(found.entries)]
        else:
            answers = []
            for entry in found.entries:
                try:
                    (done,) = self.writer.transaction((entry,))
                    answers.append(self._written(done.row, made=done.made))
                except WriteError as fault:
                    answers.append(
                        {"response": {"status": str(fault.status), "outcome": _issue("invalid", str(fault))}}
                    )
        return _json(200, {"resourceType": "Bundle", "type": f"{kind}-response", "entry": answers})

    def _written(self, row: Row, *, made: bool) -> dict[str, object]:
        place = f"{row.reference}/_history/{row.version}"
        return {
            "response": {"status": "201" if made else "200", "location": place, "etag": f'W/"{row.version}"'}
        }


def _headers(row: Row) -> dict[str, str]:
    return {"Content-Type": JSON, "ETag": f'W/"{row.version}"', "X-Last-Updated": utc_day(row.updated)}


def _json(status: int, value: object) -> Reply:
    return Reply(status=status, body=orjson.dumps(value), headers={"Content-Type": JSON})


def _issue(code: str, message: str) -> dict[str, object]:
    issue = {"severity": "error", "code": code, "diagnostics": message}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def outcome(status: int, code: str, message: str) -> Reply:
    """An error as FHIR words it."""
    return _json(status, _issue(code, message))
