"""What the claim needs and the record lacks: each with where it belongs and how to give it."""

from collections.abc import Iterator

from tools.encounter import ClinicalDocument, CoverageFacts, EncounterFacts, MissingFact, Person, Provider

_BY_CONTEXT = "or in the context file under '{}'"


def _fact(what: str, where: str, key: str, how: str) -> MissingFact:
    return MissingFact(what=what, where=where, how=f"{how} {_BY_CONTEXT.format(key)}")


def _patient(patient: Person, age: int | None) -> Iterator[MissingFact]:
    if age is None:
        yield _fact("patient's age", "Patient.birthDate", "age", "give the birth date there")
    if patient.birth_date is None:
        yield _fact(
            "patient's birth date", "Patient.birthDate", "patient.birth_date", "give the full date there"
        )
    if not patient.name.last:
        yield _fact("patient's name", "Patient.name", "patient.last", "give family and given name there")
    if patient.address is None:
        yield _fact(
            "patient's address", "Patient.address", "patient.address", "give line, city, state and ZIP there"
        )
    if patient.sex == "unknown":
        yield _fact("patient's sex", "Patient.gender", "sex", "give the administrative gender there")


def _coverage(coverage: CoverageFacts) -> Iterator[MissingFact]:
    where = coverage.reference
    if coverage.payer_kind == "self_pay":
        return
    if not coverage.payer_name:
        yield _fact(
            "payer's name", f"{where}.payor", "coverage.payer_name", "name the payer's Organization there"
        )
    if coverage.payer_id is None:
        how = "add an identifier of type payerid to the payer's Organization"
        yield _fact("payer id", f"{where}.payor", "coverage.payer_id", how)
    if coverage.member_id is None:
        how = "give the member number there"
        yield _fact("member number", f"{where}.subscriberId", "coverage.member_id", how)
    if coverage.relationship != "self":
        yield from _subscriber(coverage)
    if coverage.order > 1 and coverage.payer_kind == "medicare" and coverage.insurance_type is None:
        how = "say why Medicare pays second (working aged, disability, end-stage renal disease ...)"
        yield MissingFact(what="reason that Medicare is secondary", where=f"{where}.type", how=how)


def _subscriber(coverage: CoverageFacts) -> Iterator[MissingFact]:
    subscriber, where = coverage.subscriber, f"{coverage.reference}.subscriber"
    if subscriber is None:
        how = "name the subscriber's Patient or RelatedPerson there"
        yield _fact("subscriber of the coverage", where, "coverage.subscriber", how)
        return
    for what, absent in (
        ("name", not subscriber.name.last),
        ("birth date", subscriber.birth_date is None),
        ("address", subscriber.address is None),
    ):
        if absent:
            yield _fact(f"subscriber's {what}", where, "coverage.subscriber", "give it there")


def _npi(provider: Provider, role: str, key: str) -> Iterator[MissingFact]:
    if provider.npi is None:
        how = "give a ten-digit NPI with a right check digit there"
        yield _fact(f"NPI of the {role}", f"{provider.reference}.identifier", f"{key}.npi", how)


def _billing(provider: Provider | None) -> Iterator[MissingFact]:
    if provider is None:
        how = "name the billing Organization there"
        yield _fact("billing provider", "Encounter.serviceProvider", "billing_provider", how)
        return
    where = provider.reference
    yield from _npi(provider, "billing provider", "billing_provider")
    if not provider.name.last:
        yield _fact("billing provider's name", f"{where}.name", "billing_provider.name", "give it there")
    if provider.tax_id is None:
        how = "add the employer identification number there"
        yield _fact("billing provider's tax id", f"{where}.identifier", "billing_provider.tax_id", how)
    if provider.address is None:
        how = "give line, city, state and ZIP+4 there"
        yield _fact("billing provider's address", f"{where}.address", "billing_provider.address", how)
    elif len(provider.address.postal_code) != 9:
        how = "give all nine digits there"
        yield _fact("ZIP+4 of the billing provider", f"{where}.address", "billing_provider.address", how)


def _rendering(provider: Provider | None) -> Iterator[MissingFact]:
    if provider is None:
        how = "name the primary performer there"
        yield _fact("rendering provider", "Encounter.participant", "rendering_provider", how)
        return
    yield from _npi(provider, "rendering provider", "rendering_provider")
    if not provider.name.last:
        yield _fact(
            "rendering provider's name",
            f"{provider.reference}.name",
            "rendering_provider.last",
            "give it there",
        )


def _documents(documents: tuple[ClinicalDocument, ...]) -> Iterator[MissingFact]:
    for one in documents:
        if one.kind != "transcript" and not one.signed:
            yield MissingFact(
                what="signature of the note",
                where=f"{one.id} (status {one.status})",
                how="have the author sign it, and give docStatus final or amended",
            )


def missing_facts(facts: EncounterFacts) -> tuple[MissingFact, ...]:
    """Everything a claim of these facts lacks, in the order in which a biller would ask for it."""
    found = [*_documents(facts.documents), *_patient(facts.patient, facts.age_years)]
    if not facts.coverages:
        how = "add a Coverage in force on the date of service"
        found.append(_fact("coverage", "Coverage", "coverage", how))
    for coverage in facts.coverages:
        found.extend(_coverage(coverage))
    found.extend(_billing(facts.billing_provider))
    found.extend(_rendering(facts.rendering_provider))
    if facts.place_of_service is None:
        how = "say where the patient was (10 at home, 02 elsewhere) by a Location there"
        found.append(_fact("place of service", "Encounter.location", "place_of_service", how))
    return tuple(found)
