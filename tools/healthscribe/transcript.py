"""HealthScribe's transcript: who said what, with the clinical entities the service heard in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tools.encounter import Insight, TranscriptSegment
from tools.fhir.views import JsonObject, node, objects, text

_SPEAKERS: Mapping[str, Literal["clinician", "patient"]] = {"CLINICIAN": "clinician", "PATIENT": "patient"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """The transcript as text with its segments and insights."""

    text: str
    segments: tuple[TranscriptSegment, ...]
    insights: tuple[Insight, ...]


def transcript_of(body: JsonObject) -> Heard:
    """One line a segment: the speaker's role, then the words."""
    parts: list[str] = []
    segments: list[TranscriptSegment] = []
    at = 0
    for number, one in enumerate(objects(body, "Conversation", "TranscriptSegments"), start=1):
        role = (text(one, "ParticipantDetails", "ParticipantRole") or "SPEAKER").split("_")[0].upper()
        said = text(one, "Content") or ""
        head = f"{role.capitalize()}: "
        start = at + len(head)
        segments.append(
            TranscriptSegment(
                id=text(one, "SegmentId") or str(number),
                start=start,
                end=start + len(said),
                speaker=_SPEAKERS.get(role, "other"),
                section=text(one, "SectionDetails", "SectionName"),
                begins=_seconds(node(one, "BeginAudioTime")),
                ends=_seconds(node(one, "EndAudioTime")),
            )
        )
        parts.append(head + said)
        at = start + len(said) + 1
    whole = "\n".join(parts)
    return Heard(text=whole, segments=tuple(segments), insights=tuple(_insights(body, whole, segments)))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _insights(body: JsonObject, whole: str, segments: list[TranscriptSegment]) -> Iterator[Insight]:
    """The insights whose words really stand in the segment they name; others are not passed on."""
    places = {one.id: one for one in segments}
    for one in objects(body, "Conversation", "ClinicalInsights"):
        own, category = text(one, "InsightId"), text(one, "Category")
        if own is None or category is None:
            continue
        qualified = tuple(_attribute(a) for a in objects(one, "Attributes"))
        for span in objects(one, "Spans"):
            place = places.get(text(span, "SegmentId") or "")
            said = text(span, "Content")
            start = _found(whole, place, said, node(span, "BeginCharacterOffset")) if place and said else None
            if place is None or said is None or start is None:
                continue
            yield Insight(
                id=own,
                category=category,
                type=text(one, "Type") or category,
                text=said,
                segment=place.id,
                start=start,
                end=start + len(said),
                attributes=qualified,
            )


def _found(whole: str, place: TranscriptSegment, said: str, offset: object) -> int | None:
    """Where the words stand: at the offset given when that is true, else where the segment has them."""
    if isinstance(offset, int):
        at = place.start + offset
        if at + len(said) <= place.end and whole[at : at + len(said)] == said:
            return at
    at = whole.find(said, place.start, place.end)
    return at if at >= 0 else None


def _attribute(one: JsonObject) -> str:
    words = " ".join(s for span in objects(one, "Spans") if (s := text(span, "Content")))
    return f"{text(one, 'Type') or 'ATTRIBUTE'}: {words}".strip()
