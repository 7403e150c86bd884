"""New or established: was a professional of the same group and specialty seen within three years?"""

from dataclasses import dataclass
from datetime import date

from tools.encounter import HistoryItem, Provider
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.people import group_of
from tools.fhir.views import codings, concept_text, objects

_FACE_TO_FACE = frozenset({"AMB", "VR", "EMER", "IMP", "ACUTE", "NONAC", "OBSENC", "HH", "FLD", "SS"})
_HELD = frozenset({"finished", "completed", "in-progress", "onleave"})
_NEW_CODES = frozenset({*(f"9920{n}" for n in range(2, 6)), *(f"9938{n}" for n in range(1, 8))})
_ESTABLISHED_CODES = frozenset({*(f"9921{n}" for n in range(1, 6)), *(f"9939{n}" for n in range(1, 8))})
_YEARS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Whether the patient is new, and why; ``new`` is None when nothing settles it."""

    new: bool | None
    why: str


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _earlier_visits(history: tuple[HistoryItem, ...], on: date) -> list[HistoryItem]:
    """Professional face-to-face encounters of the three years before the day (its anniversary included)."""
    since = _years_before(on, _YEARS)
    return [
        item
        for item in history
        if item.kind == "encounter"
        and item.status in _HELD
        and (item.category or "AMB") in _FACE_TO_FACE
        and item.effective is not None
        and since <= item.effective < on
    ]


def _same_professional(item: HistoryItem, provider: Provider | None) -> bool:
    return (
        provider is not None
        and item.performer is not None
        and item.performer in {provider.npi, provider.reference}
    )


def _same_group(item: HistoryItem, group: Resource | None) -> bool:
    return group is not None and item.organization == group.reference


def standing(
    bundle: Bundle,
    encounter: Resource | None,
    history: tuple[HistoryItem, ...],
    *,
    provider: Provider | None,
    on: date,
    stated: bool | None,
) -> Standing:
    """Whether the patient is new to the group and specialty on the day (CPT E/M guidelines, "new patient").

    Evidence in its order: an earlier visit to the same professional, or to the same group and specialty;
    what the context states; an earlier visit to the group by someone whose specialty is not known; the
    type of the encounter; earlier visits that were all to others.
    """
    group = group_of(bundle, encounter) if encounter else None
    visits = sorted(_earlier_visits(history, on), key=lambda v: v.effective or on, reverse=True)
    specialty = provider.taxonomy if provider else None
    for visit in visits:
        if _same_professional(visit, provider):
            return Standing(
                new=False, why=f"seen by the same professional on {visit.effective} ({visit.reference})"
            )
        if _same_group(visit, group) and specialty is not None and visit.specialty == specialty:
            return Standing(
                new=False,
                why=f"seen in the same group and specialty on {visit.effective} ({visit.reference})",
            )
    if stated is not None:
        return Standing(new=stated, why="stated by the context")
    for visit in visits:
        if _same_group(visit, group) and (specialty is None or visit.specialty is None):
            return Standing(
                new=False, why=f"seen in the same group on {visit.effective}, specialty not recorded"
            )
    return _by_type(encounter) or _by_others(visits)


def _by_type(encounter: Resource | None) -> Standing | None:
    kinds = objects(encounter.body, "type") if encounter else ()
    codes = {c.code for kind in kinds for c in codings(kind)}
    words = " ".join(concept_text(kind) or "" for kind in kinds).lower()
    if codes & _NEW_CODES or "new patient" in words:
        return Standing(new=True, why="type of the encounter: new patient")
    if codes & _ESTABLISHED_CODES or "established patient" in words:
        return Standing(new=False, why="type of the encounter: established patient")
    return None


def _by_others(visits: list[HistoryItem]) -> Standing:
    if visits:
        why = f"{len(visits)} earlier visit(s) within three years, none in this group and specialty"
        return Standing(new=True, why=why)
    return Standing(new=None, why="the record holds no earlier visit and nothing states it")
