"""What the export reads: notes as FHIR (Bundles, NDJSON), 837P and 835 files, exported corrections."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from agent.desk.records import Lesson
from evals.train.records import Dropped, TrainError, Visit
from tools.claim.errors import X12Error
from tools.claim.model import Claim
from tools.claim.x12.remit import RemitClaim
from tools.claim.x12.stream import stream_835, stream_837, text_chunks
from tools.fhir import InputError, RawEncounter, gather
from tools.fhir.context_file import ContextFile
from tools.intake import members, read_bytes, read_one

Json = dict[str, Any]
_LINES = (".ndjson", ".jsonl")
_SHARED = ("Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService")


@dataclass(kw_only=True)
class Remits:
    """The claims of 835 files in order, and the ids of those whose figures do not balance."""

    claims: list[RemitClaim] = field(default_factory=list)
    unbalanced: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def read_visits(
    path: Path, as_of: date, dropped: list[Dropped], step: Callable[[str], None] = lambda _: None
) -> list[Visit]:
    """Every documented encounter of a folder of Bundles, a Bundle, or NDJSON (of Bundles or of resources).

    Args:
        path: where they are.
        as_of: nothing recorded later is seen.
        dropped: gets what could not be read.
        step: called after each.

    Raises:
        TrainError: nothing there.
    """
    found: list[Visit] = []
    for number, raw in enumerate(_raw(path), 1):
        try:
            if isinstance(raw, InputError):
                raise raw
            found.append(Visit(raw=raw, facts=gather(raw, as_of=as_of)))
        except InputError as error:
            dropped.append(Dropped(what=f"encounter {number} of {path.name}", why=_safe(error)))
        step(f"encounter {number}")
    if not found:
        raise TrainError(f"{path}: no documented encounter could be read; give FHIR Bundles or NDJSON")
    return found


def count_visits(path: Path) -> int:
    """About how many encounters there are to read, for a progress bar."""
    files = _line_files(path)
    return sum(f.read_bytes().count(b"\n") for f in files) if files else len(_members(path))


def _safe(error: InputError) -> str:
    """The reason without the file's name, which may be a patient's."""
    return str(error).partition(": ")[2] or "can not be read"


def _members(path: Path) -> tuple[Path, ...]:
    try:
        return members(path)
    except InputError as error:
        raise TrainError(str(error)) from error


def _line_files(path: Path) -> tuple[Path, ...]:
    if path.is_dir():
        return tuple(sorted(p for p in path.iterdir() if p.suffix.lower() in _LINES))
    return (path,) if path.suffix.lower() in _LINES and path.is_file() else ()


def _raw(path: Path) -> Iterator[RawEncounter | InputError]:
    files = _line_files(path)
    if files:
        yield from _of_lines(files)
        return
    for member in _members(path):
        if member.name == "manifest.json":
            continue
        try:
            yield read_one(member)
        except InputError as error:
            yield error


def _of_lines(files: Sequence[Path]) -> Iterator[RawEncounter | InputError]:
    resources: list[Json] = []
    for file in files:
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield InputError(f"{file.name}: line {number} is no JSON")
                continue
            if not isinstance(value, dict) or value.get("resourceType") is None:
                continue  # a manifest's or a gold's line
            if value["resourceType"] == "Bundle":
                yield _read(value, f"{file.name} line {number}")
            else:
                resources.append(value)
    yield from _of_resources(resources)


def _of_resources(resources: Sequence[Json]) -> Iterator[RawEncounter | InputError]:
    """A bulk export: each documented encounter with its patient's record and what all share."""
    shared = [r for r in resources if r["resourceType"] in _SHARED]
    by_patient: dict[str, list[Json]] = {}
    documented: set[str] = set()
    for one in resources:
        patient = f"Patient/{one.get('id')}" if one["resourceType"] == "Patient" else _subject(one)
        if patient:
            by_patient.setdefault(patient, []).append(one)
        if one["resourceType"] == "DocumentReference":
            context: Any = one.get("context") or {}
            documented |= {str(e.get("reference", "")) for e in context.get("encounter") or ()}
    for own in by_patient.values():
        for visit in own:
            if visit["resourceType"] == "Encounter" and f"Encounter/{visit.get('id')}" in documented:
                bundle = {"resourceType": "Bundle", "type": "collection"}
                entries = [{"resource": r} for r in (*own, *shared)]
                yield _read({**bundle, "entry": entries}, str(visit.get("id")), str(visit.get("id")))


def _subject(resource: Mapping[str, Any]) -> str:
    for member in ("subject", "patient", "beneficiary"):
        reference = resource.get(member)
        if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
            return str(reference["reference"])
    return ""


def _read(bundle: Json, where: str, encounter: str | None = None) -> RawEncounter | InputError:
    try:
        context = replace(ContextFile(), encounter=encounter) if encounter else None
        return read_bytes(orjson.dumps(bundle), f"{where}.json", context)
    except InputError as error:
        return error


def read_claims(paths: Sequence[Path], dropped: list[Dropped]) -> list[Claim]:
    """The claims of 837P files; one that can not be read is dropped and told.

    Raises:
        TrainError: a file is none.
    """
    found: list[Claim] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                for piece in stream_837(text_chunks(file)):
                    found += piece.claims
                    dropped += [Dropped(what=f"claim of {path.name}", why=e) for e in piece.errors]
        except (OSError, X12Error) as error:
            raise TrainError(f"{path}: no 837P that can be read ({_reason(error)})") from error
    return found


def read_remits(paths: Sequence[Path]) -> Remits:
    """The claims of 835 files, and which of them do not balance.

    Raises:
        TrainError: a file is none.
    """
    found = Remits()
    for path in paths:
        try:
            with path.open("rb") as file:
                for piece in stream_835(text_chunks(file)):
                    if piece.remittance is not None:
                        found.claims += piece.remittance.claims
                        found.unbalanced |= _unbalanced(piece.remittance.imbalances)
                    found.faults += piece.errors
        except (OSError, X12Error) as error:
            raise TrainError(f"{path}: no 835 that can be read ({_reason(error)})") from error
    return found


def _unbalanced(imbalances: Sequence[str]) -> set[str]:
    """The claims that the reader's findings name (``claim ID line N: ...`` or ``claim ID: ...``)."""
    return {said.split()[1].rstrip(":") for said in imbalances if said.startswith("claim ")}


def _reason(error: Exception) -> str:
    return error.strerror or "?" if isinstance(error, OSError) else str(error)


def read_lessons(paths: Sequence[Path]) -> list[Lesson]:
    """The human changes of ``superbill feedback export``.

    Raises:
        TrainError: a line is none; file and line are named, its content is not.
    """
    found = []
    for path in paths:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise TrainError(f"{path}: can not be read ({error.strerror})") from error
        for number, line in enumerate(lines, 1):
            try:
                found.append(Lesson.model_validate_json(line))
            except ValidationError as error:
                said = error.errors(include_url=False, include_input=False)[0]
                raise TrainError(
                    f"{path.name}, line {number}: {said['msg']}; export the feedback again"
                ) from None
    return found
