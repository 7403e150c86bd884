"""A FHIR R4 server as we need it: read, search to the last page, ``$everything``, create once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import orjson

from tools.fhir.bundle import Resource, from_object
from tools.fhir.rest.address import Base, Pairs, encode
from tools.fhir.rest.capability import Capability, read_capability
from tools.fhir.rest.errors import BrokenAnswerError, FhirError, NotFoundError, UnsupportedError
from tools.fhir.rest.page import Page, read_page, read_single
from tools.fhir.rest.wire import JSON, Answer, Wire
from tools.fhir.views import JsonObject

FORM = "application/x-www-form-urlencoded"
PAGE_SIZE = "100"
_TRIES_OF_BROKEN = 3
_WRITE = {"Content-Type": JSON, "Prefer": "return=minimal"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """A resource that a conditional create made, or found made before."""

    reference: str
    made: bool


class FhirClient:
    """One server. Not safe for several threads at once: open one for each."""

    def __init__(self, base: Base, wire: Wire, *, page_cap: int = 500) -> None:
        self.base = base
        self._wire = wire
        self._page_cap = page_cap
        self._post = True

    @cached_property
    def capability(self) -> Capability:
        """The server's CapabilityStatement, asked for once."""
        return read_capability(
            read_single(self._get(self.base.at("metadata"), "metadata").body, "metadata").body
        )

    def read(self, kind: str, own_id: str) -> Resource:
        """One resource.

        Raises:
            NotFoundError: the server does not hold it. BrokenAnswerError: something else came back.
        """
        what = f"{kind}/{own_id}"
        answer = self._get(self.base.at(what), what)
        if kind == "Binary" and "json" not in answer.headers.get("content-type", ""):
            return _binary(own_id, answer)
        found = read_single(answer.body, what)
        if (found.type, found.id) != (kind, own_id):
            raise BrokenAnswerError(f"FHIR server: {what}: another resource came back")
        return found

    def search(self, kind: str, pairs: Pairs) -> tuple[Resource, ...]:
        """Every resource of a search, to its last page.

        The parameters go in the body of ``POST _search``, so that they stand in no log of addresses; a server
        that does not know it is asked by GET.

        Raises:
            BrokenAnswerError: fewer came than the server counts: a part is missing.
        """
        parameters = [*pairs, ("_count", PAGE_SIZE)]
        first = self._first(kind, parameters)
        found = tuple(self._pages(first, f"search of {kind}"))
        if first.total is not None and len(found) < first.total:
            raise BrokenAnswerError(
                f"FHIR server: search of {kind}: {len(found)} resources came of {first.total} counted; "
                "nothing was coded, run it again"
            )
        return found

    def everything(self, patient: str) -> tuple[Resource, ...]:
        """The patient's whole record by ``$everything``."""
        what = f"$everything of Patient/{patient}"
        url = self.base.at(f"Patient/{patient}/$everything", [("_count", PAGE_SIZE)])
        return tuple(self._pages(self._page("GET", url, what), what))

    def create_once(self, kind: str, body: JsonObject, condition: Pairs, *, key: str) -> Written:
        """Create a resource of ours unless it exists: safe to repeat.

        Where the server takes our ids (update as create), under an id made from ``key``; else by
        ``If-None-Exist`` on ``condition``.

        Args:
            kind: resource type.
            body: the resource, without id.
            condition: search parameters that find exactly this resource.
            key: what makes it this resource; hashed.

        Raises:
            FhirError: the server promises neither, or several resources fulfil the condition.
        """
        self.check_creates(kind)
        if self.capability.types[kind].update_create:
            return self._put_once(kind, body, hashlib.sha256(key.encode()).hexdigest()[:40])
        return self._post_once(kind, body, list(condition))

    def check_creates(self, *kinds: str) -> None:
        """Refuse to begin what could not be repeated.

        Raises:
            FhirError: the server promises neither update-as-create nor conditional create of a type.
        """
        for kind in kinds:
            support = self.capability.types.get(kind)
            if support is None or not (support.update_create or support.conditional_create):
                raise FhirError(
                    f"FHIR server: neither update-as-create nor conditional create of {kind}; a retry could "
                    "write it twice, so nothing was written"
                )

    def _put_once(self, kind: str, body: JsonObject, own_id: str) -> Written:
        what = f"{kind}/{own_id}"
        try:
            return Written(reference=self.read(kind, own_id).reference, made=False)
        except NotFoundError:
            self._wire.send(
                "PUT", self.base.at(what), what, body=_json({**body, "id": own_id}), headers=_WRITE
            )
        return Written(reference=what, made=True)

    def _post_once(self, kind: str, body: JsonObject, condition: list[tuple[str, str]]) -> Written:
        headers = {**_WRITE, "If-None-Exist": encode(condition)}
        what = f"create of {kind}"
        answer = self._wire.send("POST", self.base.at(kind), what, body=_json(body), headers=headers)
        parts = answer.headers.get("Location", "").split("/_history/")[0].rstrip("/").split("/")
        if len(parts) >= 2 and parts[-2] == kind:
            return Written(reference="/".join(parts[-2:]), made=answer.status == 201)
        found = self.search(kind, condition)
        if len(found) != 1:
            raise BrokenAnswerError(
                f"FHIR server: {kind}: {len(found)} found after the create; look into it there"
            )
        return Written(reference=found[0].reference, made=answer.status == 201)

    def _get(self, url: str, what: str) -> Answer:
        return self._wire.send("GET", url, what)

    def _first(self, kind: str, parameters: list[tuple[str, str]]) -> Page:
        what = f"search of {kind}"
        if self._post:
            try:
                form = encode(parameters).encode()
                return self._page("POST", self.base.at(f"{kind}/_search"), what, form)
            except UnsupportedError:
                self._post = False
        return self._page("GET", self.base.at(kind, parameters), what)

    def _page(self, method: str, url: str, what: str, form: bytes | None = None) -> Page:
        """One page; an answer that is cut off is asked for again."""
        headers = {"Content-Type": FORM} if form is not None else {}
        for attempt in range(_TRIES_OF_BROKEN):
            answer = self._wire.send(method, url, what, body=form, headers=headers)
            try:
                return read_page(answer.body, what)
            except BrokenAnswerError:
                if attempt + 1 == _TRIES_OF_BROKEN:
                    raise
        raise AssertionError("unreachable")

    def _pages(self, page: Page, what: str) -> Iterator[Resource]:
        """The pages from this one on, by the links exactly as the server gives them."""
        asked: set[str] = set()
        had: set[str] = {one.reference for one in page.resources}
        yield from page.resources
        while page.next is not None:
            url = self.base.follow(page.next)
            if len(asked) >= self._page_cap:
                raise BrokenAnswerError(
                    f"FHIR server: {what}: over {self._page_cap} pages; nothing was coded"
                )
            page = self._page("GET", url, what)
            found = {one.reference for one in page.resources}
            if url in asked or (found and found <= had):
                raise BrokenAnswerError(
                    f"FHIR server: {what}: the pages go round in a circle; nothing was coded"
                )
            asked.add(url)
            had |= found
            yield from page.resources


def _json(body: JsonObject) -> bytes:
    """JSON that keeps every cent."""
    from tools.claim.fhir_claim.jsontext import dumps

    return dumps(body).encode()


def _binary(own_id: str, answer: Answer) -> Resource:
    """A Binary that came as its bare content."""
    import base64

    kind = answer.headers.get("content-type", "application/octet-stream")
    body = {
        "resourceType": "Binary",
        "id": own_id,
        "contentType": kind,
        "data": base64.b64encode(answer.body).decode(),
    }
    return from_object(orjson.loads(orjson.dumps(body)))
