"""Who and what a record names: every identifier of its people, places and cards, read from the record itself.

Safe harbour (45 CFR 164.514(b)(2)) lists 18 kinds. The structured ones are taken from the FHIR resources and from what the
documents say of their authors; those that stand only in the text are found by pattern (``evals.train.patterns``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from evals.train.records import Visit
from tools.encounter import EncounterFacts, Person, Provider

_SKIPPED: Final = frozenset({"Claim", "ClaimResponse", "ExplanationOfBenefit", "ValueSet", "CodeSystem"})
_NUMBERS: Final = frozenset(
    {"subscriberId", "serialNumber", "distinctIdentifier", "deviceIdentifier", "licenseId"}
)
_PLACES: Final = frozenset({"Organization", "Location", "HealthcareService"})
_PARTY: Final = frozenset(
    {"subject", "patient", "author", "authenticator", "beneficiary", "subscriber", "performer"}
)
_CAPITAL: Final = re.compile(r"[A-Z][a-z'’-]+")
_DEGREES: Final = frozenset(
    {"md", "do", "np", "pa", "rn", "phd", "dr", "mr", "mrs", "ms", "jr", "sr", "pa-c", "ii", "iii"}
)


@dataclass(kw_only=True)
class Identifiers:
    """What of one patient may be in no text: parts of names, phrases (places, streets), numbers, birth dates."""

    names: set[str] = field(default_factory=set)
    phrases: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    births: set[date] = field(default_factory=set)

    def update(self, other: "Identifiers") -> None:
        """Take another visit's identifiers of the same patient along."""
        self.names |= other.names
        self.phrases |= other.phrases
        self.numbers |= other.numbers
        self.births |= other.births

    def name(self, said: object) -> None:
        """Keep the parts of a person's name; initials and degrees name nobody."""
        if isinstance(said, str):
            parts = re.split(r"[\s,]+", said)
            self.names |= {
                p.strip(".") for p in parts if len(p.strip(".")) > 1 and p.lower().strip(".") not in _DEGREES
            }

    def phrase(self, said: object) -> None:
        """Keep a phrase of a place."""
        if isinstance(said, str) and len(said.strip()) > 2:
            self.phrases.add(said.strip())

    def number(self, said: object) -> None:
        """Keep a number of someone or something; short ones are no one's alone."""
        if isinstance(said, str) and len(_plain(said)) >= 4:
            self.numbers.add(said.strip())


def identifiers(visit: Visit) -> Identifiers:
    """Every identifier of a visit's record and facts."""
    found = of_facts(visit.facts)
    for resource in visit.raw.bundle.resources:
        if resource.type not in _SKIPPED:
            _resource(resource.type, resource.body, found)
    return found


def of_facts(facts: EncounterFacts) -> Identifiers:
    """Every identifier of the facts alone (of a trace, say, where the record is not at hand)."""
    found = Identifiers()
    _person(facts.patient, found)
    for coverage in facts.coverages:
        for number in (coverage.member_id, coverage.group_number):
            found.number(number)
        if coverage.subscriber:
            _person(coverage.subscriber, found)
    providers = (facts.billing_provider, facts.rendering_provider, facts.referring_provider)
    for provider in (*providers, facts.supervising_provider, facts.ordering_provider, facts.facility):
        if provider is not None:
            _provider(provider, found)
    for number in (facts.prior_authorization, facts.referral_number):
        found.number(number)
    for document in facts.documents:
        if document.author and "/" not in document.author and "urn:" not in document.author:
            found.name(document.author)
    return found


def _person(person: Person, found: Identifiers) -> None:
    for part in (person.name.first, person.name.middle, person.name.last):
        found.name(part)
    if person.birth_date:
        found.births.add(person.birth_date)
    found.number(person.mrn)
    found.number(person.phone)
    _address(person.address.model_dump() if person.address else {}, found)


def _provider(provider: Provider, found: Identifiers) -> None:
    if provider.is_person:
        for part in (provider.name.first, provider.name.middle, provider.name.last):
            found.name(part)
    else:
        found.phrase(provider.name.display)
    for number in (provider.npi, provider.tax_id, provider.phone, provider.clia):
        found.number(number)
    _address(provider.address.model_dump() if provider.address else {}, found)


def _resource(kind: str, body: Mapping[str, Any], found: Identifiers) -> None:
    for key, value in _walk(body, kind):
        role, last = key
        if last in _NUMBERS or last == "identifier.value":
            found.number(value)
        elif last == "birthDate" and isinstance(value, str):
            _birth(value, found)
        elif last in {"telecom.value", "url.contact"}:
            found.number(value)
        elif last.startswith("address."):
            _address({last.partition(".")[2]: value}, found)
        elif last in {"name.family", "name.given", "name.text"}:
            found.name(value)
        elif last == "name" and role in _PLACES and not _payer(body):
            found.phrase(value)
        elif last.endswith(".display") and last.split(".")[0] in _PARTY and isinstance(value, str):
            found.name(value) if _CAPITAL.match(value) else None


def _walk(value: Any, kind: str, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, str], Any]]:
    """Every leaf with its resource type and the last two keys of its path."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _walk(part, kind, (*path, key))
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, kind, path)
    elif path:
        pair = ".".join(path[-2:])
        single = path[-1] in _NUMBERS or path[-1] == "birthDate" or len(path) == 1
        yield (kind, path[-1] if single else pair), value


def _payer(body: Mapping[str, Any]) -> bool:
    """Payers are named in no one's chart alone, and which kind pays is part of the context."""
    codings = [c for t in body.get("type") or () if isinstance(t, dict) for c in t.get("coding") or ()]
    return any(c.get("code") in {"pay", "ins"} for c in codings)


def _address(address: Mapping[str, Any], found: Identifiers) -> None:
    for key in ("line", "line1", "line2", "city", "district", "text"):
        found.phrase(address.get(key))
    for key in ("postal_code", "postalCode"):
        found.number(address.get(key))
        if isinstance(address.get(key), str) and len(_plain(address[key])) == 9:
            found.number(_plain(address[key])[:5])


def _birth(said: str, found: Identifiers) -> None:
    try:
        found.births.add(date.fromisoformat(said))
    except ValueError:
        return  # a year or a month alone: safe harbour allows the year


def _plain(said: str) -> str:
    return re.sub(r"\W", "", said)
