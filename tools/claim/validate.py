"""The structural gate: pyx12's maps of the implementation guide, run in process.

pyx12 4.0.0 parses its XML map on every call (about 250 ms). The map never changes, so it is loaded once and
shared; that brings a claim to a few milliseconds.
"""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from pyx12 import map_if, params, x12n_document
from pyx12.errors import EngineError, X12Error

from knowledge.records import Record

_Json: TypeAlias = dict[str, Any]  # pyx12's own report, read once below
_LOCK = threading.Lock()
_LOADED: dict[str, object] = {}


class StructureError(Record):
    """One fault pyx12 found: the segment, its number within the transaction, the element, the reason."""

    segment: str
    position: int
    element: str
    reason: str

    def __str__(self) -> str:
        """One line for people."""
        where = f"{self.segment} {self.position}" + (f" element {self.element}" if self.element else "")
        return f"{where}: {self.reason}"


def validate_837(text: str) -> list[StructureError]:
    """Every fault of an X12 file against the guide's map; an empty list means that none was found.

    Not for 277CA: pyx12's map of it rejects the guide's own examples.
    """
    report = io.StringIO()
    with _LOCK, _maps_loaded_once():
        settings = params.params()
        settings.set("charset", "E")
        try:
            passed = x12n_document.x12n_document(settings, io.StringIO(text), None, None, fd_json=report)
        except (EngineError, X12Error, IndexError) as error:
            # IndexError: a composite with more components than the map knows (5 pointers, 9 parts of SV101)
            return [_file_error(f"the structure can not be followed to its end ({error})")]
    found = list(_faults(json.loads(report.getvalue()))) if report.getvalue() else []
    if not passed and not found:
        return [_file_error("the envelope (ISA, GS or ST) is malformed or the file is no X12")]
    return found


@contextmanager
def _maps_loaded_once() -> Iterator[None]:
    original: Callable[..., object] = map_if.load_map_file

    def load(name: str, *args: object, **kwargs: object) -> object:
        if name not in _LOADED:
            _LOADED[name] = original(name, *args, **kwargs)
        return _LOADED[name]

    log = logging.getLogger("pyx12")  # it would write names and dates of patients to the log
    before = log.level
    map_if.load_map_file = load
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        map_if.load_map_file = original
        log.setLevel(before)


def _faults(report: _Json) -> Iterator[StructureError]:
    for interchange in report["interchanges"]:
        yield from _plain("ISA", interchange["errors"])
        for group in interchange["groups"]:
            yield from _plain("GS", group["errors"])
            for transaction in group["transactions"]:
                yield from _plain("ST", transaction["errors"])
                for segment in transaction["segments"]:
                    yield from _segment_faults(segment)


def _plain(segment: str, errors: list[_Json]) -> Iterator[StructureError]:
    for error in errors:
        yield StructureError(segment=segment, position=0, element="", reason=error["err_str"])


def _segment_faults(segment: _Json) -> Iterator[StructureError]:
    name, position = segment["seg_id"], int(segment["seg_count"])
    for error in segment["errors"]:
        yield StructureError(segment=name, position=position, element="", reason=error["err_str"])
    for element in segment.get("elements", ()):
        place = str(element["ele_pos"]) + (f"-{element['subele_pos']}" if element.get("subele_pos") else "")
        for error in element["errors"]:
            yield StructureError(segment=name, position=position, element=place, reason=error["err_str"])


def _file_error(reason: str) -> StructureError:
    return StructureError(segment="ISA", position=0, element="", reason=reason)
