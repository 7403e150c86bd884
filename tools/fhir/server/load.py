"""Files into the store: Bundles, single resources, NDJSON, and folders of them."""

import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from tools.fhir.bundle import parse
from tools.fhir.errors import InputError
from tools.fhir.scan import Entry
from tools.fhir.server.store import FhirStore
from tools.fhir.server.writing import WriteError, Writer
from tools.fhir.views import text

_LINES = (".ndjson", ".jsonl")
_ENDINGS = (".json", *_LINES, ".ndjson.gz")
_BATCH = 2000


def files_of(path: Path) -> tuple[Path, ...]:
    """The files a path stands for.

    Raises:
        InputError: nothing there, or nothing that can be loaded.
    """
    if path.is_file():
        return (path,)
    found = (
        tuple(sorted(p for p in path.rglob("*") if p.is_file() and p.name.lower().endswith(_ENDINGS)))
        if path.is_dir()
        else ()
    )
    if not found:
        raise InputError(f"{path}: no .json or .ndjson file; give Bundles, resources, or a folder of them")
    return found


def load(store: FhirStore, *paths: Path, step: Callable[[str], None] | None = None) -> int:
    """Load files and folders; each file goes in whole or not at all. Returns the number of resources.

    Raises:
        InputError: a file that can not be read as FHIR; the files before it are loaded.
    """
    writer, count = Writer(store), 0
    try:
        for file in (file for path in paths for file in files_of(path)):
            with store.transaction():
                for batch in _batches(file):
                    try:
                        count += len(writer.transaction(batch, later=True))
                    except WriteError as fault:
                        raise InputError(f"{file.name}: {fault}; correct the file") from None
            if step is not None:
                step(file.name)
    finally:
        writer.settle()  # once: it looks through the whole store
    return count


def _batches(file: Path) -> Iterator[tuple[Entry, ...]]:
    """The entries of a file; urn:uuid references hold within one Bundle, NDJSON has none."""
    if file.name.lower().endswith((*_LINES, ".ndjson.gz")):
        yield from _lines(file)
        return
    data = file.read_bytes()
    found = parse(data, file.name)
    kind = found.members.get("resourceType")
    if kind == "Bundle":
        kept = tuple(e for e in found.entries if text(e.resource, "resourceType") != "OperationOutcome")
        yield tuple(
            Entry(full_url=e.full_url, method=_method(e), resource=e.resource, source=e.source) for e in kept
        )
    elif isinstance(kind, str):
        yield (_entry(data.decode("utf-8").strip("\ufeff \t\r\n")),)
    else:
        raise InputError(f"{file.name}: no FHIR resource; give Bundles, resources or NDJSON")


def _method(entry: Entry) -> str:
    """A resource with an id keeps it, so that loading twice does not double it."""
    return "PUT" if text(entry.resource, "id") or entry.full_url else "POST"


def _entry(source: str) -> Entry:
    return Entry(full_url=None, method="PUT", resource=json.loads(source, parse_float=Decimal), source=source)


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return TextIOWrapper(gzip.GzipFile(file), encoding="utf-8")
    return file.open(encoding="utf-8", newline="\n")


def _lines(file: Path) -> Iterator[tuple[Entry, ...]]:
    batch: list[Entry] = []
    with _opened(file) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                batch.append(_entry(line.strip()))
            except json.JSONDecodeError:
                message = f"{file.name}, line {number}: broken JSON; give one resource a line"
                raise InputError(message) from None
            if len(batch) >= _BATCH:
                yield tuple(batch)
                batch = []
    yield tuple(batch)
