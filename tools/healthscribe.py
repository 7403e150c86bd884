"""AWS HealthScribe output: the clinical document as a note, the transcript beside it.

Both published forms of the clinical document are read (summaries in sections, and in sub-sections). The
note is rebuilt as one heading a section and one line a summarised segment. HealthScribe drafts; the
clinician signs: such a note is preliminary until a person has signed it elsewhere.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tools.encounter import ClinicalDocument
from tools.fhir.bundle import decode
from tools.fhir.documents import check_size
from tools.fhir.errors import InputError
from tools.fhir.views import JsonObject, node, objects, text


def _parsed(data: bytes, where: str) -> JsonObject:
    try:
        found = json.loads(decode(data, where), parse_float=Decimal)
    except json.JSONDecodeError as fault:
        message = (
            f"{where}, line {fault.lineno}, column {fault.colno}: broken JSON ({fault.msg}); repair the file"
        )
        raise InputError(message) from None
    return found if isinstance(found, dict) else {}


def is_clinical_document(data: bytes) -> bool:
    """True for bytes that begin as HealthScribe's clinical document does."""
    return data[:200].lstrip(b"\xef\xbb\xbf \t\r\n{").startswith(b'"ClinicalDocumentation"')


def _segments(section: JsonObject) -> Iterator[str]:
    for summary in objects(section, "Summary"):
        if line := text(summary, "SummarizedSegment"):
            yield line
    for inner in objects(section, "Subsections"):
        if name := text(inner, "SubsectionName"):
            yield f"{_heading(name)}:"
        yield from _segments(inner)


def _heading(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _note(body: JsonObject) -> str:
    parts = []
    for section in objects(body, "ClinicalDocumentation", "Sections"):
        lines = list(_segments(section))
        if lines:
            heading = (text(section, "SectionName") or "NOTE").replace("_", " ").upper()
            parts.append("\n".join((heading, *lines)))
    return "\n\n".join(parts)


def _transcript(body: JsonObject) -> str:
    lines = []
    for segment in objects(body, "Conversation", "TranscriptSegments"):
        role = (
            (text(segment, "ParticipantDetails", "ParticipantRole") or "SPEAKER").split("_")[0].capitalize()
        )
        lines.append(f"{role}: {text(segment, 'Content') or ''}")
    return "\n".join(lines)


def read_healthscribe(files: Mapping[str, bytes], where: str) -> tuple[ClinicalDocument, ...]:
    """The documents of a HealthScribe output folder: the note, then the transcript when it is there.

    Raises:
        InputError: broken JSON, no clinical document, or an empty one.
    """
    documents: list[ClinicalDocument] = []
    for name, data in files.items():
        body = _parsed(data, f"{where}/{name}")
        stem = name.removesuffix(".json")
        if node(body, "ClinicalDocumentation") is not None:
            documents.insert(0, _document(_note(body), data, stem, transcript=False))
        elif node(body, "Conversation") is not None:
            documents.append(_document(_transcript(body), data, stem, transcript=True))
    if not documents or documents[0].kind != "note" or not documents[0].text.strip():
        raise InputError(f"{where}: no note in the HealthScribe output; give the clinical document JSON")
    check_size(len(documents[0].text.encode()), where)
    return tuple(documents)


def _document(content: str, data: bytes, own_id: str, *, transcript: bool) -> ClinicalDocument:
    return ClinicalDocument(
        id=own_id,
        title="Transcript" if transcript else "Clinical document",
        text=content,
        sha256=hashlib.sha256(data).hexdigest(),
        author_role="unknown",
        status="preliminary",
        kind="transcript" if transcript else "note",
    )
