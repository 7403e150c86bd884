"""Evidence: is every cited span in the document, word for word, and does every code carry some?"""

from collections.abc import Mapping

from evals.answer import Answer, Evidence
from knowledge.records import Record


class EvidenceScore(Record):
    """Codes with evidence that verifies, of all codes given; ``faults`` name the others."""

    of: int
    verified: int
    faults: tuple[str, ...]
    place_of: int = 0
    place_right: int = 0


def score_evidence(
    answer: Answer,
    note: str,
    documents: Mapping[str, str],
    passages: Mapping[str, tuple[str, ...]] | None = None,
) -> EvidenceScore:
    """Verify each diagnosis and line: at least one piece of evidence, and no cited span that differs.

    Spans are Unicode code points, end exclusive. Elements of the record and segments of a transcript are taken
    as given where their text is not at hand. ``passages`` are gold by code: ``place_right`` counts the given codes
    whose evidence overlaps one of theirs, of ``place_of``.
    """
    cited = [(d.code, d.evidence) for d in answer.diagnoses]
    cited += [(line.code, line.evidence) for line in answer.service_lines]
    faults = [f"{code}: {why}" for code, evidence in cited if (why := _fault(evidence, note, documents))]
    placed = [
        any(_touches(piece, passage, note) for piece in evidence for passage in (passages or {})[code])
        for code, evidence in cited
        if code in (passages or {})
    ]
    return EvidenceScore(
        of=len(cited),
        verified=len(cited) - len(faults),
        faults=tuple(faults),
        place_of=len(placed),
        place_right=sum(placed),
    )


def _touches(piece: Evidence, passage: str, note: str) -> bool:
    """Whether a cited span of the note overlaps a passage of it."""
    if piece.kind != "note":
        return passage in piece.text
    start = note.find(passage)
    return start >= 0 and piece.start < start + len(passage) and start < piece.end


def _fault(evidence: tuple[Evidence, ...], note: str, documents: Mapping[str, str]) -> str:
    if not evidence:
        return "no evidence"
    for piece in evidence:
        if piece.kind == "note":
            text = documents.get(piece.document, note)
            if piece.start < 0 or text[piece.start : piece.end] != piece.text or not piece.text:
                return f"the span {piece.start}-{piece.end} is not what it says"
        elif not piece.text or not (piece.reference or piece.segment):
            return f"{piece.kind} evidence without text or place"
    return ""
