"""The structural gate: pyx12's maps of the implementation guide, run in process.

pyx12 4.0.0 parses its XML map on every call (about 250 ms). The map never changes, so it is loaded once and shared; that
brings a claim to a few milliseconds.
"""

import functools
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pyx12 import map_if, params, x12n_document
from pyx12.errors import EngineError, X12Error

from knowledge.records import Record

_LOCK = threading.Lock()
_LOADED: dict[str, Any] = {}


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
    """Every fault of an X12 file against the guide's map; an empty list means none was found.

    Not for 277CA: pyx12's map of it rejects the guide's own examples.
    """
    with _LOCK, _memoised_maps():
        return _run(text)


class _memoised_maps:  # noqa: N801  a context manager reads as a verb
    """Replaces pyx12's map loader by one that remembers, while the block runs."""

    def __enter__(self) -> None:
        self._original = map_if.load_map_file
        patched = functools.partial(_load, self._original)
        map_if.load_map_file = patched
        x12n_document.pyx12.map_if.load_map_file = patched

    def __exit__(self, *_: object) -> None:
        map_if.load_map_file = self._original
        x12n_document.pyx12.map_if.load_map_file = self._original


def _load(original: Callable[..., Any], name: str, *args: Any, **kwargs: Any) -> Any:
    if name not in _LOADED:
        _LOADED[name] = original(name, *args, **kwargs)
    return _LOADED[name]
