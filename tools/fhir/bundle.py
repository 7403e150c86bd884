"""A FHIR Bundle, parsed and indexed: resources with the sha256 of their own bytes, references resolved."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import unquote

import orjson

from tools.fhir.errors import InputError
from tools.fhir.scan import Entry, Scan, scan
from tools.fhir.views import JsonObject, node, objects, text

_LITERAL = re.compile(r"(?:^|/)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/.*)?$")
_SEARCH = re.compile(r"^(?P<type>[A-Z][A-Za-z]+)\?identifier=(?P<system>.*?)\|(?P<value>.+)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource of the record.

    Attributes:
        reference: ``Type/id``, or the entry's address when the resource has no id of its own.
        body: the parsed resource; never changed, never written out again.
        sha256: of the UTF-8 bytes of the resource's slice of the source; for a resource that the context
            file gave, of its canonical compact JSON (sorted keys, no white space).
    """

    type: str
    id: str
    reference: str
    body: JsonObject
    sha256: str
    full_url: str | None = None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def from_object(body: JsonObject) -> Resource:
    """A resource given as an object (context file): hashed over its canonical compact JSON."""
    kind, own = text(body, "resourceType") or "", text(body, "id") or ""
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)
    return Resource(type=kind, id=own, reference=f"{kind}/{own}", body=body, sha256=_digest(canonical))


def from_entry(entry: Entry, number: int) -> Resource:
    """The resource of one entry, hashed over its own slice of the source.

    Raises:
        InputError: the entry holds no FHIR resource.
    """
    body = entry.resource
    kind = text(body, "resourceType")
    if not isinstance(body, dict) or kind is None:
        raise InputError(
            f"entry[{number}].resource: no FHIR resource (resourceType is missing); repair the Bundle"
        )
    own = text(body, "id")
    tail = (entry.full_url or "").rsplit(
        ":" if (entry.full_url or "").startswith("urn:") else "/", maxsplit=1
    )[-1]
    return Resource(
        type=kind,
        id=own or tail or f"entry-{number}",
        reference=f"{kind}/{own}" if own else entry.full_url or f"{kind}/entry-{number}",
        body=body,
        sha256=_digest(entry.source.encode("utf-8", "surrogatepass")),
        full_url=entry.full_url,
    )


@dataclass(frozen=True)
class Bundle:
    """The resources of one record, by type and by every form of reference."""

    resources: tuple[Resource, ...] = ()
    _by_reference: dict[str, Resource] = field(init=False, repr=False, compare=False)
    _by_number: dict[tuple[str, str], list[Resource]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, Resource] = {}
        for one in self.resources:
            for key in (one.full_url, one.reference, f"{one.type}/{one.id}", f"urn:uuid:{one.id}"):
                if key:
                    index.setdefault(key, one)
        object.__setattr__(self, "_by_reference", index)
        object.__setattr__(self, "_by_number", _numbered(self.resources))

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types in the order of the source."""
        return tuple(r for r in self.resources if r.type in types)

    def with_resources(self, more: Iterable[Resource]) -> "Bundle":
        """This record and further resources; those already here keep precedence."""
        return Bundle((*self.resources, *more))

    def resolve(self, reference: object, owner: Resource | None = None) -> Resource | None:
        """The resource a Reference names, or None when it is not in the record.

        Understood: ``urn:uuid:``, ``Type/id``, absolute and versioned addresses, ``#contained`` (of
        ``owner``), conditional ``Type?identifier=system|value``, and a logical reference by ``identifier``
        alone.
        """
        target = text(reference, "reference")
        if target is None:
            return self._by_identifier(text(reference, "type"), node(reference, "identifier"))
        if target.startswith("#"):
            return _contained(owner, target[1:])
        if target in self._by_reference:
            return self._by_reference[target]
        if found := _SEARCH.match(unquote(target)):
            return self._having(found["type"], found["system"], found["value"])
        literal = _LITERAL.search(target)
        return self._by_reference.get(f"{literal['type']}/{literal['id']}") if literal else None

    def _by_identifier(self, kind: str | None, wanted: object) -> Resource | None:
        system, value = text(wanted, "system"), text(wanted, "value")
        return self._having(kind, system, value) if system and value else None

    def _having(self, kind: str | None, system: str, value: str) -> Resource | None:
        found = self._by_number.get((system, value), ())
        return next((r for r in found if kind in {None, r.type}), None)


def _numbered(resources: tuple[Resource, ...]) -> dict[tuple[str, str], list[Resource]]:
    """The resources by system and value of their identifiers."""
    index: dict[tuple[str, str], list[Resource]] = {}
    for one in resources:
        for number in objects(one.body, "identifier"):
            system, value = text(number, "system"), text(number, "value")
            if system and value:
                index.setdefault((system, value), []).append(one)
    return index


def _contained(owner: Resource | None, own_id: str) -> Resource | None:
    for position, body in enumerate(objects(owner.body, "contained") if owner else ()):
        if owner and text(body, "id") == own_id:
            return Resource(
                type=text(body, "resourceType") or "",
                id=own_id,
                reference=f"{owner.reference}#{own_id}",
                body=body,
                sha256=owner.sha256,
                full_url=f"/contained/{position}",
            )
    return None


def reference_key(reference: object) -> str | None:
    """What identifies the target of a Reference that the record lacks: its address or identifier value."""
    return text(reference, "reference") or text(reference, "identifier", "value")


def decode(data: bytes, where: str) -> str:
    """The text of an input file.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        message = f"{where}: not UTF-8 (byte {fault.start}); save the file as UTF-8"
        raise InputError(message) from None


def read_json(data: bytes, where: str) -> object:
    """Any JSON document, its numbers as they were written.

    Raises:
        InputError: not UTF-8, or not JSON (with line and column).
    """
    try:
        return json.loads(decode(data, where).removeprefix("\ufeff"), parse_float=Decimal)
    except json.JSONDecodeError as fault:
        raise _broken(fault, where) from None


def _broken(fault: json.JSONDecodeError, where: str) -> InputError:
    place = f"{where}, line {fault.lineno}, column {fault.colno}"
    return InputError(f"{place}: broken JSON ({fault.msg}); repair the file")


def parse(data: bytes, where: str) -> Scan:
    """The top level of a JSON document with the source slice of every entry.

    Raises:
        InputError: not UTF-8, or not JSON (with line and column).
    """
    source = decode(data, where).removeprefix("\ufeff")
    try:
        return scan(source)
    except json.JSONDecodeError as fault:
        raise _broken(fault, where) from None
    except RecursionError:
        raise InputError(f"{where}: JSON nested too deeply; give a FHIR Bundle") from None
    except ValueError as fault:
        raise InputError(f"{where}: broken JSON ({fault}); repair the file") from None


def read_bundle(data: bytes, where: str) -> Bundle:
    """Parse and index a FHIR R4 Bundle (transaction, batch, collection, searchset or document).

    Raises:
        InputError: not UTF-8, not JSON (with line and column), not a Bundle, or an entry without a resource.
    """
    found = parse(data, where)
    kind = found.members.get("resourceType")
    if kind != "Bundle":
        named = f"a FHIR {kind}" if isinstance(kind, str) and kind.isalpha() else "no FHIR resource"
        raise InputError(
            f"{where}: {named}, not a Bundle; give a Bundle with the encounter and its documents"
        )
    return _indexed(found.entries, where)


def _indexed(entries: tuple[Entry, ...], where: str) -> Bundle:
    kept = []
    for number, entry in enumerate(entries):
        if entry.resource is None and (entry.method or "GET") != "POST":
            continue
        try:
            kept.append(from_entry(entry, number))
        except InputError as fault:
            raise InputError(f"{where}, {fault}") from None
    return Bundle(tuple(kept))
