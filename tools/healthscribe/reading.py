"""AWS HealthScribe output: the clinical document as a note, the transcript beside it.

HealthScribe drafts; the clinician signs: such a note is preliminary until a person has signed it.
"""

import hashlib
from collections.abc import Mapping

from tools.encounter import ClinicalDocument
from tools.fhir.bundle import read_json
from tools.fhir.documents import check_size
from tools.fhir.errors import InputError
from tools.fhir.views import JsonObject, node
from tools.healthscribe.document import note_of
from tools.healthscribe.transcript import transcript_of


def _parsed(data: bytes, where: str) -> JsonObject:
    found = read_json(data, where)
    return found if isinstance(found, dict) else {}


def is_clinical_document(data: bytes) -> bool:
    """True for bytes that begin as HealthScribe's clinical document does."""
    return data[:200].lstrip(b"\xef\xbb\xbf \t\r\n{").startswith(b'"ClinicalDocumentation"')


def read_healthscribe(
    files: Mapping[str, bytes], where: str, *, signed_by: str | None = None
) -> tuple[ClinicalDocument, ...]:
    """The documents of a HealthScribe job: the note, then the transcript when it is there.

    Args:
        files: bytes by file name; other JSON files are left alone.
        where: for messages.
        signed_by: the clinician who has read and signed the draft; without one the note stays preliminary.

    Raises:
        InputError: broken JSON, no clinical document, several, or an empty one.
    """
    notes: list[ClinicalDocument] = []
    transcripts: list[ClinicalDocument] = []
    for name, data in files.items():
        body = _parsed(data, f"{where}/{name}")
        stem = name.removesuffix(".json")
        if node(body, "ClinicalDocumentation") is not None:
            notes.append(_note(body, data, stem, signed_by))
        elif node(body, "Conversation") is not None:
            transcripts.append(_transcript(body, data, stem))
    if len(notes) > 1 or len(transcripts) > 1:
        raise InputError(f"{where}: output of several HealthScribe jobs; give that of one")
    if not notes or not notes[0].text.strip():
        raise InputError(f"{where}: no note in the HealthScribe output; give the clinical document JSON")
    check_size(len(notes[0].text.encode()), where)
    return (*notes, *transcripts)


def _note(body: JsonObject, data: bytes, own_id: str, signed_by: str | None) -> ClinicalDocument:
    drafted = note_of(body)
    return ClinicalDocument(
        id=own_id,
        title="Clinical document",
        text=drafted.text,
        sha256=hashlib.sha256(data).hexdigest(),
        author=signed_by,
        author_role="provider" if signed_by else "unknown",
        status="final" if signed_by else "preliminary",
        kind="note",
        sources=drafted.sources,
    )


def _transcript(body: JsonObject, data: bytes, own_id: str) -> ClinicalDocument:
    heard = transcript_of(body)
    return ClinicalDocument(
        id=own_id,
        title="Transcript",
        text=heard.text,
        sha256=hashlib.sha256(data).hexdigest(),
        author_role="unknown",
        status="preliminary",
        kind="transcript",
        segments=heard.segments,
        insights=heard.insights,
    )
