"""The documents of an encounter: their exact text, who wrote them, and whether they are signed."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from tools.encounter import ClinicalDocument
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.dates import moment
from tools.fhir.errors import InputError
from tools.fhir.identifiers import npi_given
from tools.fhir.people import taxonomy_of
from tools.fhir.tables import staff_taxonomies
from tools.fhir.views import JsonObject, codes_of, concept_text, human_name, node, objects, text

NOTE_LIMIT = 1_000_000
"""Most bytes of one document."""

_DISCHARGE = frozenset({"18842-5", "11490-0", "28655-9", "34105-7"})
_TRANSCRIPTS = frozenset({"100468-6"})
_RESULTS = frozenset({"11502-2", "18748-4", "26436-6", "11526-1", "18725-2", "18842-9", "11524-6", "34552-0"})
_SIGNATURE = re.compile(
    r"(?im)^\W*(?:(?:electronically|digitally) signed|e-?signed|signed(?: electronically)?|authenticated)\b"
    r"(?: by|:|,)? *:? *[A-Z]"
)
Role = Literal["provider", "staff", "patient", "unknown"]
Kind = Literal["note", "addendum", "transcript", "result", "discharge_summary"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Documents:
    """What could be read, and the references of what could not (with their content type)."""

    read: tuple[ClinicalDocument, ...]
    unread: tuple[tuple[str, str], ...] = ()


def check_size(size: int, where: str) -> None:
    """Refuse a document beyond the limit.

    Raises:
        InputError: it has more than ``NOTE_LIMIT`` bytes.
    """
    if size > NOTE_LIMIT:
        raise InputError(f"{where}: {size:,} bytes, over the limit of {NOTE_LIMIT:,}; split the document")


def document_of_text(data: bytes, own_id: str, where: str) -> ClinicalDocument:
    """A bare note. It counts as signed only when it carries a signature line of its own.

    Raises:
        InputError: too large, not UTF-8, or empty.
    """
    check_size(len(data), where)
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        message = f"{where}: not UTF-8 (byte {fault.start}); save the note as UTF-8"
        raise InputError(message) from None
    if not content.strip("\ufeff \t\r\n\f\v\0"):
        raise InputError(f"{where}: the note is empty; give the documentation of the visit")
    return ClinicalDocument(
        id=own_id,
        title="Note",
        text=content,
        sha256=hashlib.sha256(data).hexdigest(),
        author_role="provider" if _SIGNATURE.search(content) else "unknown",
        status="final" if _SIGNATURE.search(content) else "unknown",
    )


def of_encounter(bundle: Bundle, encounter: Resource) -> tuple[Resource, ...]:
    """The DocumentReferences of an encounter, or its DiagnosticReports with a text when it has none.

    A document that names no encounter belongs to the only encounter of the record. A superseded one is left
    out when another stands in its place; else it is read, and counts as unsigned.
    """
    alone = len(bundle.of_type("Encounter")) == 1
    for kind, path in (("DocumentReference", ("context", "encounter")), ("DiagnosticReport", ("encounter",))):
        found = tuple(
            r
            for r in bundle.of_type(kind)
            if not _erroneous(r.body)
            and (kind == "DocumentReference" or objects(r.body, "presentedForm"))
            and _belongs(bundle, r, objects(r.body, *path), encounter, alone=alone)
        )
        current = tuple(r for r in found if not _superseded(r.body))
        if found:
            return current or found
    return ()


def _erroneous(body: JsonObject) -> bool:
    return "entered-in-error" in {text(body, "status"), text(body, "docStatus")}


def _superseded(body: JsonObject) -> bool:
    return text(body, "status") == "superseded"


def _belongs(
    bundle: Bundle, document: Resource, named: tuple[JsonObject, ...], encounter: Resource, *, alone: bool
) -> bool:
    if not named:
        return alone
    return any(found is encounter for one in named if (found := bundle.resolve(one, document)))


def read_documents(
    bundle: Bundle, encounter: Resource, patient: Resource | None, rendering: str | None
) -> Documents:
    """Every document of the encounter, oldest first, addenda after what they append to.

    Args:
        bundle: the record.
        encounter: the encounter of the record that is coded.
        patient: its patient.
        rendering: reference of the rendering practitioner, who is a provider whatever the taxonomy.

    Raises:
        InputError: no document, one of another patient, none readable, one empty or beyond the limit.
    """
    found = of_encounter(bundle, encounter)
    if not found:
        raise InputError(
            f"{encounter.reference}: no note; add a DocumentReference with the text of the visit"
        )
    read: list[ClinicalDocument] = []
    unread: list[tuple[str, str]] = []
    for resource in found:
        _check_patient(bundle, resource, patient)
        data, content_type = _attachment(bundle, resource)
        if data is None:
            unread.append((resource.reference, content_type))
        else:
            read.append(_document(bundle, resource, data, rendering))
    if not read:
        reference, content_type = unread[0]
        raise InputError(
            f"{reference}: {content_type} can not be read; give the note as text/plain, base64 in data"
        )
    read.sort(key=lambda d: (d.kind == "addendum", d.date.timestamp() if d.date else 0.0))
    return Documents(read=tuple(read), unread=tuple(unread))


def _check_patient(bundle: Bundle, document: Resource, patient: Resource | None) -> None:
    subject = bundle.resolve(node(document.body, "subject"), document)
    if subject is not None and patient is not None and subject is not patient:
        raise InputError(
            f"{document.reference}: belongs to {subject.reference}, not to the patient of the encounter"
        )


def _attachment(bundle: Bundle, document: Resource) -> tuple[bytes | None, str]:
    """The bytes of the first plain-text attachment, or None with the content type that could not be read."""
    attachments = [a for c in objects(document.body, "content") for a in objects(c, "attachment")]
    attachments += list(objects(document.body, "presentedForm"))
    other = "no attachment"
    for one in attachments:
        content_type = (text(one, "contentType") or "text/plain").lower()
        if content_type.split(";")[0].strip() != "text/plain":
            other = content_type
            continue
        data = text(one, "data") or _binary(bundle, one, document)
        if data is None:
            other = f"an attachment without data ({text(one, 'url') or 'no url'})"
            continue
        return _decoded(data, content_type, document.reference), content_type
    return None, other


def _binary(bundle: Bundle, attachment: JsonObject, document: Resource) -> str | None:
    found = bundle.resolve({"reference": text(attachment, "url") or ""}, document)
    return text(found.body, "data") if found and found.type == "Binary" else None


def _decoded(data: str, content_type: str, where: str) -> bytes:
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error:
        message = f"{where}, content.attachment.data: broken base64; encode the note anew"
        raise InputError(message) from None
    check_size(len(raw), where)
    charset = content_type.partition("charset=")[2].strip(' "') or "utf-8"
    if charset not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise InputError(f"{where}: charset {charset}; give the note as UTF-8")
    return raw


def _document(bundle: Bundle, resource: Resource, data: bytes, rendering: str | None) -> ClinicalDocument:
    where = f"{resource.reference}, content.attachment"
    bare = document_of_text(data, resource.reference, where)
    body = resource.body
    author = next(iter(objects(body, "author") or objects(body, "resultsInterpreter")), None)
    known = bundle.resolve(author, resource)
    return ClinicalDocument(
        id=bare.id,
        title=concept_text(node(body, "type")) or text(body, "description") or "Note",
        text=bare.text,
        sha256=bare.sha256,
        date=moment(text(body, "date") or text(body, "issued")),
        author=known.reference if known else text(author, "reference") or text(author, "display"),
        author_role=author_role(bundle, resource, author, rendering),
        status=_status(body),
        kind=_kind(body),
    )


def _status(body: JsonObject) -> Literal["final", "preliminary", "amended", "unknown"]:
    """docStatus; where it is absent, an authenticator counts as the signature."""
    if _superseded(body):
        return "unknown"
    given = text(body, "docStatus") or (text(body, "status") if "presentedForm" in body else None)
    if given in {"final", "corrected"}:
        return "final"
    if given in {"amended", "appended"}:
        return "amended"
    if given in {"preliminary", "partial", "registered"}:
        return "preliminary"
    return "final" if node(body, "authenticator") else "unknown"


def _kind(body: JsonObject) -> Kind:
    codes = codes_of(node(body, "type"))
    if any(text(r, "code") == "appends" for r in objects(body, "relatesTo")) or "55107-7" in codes:
        return "addendum"
    if codes & _DISCHARGE:
        return "discharge_summary"
    if codes & _TRANSCRIPTS:
        return "transcript"
    return "result" if codes & _RESULTS else "note"


def author_role(bundle: Bundle, owner: Resource, author: object, rendering: str | None) -> Role:
    """Whether the author may establish a diagnosis (guideline I.B.14 names the exceptions for others)."""
    found = bundle.resolve(author, owner)
    if found is None:
        return "unknown"
    if found.type in {"Patient", "RelatedPerson"}:
        return "patient"
    if found.type == "PractitionerRole" and any("doctor" in codes_of(c) for c in objects(found.body, "code")):
        return (
            "provider"  # HL7 practitioner-role "doctor", also of one whose Practitioner is not in the record
        )
    person = (
        bundle.resolve(node(found.body, "practitioner"), found) if found.type == "PractitionerRole" else found
    )
    if person is None or person.type != "Practitioner":
        return "unknown"
    if person.reference == rendering:
        return "provider"
    taxonomy = taxonomy_of(bundle, person) or ""
    known = next((role for prefix, role in staff_taxonomies() if taxonomy.startswith(prefix)), None)
    if known is not None:
        return known
    return "provider" if npi_given(person.body) and human_name(person.body) else "unknown"
