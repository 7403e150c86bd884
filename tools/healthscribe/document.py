"""HealthScribe's clinical document as a note: one heading a section, one line a summarised segment.

Both published forms are read: summaries in sections with ``EvidenceLinks``, and in sub-sections with
``EvidenceMap``. Every line keeps the transcript segments it was drafted from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.encounter import NoteSource
from tools.fhir.views import JsonObject, objects, text

HEADINGS: Mapping[str, str] = {
    "PAST_FAMILY_HISTORY": "FAMILY HISTORY",
    "PAST_SOCIAL_HISTORY": "SOCIAL HISTORY",
}
"""Section names that a reader of notes would misunderstand: whose history it is must be plain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """The rebuilt note and where each of its lines comes from."""

    text: str
    sources: tuple[NoteSource, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    text: str
    segments: tuple[str, ...] = ()


def note_of(body: JsonObject) -> Drafted:
    """The note of a clinical document; empty when no section says anything."""
    parts: list[str] = []
    sources: list[NoteSource] = []
    at = 0
    for section in objects(body, "ClinicalDocumentation", "Sections"):
        lines = list(_lines(section))
        if not any(line.text for line in lines):
            continue
        if parts:
            parts.append("\n\n")
            at += 2
        for number, line in enumerate((_Line(text=_section(section)), *lines)):
            if number:
                parts.append("\n")
                at += 1
            if line.segments:
                sources.append(NoteSource(start=at, end=at + len(line.text), segments=line.segments))
            parts.append(line.text)
            at += len(line.text)
    return Drafted(text="".join(parts), sources=tuple(sources))


def _section(section: JsonObject) -> str:
    name = text(section, "SectionName") or "NOTE"
    return HEADINGS.get(name.upper(), name.replace("_", " ").upper())


def _lines(section: JsonObject) -> Iterator[_Line]:
    for summary in objects(section, "Summary"):
        if said := text(summary, "SummarizedSegment"):
            yield _Line(text=said, segments=_segments(summary))
    for inner in objects(section, "Subsections"):
        within = list(_lines(inner))
        if (name := text(inner, "SubsectionName")) and within:
            yield _Line(text=f"{name.replace('_', ' ').strip().capitalize()}:")
        yield from within


def _segments(summary: JsonObject) -> tuple[str, ...]:
    links = (*objects(summary, "EvidenceLinks"), *objects(summary, "EvidenceMap"))
    return tuple(dict.fromkeys(one for link in links if (one := text(link, "SegmentId"))))
