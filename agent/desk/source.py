"""The encounter as it came in, kept so that it can be coded again: every resource with its own hash, every text as received."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from tools.encounter import ClinicalDocument
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.context_file import ContextFile
from tools.fhir.source import RawEncounter

Json = dict[str, Any]


class SourceError(Exception):
    """What was kept of an encounter can not be read back."""


def encounter_id(raw: RawEncounter) -> str:
    """The id under which the encounter is known (as gather names it)."""
    if raw.encounter is not None:
        return raw.encounter.id
    return raw.context.encounter or raw.notes[0].id


def packed(raw: RawEncounter) -> bytes:
    """Compressed JSON of an encounter; numbers keep the form in which they were written."""
    said = {
        "where": raw.where,
        "sha256": raw.sha256,
        "encounter": raw.encounter.reference if raw.encounter else None,
        "resources": [_resource(r) for r in raw.bundle.resources],
        "notes": [n.model_dump(mode="json") for n in raw.notes],
        "context": _context(raw.context),
    }
    return zlib.compress(_encoded(said), level=1)


def unpacked(data: bytes) -> RawEncounter:
    """The encounter that ``packed`` kept (already decompressed).

    Raises:
        SourceError: it names an encounter that it does not hold.
    """
    said = json.loads(data, parse_float=Decimal)
    bundle = Bundle(tuple(Resource(**r) for r in said["resources"]))
    wanted = said["encounter"]
    encounter = next((r for r in bundle.resources if r.reference == wanted), None)
    if wanted is not None and encounter is None:
        raise SourceError("the encounter kept in the store is damaged; code it again from its file")
    return RawEncounter(
        where=said["where"],
        sha256=said["sha256"],
        bundle=bundle,
        encounter=encounter,
        notes=tuple(ClinicalDocument.model_validate(n) for n in said["notes"]),
        context=_read_context(said["context"]),
    )


def _resource(resource: Resource) -> Json:
    return {f.name: getattr(resource, f.name) for f in fields(Resource)}


def _context(context: ContextFile) -> Json:
    plain = {f.name: getattr(context, f.name) for f in fields(ContextFile)}
    history = context.history
    return {
        **plain,
        "date_of_service": context.date_of_service.isoformat() if context.date_of_service else None,
        "resources": {role: [_resource(r) for r in listed] for role, listed in context.resources.items()},
        "history": None if history is None else [_resource(r) for r in history.resources],
    }


def _read_context(said: Json) -> ContextFile:
    day, history = said["date_of_service"], said["history"]
    return ContextFile(
        **{
            **said,
            "date_of_service": date.fromisoformat(day) if day else None,
            "resources": {
                role: tuple(Resource(**r) for r in listed) for role, listed in said["resources"].items()
            },
            "history": None if history is None else Bundle(tuple(Resource(**r) for r in history)),
        }
    )


def _encoded(said: Json) -> bytes:
    """JSON in which a Decimal is the number it was read from; slowly where the fast encoder can not (huge integers, odd text)."""
    try:
        return orjson.dumps(said, default=lambda d: orjson.Fragment(str(d)))
    except TypeError:
        return _json(said).encode()


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(k))}:{_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value)
