"""The frozen records every layer shares: codes, evidence, findings, sources, editions."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A frozen value; unknown fields are refused so that a typing slip can not lose data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeSystem(StrEnum):
    """The code sets a professional claim may carry."""

    ICD10CM = "ICD-10-CM"
    CPT = "CPT"
    HCPCS = "HCPCS"


class NoteEvidence(Record):
    """A verbatim span of a document of the encounter.

    Offsets are Unicode code points into the document as given, end exclusive; ``text`` equals
    ``document_text[start:end]`` (law 2 of the architecture; verified by code, never assumed).
    """

    kind: Literal["note"] = "note"
    document: str
    text: str
    start: int
    end: int
    section: str | None = None


class TranscriptEvidence(Record):
    """A segment of a visit transcript (AWS HealthScribe ``SegmentId``)."""

    kind: Literal["transcript"] = "transcript"
    document: str
    segment: str
    text: str


class FhirEvidence(Record):
    """An element of a FHIR resource: reference, JSON pointer, its text, sha256 of the resource bytes."""

    kind: Literal["fhir"] = "fhir"
    reference: str
    pointer: str
    text: str
    sha256: str


Evidence = Annotated[NoteEvidence | TranscriptEvidence | FhirEvidence, Field(discriminator="kind")]


class Source(Record):
    """Where a verdict comes from: table, edition and row (``row`` is the row's natural key)."""

    table: str
    edition: str
    row: str | None = None


Level = Literal["error", "warning", "info"]


class Override(Record):
    """A named person's decision to let a finding stand (only where the catalogue allows it)."""

    by: str
    role: str
    reason: str


class Finding(Record):
    """One verdict of the self-check, worded for a certified coder.

    ``codes`` are the codes concerned, ``line`` the 1-based service line when one is concerned,
    ``hint`` says what would settle it.
    """

    rule: str
    level: Level
    message: str
    codes: tuple[str, ...] = ()
    line: int | None = None
    source: Source | None = None
    hint: str | None = None
    override: Override | None = None


class Edition(Record):
    """One edition of one table: when it is in force and where it came from.

    ``complete`` is False for a starter table: what it lacks is unknown, not absent.
    """

    table: str
    edition: str
    effective_from: date
    effective_to: date | None
    rows: int
    complete: bool
    source: str
    sha256: str
    licence: str


Verdict = Literal["supported", "not_supported", "no_rule"]


class Linkage(Record):
    """Does this diagnosis justify this procedure? ``no_rule`` is never to be read as covered."""

    diagnosis: str
    procedure: str
    verdict: Verdict
    reason: str
    source: Source
