"""Evidence rules: is what the claim cites really there, and of this encounter?"""

from collections.abc import Iterator

from knowledge.records import FhirEvidence, NoteEvidence, TranscriptEvidence
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimDiagnosis, ClaimLine
from tools.encounter import ClinicalDocument

_Item = ClaimDiagnosis | ClaimLine


def items(request: CheckRequest) -> Iterator[tuple[_Item, int | None]]:
    """Yield every diagnosis and line with the line number."""
    yield from ((d, None) for d in request.claim.diagnoses)
    yield from ((x, x.number) for x in request.claim.lines)


def cited(request: CheckRequest) -> Iterator[tuple[_Item, int | None, NoteEvidence | TranscriptEvidence]]:
    """Yield every piece of evidence that names a document."""
    for item, line in items(request):
        for piece in item.evidence:
            if not isinstance(piece, FhirEvidence):
                yield item, line, piece


def document(request: CheckRequest, name: str) -> ClinicalDocument | None:
    """The document of the encounter with this id, None when there is none."""
    return next((d for d in request.documents if d.id == name), None)


@rule("evidence.missing", "error", "A code cites no evidence.", "architecture law 2")
def missing(request: CheckRequest) -> Iterator[Doubt]:
    """A claim that brings evidence brings it for every diagnosis and line."""
    if not request.own:
        return
    for item, line in items(request):
        if not item.evidence:
            yield Doubt(
                message=f"{item.code} cites no evidence.",
                codes=(item.code,),
                line=line,
                hint="Cite the words of the note or the record element that support it.",
            )


@rule(
    "evidence.not_verbatim", "error", "The cited words do not stand at the cited place.", "architecture law 2"
)
def not_verbatim(request: CheckRequest) -> Iterator[Doubt]:
    """Evidence text equals the document between its offsets."""
    for item, line, piece in cited(request):
        source = document(request, piece.document)
        if source is not None and isinstance(piece, NoteEvidence):
            wrong = (
                piece.start < 0
                or piece.end <= piece.start
                or source.text[piece.start : piece.end] != piece.text
            )
            if wrong:
                yield Doubt(
                    message=f"{item.code}: the cited words are not at {piece.start} to {piece.end} of the document.",
                    codes=(item.code,),
                    line=line,
                    hint="Cite the span exactly as it stands.",
                )


@rule(
    "evidence.not_in_transcript", "error", "The cited words are not in the transcript.", "architecture law 2"
)
def not_in_transcript(request: CheckRequest) -> Iterator[Doubt]:
    """A transcript segment's words stand in the transcript."""
    for item, line, piece in cited(request):
        source = document(request, piece.document)
        if source is not None and isinstance(piece, TranscriptEvidence) and piece.text not in source.text:
            yield Doubt(
                message=f"{item.code}: the cited words are not in the transcript.",
                codes=(item.code,),
                line=line,
            )


@rule(
    "evidence.foreign_document", "error", "The cited document is not of this encounter.", "architecture law 2"
)
def foreign_document(request: CheckRequest) -> Iterator[Doubt]:
    """Evidence comes from a document of the encounter, not from another patient's or another day's."""
    if not request.documents and request.facts is None:
        return  # a claim judged without its record: there is nothing to look the evidence up in
    for item, line, piece in cited(request):
        if document(request, piece.document) is None:
            yield Doubt(
                message=f"{item.code} cites {piece.document}, which is no document of this encounter.",
                codes=(item.code,),
                line=line,
            )


@rule(
    "evidence.retracted_document",
    "error",
    "The cited document was entered in error.",
    "FHIR DocumentReference status; guideline IV",
)
def retracted_document(request: CheckRequest) -> Iterator[Doubt]:
    """A document entered in error supports nothing."""
    for item, line, piece in cited(request):
        source = document(request, piece.document)
        if source is not None and source.status == "entered-in-error":
            yield Doubt(
                message=f"{item.code} cites a document that was entered in error.",
                codes=(item.code,),
                line=line,
            )


@rule(
    "evidence.not_provider",
    "error",
    "A diagnosis rests on staff or patient words alone.",
    "guideline I.B.14",
    overridable=True,
)
def not_provider(request: CheckRequest) -> Iterator[Doubt]:
    """Diagnoses come from the provider; BMI, wounds' depth, social factors and a few more may come from others."""
    for diagnosis in request.claim.diagnoses:
        if diagnosis.code.startswith(_FROM_OTHERS) or not request.spans(diagnosis):
            continue
        roles = {d.author_role for e in request.spans(diagnosis) if (d := document(request, e.document))}
        fhir = any(isinstance(e, FhirEvidence) for e in diagnosis.evidence)
        if roles and roles <= {"staff", "patient"} and not fhir:
            yield Doubt(
                message=f"{diagnosis.code} rests on documentation of staff or the patient alone.",
                codes=(diagnosis.code,),
                hint="A provider must document the diagnosis.",
            )


_FROM_OTHERS = (
    "Z68",
    "L89",
    "R40.2",
    "R29.7",
    "Z55",
    "Z56",
    "Z57",
    "Z58",
    "Z59",
    "Z60",
    "Z61",
    "Z62",
    "Z63",
    "Z64",
    "Z65",
    "Z67",
    "Z91.1",
    "V",
    "W",
    "X",
    "Y",
    "Z72",
    "Z23",
)


@rule(
    "evidence.fhir_unknown",
    "error",
    "The cited record element is not in the patient's record.",
    "architecture law 2",
)
def fhir_unknown(request: CheckRequest) -> Iterator[Doubt]:
    """A cited FHIR element was gathered for this encounter."""
    if request.facts is None:
        return
    known = {x.reference for x in request.facts.history}
    known |= {
        request.facts.encounter_reference,
        request.facts.patient.id,
        f"Patient/{request.facts.patient.id}",
    }
    for item, line in items(request):
        for piece in item.evidence:
            if isinstance(piece, FhirEvidence) and piece.reference not in known:
                yield Doubt(
                    message=f"{item.code} cites {piece.reference}, which is not in the record gathered.",
                    codes=(item.code,),
                    line=line,
                )


@rule(
    "evidence.fhir_changed",
    "error",
    "The cited record element has changed.",
    "architecture law 2: sha256 of the resource",
)
def fhir_changed(request: CheckRequest) -> Iterator[Doubt]:
    """The cited checksum is that of the resource as gathered."""
    sums: dict[str, set[str]] = {}
    for fact in request.facts.history if request.facts else ():
        sums.setdefault(fact.reference, set()).add(fact.sha256)
    for item, line in items(request):
        for piece in item.evidence:
            if (
                isinstance(piece, FhirEvidence)
                and piece.reference in sums
                and piece.sha256 not in sums[piece.reference]
            ):
                yield Doubt(
                    message=f"{item.code} cites {piece.reference} with another checksum than the record has.",
                    codes=(item.code,),
                    line=line,
                )


@rule(
    "evidence.fhir_later",
    "error",
    "The cited record element was not known at the visit.",
    "architecture: as-of date of the history",
    overridable=True,
)
def fhir_later(request: CheckRequest) -> Iterator[Doubt]:
    """What happened after the day of service does not support its codes."""
    dates = {
        x.reference: x.effective for x in (request.facts.history if request.facts else ()) if x.effective
    }
    last = max((x.date_to for x in request.claim.lines), default=request.on)
    for item, line in items(request):
        for piece in item.evidence:
            if isinstance(piece, FhirEvidence) and piece.reference in dates and dates[piece.reference] > last:
                yield Doubt(
                    message=f"{item.code} cites {piece.reference}, dated after the service.",
                    codes=(item.code,),
                    line=line,
                )
