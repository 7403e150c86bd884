"""Gather: everything known of one encounter before anyone codes it."""

from dataclasses import dataclass
from datetime import date, tzinfo

from tools.encounter import CoverageFacts, EncounterFacts, MissingFact, Name, Person, Provider
from tools.fhir import people
from tools.fhir.bundle import Bundle, Resource, reference_key
from tools.fhir.coverage import PackOf, Stated, coverages, kind_alone
from tools.fhir.dates import day, days, years_between
from tools.fhir.documents import Documents, read_documents
from tools.fhir.errors import InputError
from tools.fhir.history import Record, history
from tools.fhir.missing import missing_facts
from tools.fhir.place_of_service import encounter_class, place_of_service, practice_location
from tools.fhir.source import RawEncounter
from tools.fhir.views import concept_text, node, objects, text
from tools.fhir.visits import standing

_STOPPED = frozenset({"cancelled", "entered-in-error", "planned"})
_UNKNOWN = Person(id="patient", name=Name(last=""), birth_date=None, sex="unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dates:
    start: date
    end: date | None


def gather(
    raw: RawEncounter,
    *,
    as_of: date,
    tenant: str = "default",
    pack_of: PackOf | None = None,
    zone: tzinfo | None = None,
) -> EncounterFacts:
    """The facts of an encounter. What the context states stands before what the record says.

    Args:
        raw: the encounter as it came in.
        as_of: the coding date; nothing recorded later is seen.
        tenant: whose encounter it is.
        pack_of: finds the payer pack of a payer.
        zone: the practice's time zone, for dates that a server has turned to UTC.

    Raises:
        InputError: no note, or an impossible date.
    """
    bundle = _with_context(raw)
    patient = _patient(bundle, raw)
    dates = _dates(raw, zone)
    known = _demographics(raw, patient)
    _check_dates(raw, dates, known, as_of)
    seen = Record(bundle=bundle, patient=patient, encounter=raw.encounter, as_of=as_of, zone=zone)
    rendering = _provider(bundle, raw, "rendering_provider")
    documents = _documents(bundle, raw, patient, rendering)
    past = history(seen)
    who = standing(
        bundle, raw.encounter, past, provider=rendering, on=dates.start, stated=raw.context.new_patient
    )
    facts = EncounterFacts(
        encounter_id=_encounter_id(raw),
        encounter_reference=raw.encounter.reference if raw.encounter else f"Encounter/{_encounter_id(raw)}",
        tenant=tenant,
        date_of_service=dates.start,
        date_of_service_end=dates.end,
        encounter_class=encounter_class(raw.encounter) if raw.encounter else "AMB",
        place_of_service=_place(bundle, raw),
        patient=known,
        age_years=_age(raw, known, dates.start),
        new_patient=who.new,
        new_patient_why=who.why,
        documents=documents.read,
        coverages=_coverages(bundle, raw, patient, dates.start, pack_of),
        billing_provider=_provider(bundle, raw, "billing_provider"),
        rendering_provider=rendering,
        referring_provider=_provider(bundle, raw, "referring_provider"),
        supervising_provider=people.supervising(bundle, raw.encounter) if raw.encounter else None,
        ordering_provider=people.ordering(bundle, raw.encounter) if raw.encounter else None,
        facility=_provider(bundle, raw, "facility"),
        history=past,
        reasons=_reasons(raw.encounter),
        prior_authorization=_prior_authorization(bundle, dates.start),
    )
    return facts.model_copy(update={"missing": (*missing_facts(facts), *_unread(documents))})


def _with_context(raw: RawEncounter) -> Bundle:
    """The record, then what the context adds to it."""
    given = [one for listed in raw.context.resources.values() for one in listed]
    past = raw.context.history.resources if raw.context.history else ()
    return raw.bundle.with_resources((*given, *past)) if given or past else raw.bundle


def _patient(bundle: Bundle, raw: RawEncounter) -> Resource | None:
    """Whose record it is: the encounter's subject; of a bare note the only Patient of the history.

    Raises:
        InputError: the history of a bare note belongs to several patients.
    """
    if raw.encounter is not None:
        found = bundle.resolve(node(raw.encounter.body, "subject"), raw.encounter)
        return found or raw.context.role("patient")
    past = raw.context.history or Bundle()
    subjects = {
        key
        for one in past.resources
        for member in ("subject", "patient")
        if (reference := node(one.body, member)) and (key := reference_key(reference))
    }
    listed = past.of_type("Patient")
    if len(listed) > 1 or len(subjects) > 1:
        raise InputError(f"{raw.where}, history: several patients; give the record of one")
    return listed[0] if listed else None


def _demographics(raw: RawEncounter, patient: Resource | None) -> Person:
    """The patient as the context states, else as the record says."""
    source = raw.context.role("patient") or patient
    known = people.person(source) if source else _UNKNOWN
    return known.model_copy(update={"sex": raw.context.sex}) if raw.context.sex else known


def _encounter_id(raw: RawEncounter) -> str:
    if raw.encounter is not None:
        return raw.encounter.id
    return raw.context.encounter or raw.notes[0].id


def _dates(raw: RawEncounter, zone: tzinfo | None) -> _Dates:
    stated = raw.context.date_of_service
    if raw.encounter is None:
        if stated is None:
            raise InputError(f"{raw.where}: no date of service; give 'date_of_service' in the context file")
        return _Dates(start=stated, end=None)
    period = node(raw.encounter.body, "period")
    if text(raw.encounter.body, "status") in _STOPPED:
        status = text(raw.encounter.body, "status")
        raise InputError(f"{raw.encounter.reference}: status {status}; only a visit that took place is coded")
    start = stated or _exact(text(period, "start"), raw.encounter, "period.start", zone)
    end = None if stated else _exact(text(period, "end"), raw.encounter, "period.end", zone)
    if start is None:
        where = f"{raw.encounter.reference}, period.start"
        raise InputError(
            f"{where}: no date of service; give it there or as 'date_of_service' in the context file"
        )
    if end is not None and end < start:
        raise InputError(f"{raw.encounter.reference}, period: ends before it starts; correct the dates")
    return _Dates(start=start, end=end if end != start else None)


def _exact(value: str | None, encounter: Resource, path: str, zone: tzinfo | None) -> date | None:
    if value is None:
        return None
    found = days(value, zone)
    if found is None or found.first != found.last:
        raise InputError(f"{encounter.reference}, {path}: no calendar day; give it as YYYY-MM-DD")
    return found.first


def _check_dates(raw: RawEncounter, dates: _Dates, patient: Person, as_of: date) -> None:
    """Refuse a visit in the future, before birth or after death.

    Raises:
        InputError: saying which.
    """
    where = raw.encounter.reference if raw.encounter else raw.where
    if (dates.end or dates.start) > as_of:
        raise InputError(f"{where}: date of service after the coding date {as_of}; correct the date")
    if patient.birth_date and dates.start < patient.birth_date:
        raise InputError(f"{where}: date of service before the patient's birth; correct one of the dates")
    if patient.death_date and dates.start > patient.death_date:
        raise InputError(f"{where}: date of service after the patient's death; correct one of the dates")


def _age(raw: RawEncounter, patient: Person, on: date) -> int | None:
    if raw.context.age is not None:
        return raw.context.age
    return years_between(patient.birth_date, on) if patient.birth_date else None


def _place(bundle: Bundle, raw: RawEncounter) -> str | None:
    if raw.context.place_of_service:
        return raw.context.place_of_service
    return place_of_service(bundle, raw.encounter) if raw.encounter else None


def _provider(bundle: Bundle, raw: RawEncounter, role: str) -> Provider | None:
    """The context's provider of this role, else the encounter's."""
    stated = raw.context.role(role)
    if stated is not None:
        return (
            people.facility(bundle, stated) if stated.type == "Location" else people.provider(bundle, stated)
        )
    if raw.encounter is None:
        return None
    if role == "billing_provider":
        group = people.group_of(bundle, raw.encounter)
        return people.organization(bundle, group) if group else None
    if role == "facility":
        place = practice_location(bundle, raw.encounter)
        return people.facility(bundle, place) if place else None
    reader = people.rendering if role == "rendering_provider" else people.referring
    return reader(bundle, raw.encounter)


def _documents(
    bundle: Bundle, raw: RawEncounter, patient: Resource | None, rendering: Provider | None
) -> Documents:
    if raw.encounter is None or raw.notes:
        return Documents(read=raw.notes)
    return read_documents(bundle, raw.encounter, patient, rendering.reference if rendering else None)


def _unread(documents: Documents) -> tuple[MissingFact, ...]:
    how = "give it as text/plain, so that it can be read"
    return tuple(
        MissingFact(what=f"document of type {kind}", where=one, how=how) for one, kind in documents.unread
    )


def _coverages(
    bundle: Bundle, raw: RawEncounter, patient: Resource | None, on: date, pack_of: PackOf | None
) -> tuple[CoverageFacts, ...]:
    """The coverages; a payer that the context only names by kind makes one that lacks the rest."""
    stated = raw.context.resources.get("coverage")
    kind = raw.context.payer
    found = coverages(
        bundle,
        stated or bundle.of_type("Coverage"),
        patient,
        on=on,
        stated=Stated(kind=kind, payer=raw.context.role("payer_organization"), pack=raw.context.pack),
        pack_of=pack_of,
    )
    return found if found or kind is None else (kind_alone(kind, pack_of),)


def _reasons(encounter: Resource | None) -> tuple[str, ...]:
    listed = objects(encounter.body, "reasonCode") if encounter else ()
    return tuple(shown for one in listed if (shown := concept_text(one)))


def _prior_authorization(bundle: Bundle, on: date) -> str | None:
    for one in bundle.of_type("ClaimResponse"):
        ends = day(text(one.body, "preAuthPeriod", "end"))
        if text(one.body, "use") == "preauthorization" and (ends is None or on <= ends):
            return text(one.body, "preAuthRef")
    return None
