"""Intake: what a person or a program gives us, recognised by its content, as encounters to be gathered.

Understood: a FHIR Bundle (JSON), a folder of them, an AWS HealthScribe output folder, a plain-text note
beside a context. A folder's members are read one by one, so that one bad file stops only itself.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tools.fhir.bundle import Bundle, read_bundle
from tools.fhir.context_file import ContextFile
from tools.fhir.documents import document_of_text
from tools.fhir.errors import InputError
from tools.fhir.source import RawEncounter, choose_encounter
from tools.healthscribe import is_clinical_document, read_healthscribe

INPUT_LIMIT = 256_000_000
"""Most bytes of one Bundle."""


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > INPUT_LIMIT:
            raise InputError(
                f"{path.name}: over the limit of {INPUT_LIMIT:,} bytes; split the Bundle by encounter"
            )
        return path.read_bytes()
    except OSError as fault:
        message = f"{path.name}: can not be read ({fault.strerror}); check the path and its permissions"
        raise InputError(message) from None


def members(path: Path) -> tuple[Path, ...]:
    """The inputs a path stands for: itself, or the Bundles of a folder in the order of their names.

    A HealthScribe output folder is one input.

    Raises:
        InputError: there is nothing at the path, or a folder holds no JSON file.
    """
    if not path.exists():
        raise InputError(f"{path.name}: not found; give a FHIR Bundle, a folder of them, or a note")
    if not path.is_dir():
        return (path,)
    found = tuple(sorted(p for p in path.iterdir() if p.suffix.lower() == ".json" and p.is_file()))
    if not found:
        raise InputError(f"{path.name}: no .json file in the folder; give FHIR Bundles")
    return (path,) if any(is_clinical_document(_bytes(p)) for p in found) else found


def read_input(path: Path, context: ContextFile | None = None) -> list[RawEncounter]:
    """Every encounter a path stands for.

    Args:
        path: a Bundle, a note, a HealthScribe folder, or a folder of Bundles.
        context: what is known beside it; required for a note.

    Raises:
        InputError: the first member that can not be read (``members`` and ``read_one`` isolate them).
    """
    return [read_one(one, context) for one in members(path)]


def read_one(path: Path, context: ContextFile | None = None) -> RawEncounter:
    """One encounter of one file, or of one HealthScribe folder.

    Raises:
        InputError: it can not be read as one documented encounter.
    """
    if path.is_dir():
        return _transcribed(path, context)
    return read_bytes(_bytes(path), path.name, context)


def read_bytes(data: bytes, where: str, context: ContextFile | None = None) -> RawEncounter:
    """One encounter of bytes that came by file, by HTTP or from a bucket.

    JSON is a Bundle; anything else is a note.

    Raises:
        InputError: it can not be read as one documented encounter.
    """
    known = context or ContextFile()
    digest = hashlib.sha256(data).hexdigest()
    if not _looks_like_json(data, where):
        if context is None:
            raise InputError(
                f"{where}: a plain note needs --context with age, sex, date_of_service and payer"
            )
        own_id = known.encounter or Path(where).stem or "note"
        note = document_of_text(data, own_id, where)
        return RawEncounter(
            where=where, sha256=digest, bundle=Bundle(), encounter=None, notes=(note,), context=known
        )
    bundle = read_bundle(data, where)
    encounter = choose_encounter(bundle, known.encounter, where)
    return RawEncounter(where=where, sha256=digest, bundle=bundle, encounter=encounter, context=known)


def _looks_like_json(data: bytes, where: str) -> bool:
    """True for what begins like a JSON object, or is named so (a note may well begin with a bracket)."""
    return where.lower().endswith(".json") or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _transcribed(folder: Path, context: ContextFile | None) -> RawEncounter:
    if context is None:
        raise InputError(
            f"{folder.name}: HealthScribe output needs --context with age, sex, date_of_service and payer"
        )
    files = {p.name: _bytes(p) for p in sorted(folder.iterdir()) if p.suffix.lower() == ".json"}
    return scribed(files, folder.name, context)


def scribed(
    files: Mapping[str, bytes], name: str, context: ContextFile, *, signed_by: str | None = None
) -> RawEncounter:
    """One encounter of a HealthScribe job's output.

    Args:
        files: the job's JSON files by name.
        name: of the folder or job; the encounter's id where the context gives none.
        context: age, sex, date of service, payer, providers ...
        signed_by: the clinician who has read and signed the draft; unsigned, the encounter is held.

    Raises:
        InputError: no clinical document, or one that can not be read.
    """
    notes = read_healthscribe(files, name, signed_by=signed_by)
    parts = b"".join(hashlib.sha256(data).digest() for data in files.values())
    return RawEncounter(
        where=name,
        sha256=hashlib.sha256(parts + (signed_by or "").encode()).hexdigest(),
        bundle=Bundle(),
        encounter=None,
        notes=notes,
        context=replace(context, encounter=context.encounter or name),
    )


def each(paths: Iterator[Path], context: ContextFile | None = None) -> Iterator[RawEncounter | InputError]:
    """Read inputs one by one; a bad one comes back as its error and does not stop the others."""
    for path in paths:
        try:
            yield read_one(path, context)
        except InputError as fault:
            yield fault
