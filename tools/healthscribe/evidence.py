"""Evidence of a note that was drafted from a transcript: the note's words, and the segments behind them."""

from collections.abc import Iterator

from knowledge.records import Evidence, NoteEvidence, TranscriptEvidence
from tools.encounter import ClinicalDocument


def with_segments(
    evidence: tuple[Evidence, ...], documents: tuple[ClinicalDocument, ...]
) -> tuple[Evidence, ...]:
    """The evidence, and after it the transcript segments that the cited lines of a note were drafted from.

    Evidence of other documents comes back as it is.
    """
    drafted = {one.id: one for one in documents if one.sources}
    if not drafted:
        return evidence
    transcript = next((one for one in documents if one.segments), None)
    if transcript is None:
        return evidence
    known = {piece.segment for piece in evidence if isinstance(piece, TranscriptEvidence)}
    wanted = dict.fromkeys(s for piece in evidence for s in _behind(piece, drafted) if s not in known)
    return (*evidence, *_cited(transcript, tuple(wanted)))


def _behind(piece: Evidence, drafted: dict[str, ClinicalDocument]) -> Iterator[str]:
    if isinstance(piece, NoteEvidence) and piece.document in drafted:
        for source in drafted[piece.document].sources:
            if source.start < piece.end and piece.start < source.end:
                yield from source.segments


def _cited(transcript: ClinicalDocument, wanted: tuple[str, ...]) -> Iterator[TranscriptEvidence]:
    places = {one.id: one for one in transcript.segments}
    for segment in wanted:
        place = places.get(segment)
        said = transcript.text[place.start : place.end] if place else ""
        if said:
            yield TranscriptEvidence(document=transcript.id, segment=segment, text=said)
