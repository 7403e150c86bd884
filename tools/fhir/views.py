"""Thin views over FHIR JSON: total functions that return what is there, or nothing, and never raise."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tools.encounter import Address, Name, Sex
from tools.fhir.tables import state_codes

JsonObject = Mapping[str, object]

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
CVX = "http://hl7.org/fhir/sid/cvx"
NUCC = "http://nucc.org/provider-taxonomy"
_SEXES: Mapping[str, Sex] = {"female": "female", "male": "male", "other": "other"}
NPI = "http://hl7.org/fhir/sid/us-npi"


def node(value: object, *path: str | int) -> object:
    """The element at ``path`` (member names and list positions), or None."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def text(value: object, *path: str | int) -> str | None:
    """The string at ``path`` without surrounding space, or None when it is absent, empty or no string."""
    found = node(value, *path)
    return (found.strip() or None) if isinstance(found, str) else None


def objects(value: object, *path: str | int) -> tuple[JsonObject, ...]:
    """The objects of the list at ``path``; a single object counts as a list of one."""
    found = node(value, *path)
    if isinstance(found, dict):
        return (found,)
    return tuple(item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Coding:
    """One coding of a CodeableConcept and its position in it."""

    system: str | None
    code: str | None
    display: str | None
    position: int


def codings(concept: object) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept in their order."""
    return tuple(
        Coding(system=text(c, "system"), code=text(c, "code"), display=text(c, "display"), position=i)
        for i, c in enumerate(objects(concept, "coding"))
    )


def concept_text(concept: object) -> str | None:
    """What a person reads: the concept's text, else the first display, else the first code."""
    found = codings(concept)
    shown = next((c.display for c in found if c.display), None)
    return text(concept, "text") or shown or next((c.code for c in found if c.code), None)


def code_in(concept: object, system: str) -> str | None:
    """The concept's code in one code system."""
    return next((c.code for c in codings(concept) if c.system == system and c.code), None)


def codes_of(concepts: object) -> frozenset[str]:
    """All codes of a list of CodeableConcepts (or of one), whatever the system."""
    listed = concepts if isinstance(concepts, list) else [concepts]
    return frozenset(c.code for concept in listed for c in codings(concept) if c.code)


def identifier(resource: object, system: str) -> str | None:
    """The value of the first identifier of this system."""
    return next(
        (text(i, "value") for i in objects(resource, "identifier") if text(i, "system") == system), None
    )


def identifier_of_type(resource: object, *types: str) -> str | None:
    """The value of the first identifier whose type coding is one of ``types``."""
    for one in objects(resource, "identifier"):
        if codes_of(node(one, "type")) & set(types):
            return text(one, "value")
    return None


def _preferred(items: tuple[JsonObject, ...], uses: tuple[str, ...]) -> JsonObject | None:
    current = [i for i in items if text(i, "period", "end") is None] or list(items)
    ranked = sorted(current, key=lambda i: uses.index(u) if (u := text(i, "use")) in uses else len(uses))
    return ranked[0] if ranked else None


def human_name(resource: object) -> Name | None:
    """The official (else usual, else first) name of a person resource; None when there is no family name."""
    found = _preferred(objects(resource, "name"), ("official", "usual"))
    if found is None:
        return None
    given = [g for g in _strings(found, "given") if g]
    family, whole = text(found, "family"), (text(found, "text") or "").split()
    if family is None and whole:
        family, given = whole[-1], given or whole[:-1]
    if family is None:
        return None
    return Name(
        last=family,
        first=given[0] if given else None,
        middle=" ".join(given[1:]) or None,
        suffix=" ".join(_strings(found, "suffix")) or None,
    )


def _strings(value: object, *path: str | int) -> list[str]:
    found = node(value, *path)
    return [s.strip() for s in found if isinstance(s, str)] if isinstance(found, list) else []


def digits(value: str | None) -> str:
    """The decimal digits of a text."""
    return "".join(c for c in value or "" if c in "0123456789")


def address(resource: object) -> Address | None:
    """The home, work or first address when it is complete enough for an envelope; otherwise None."""
    found = _preferred(objects(resource, "address"), ("home", "work", "billing"))
    lines = [line for line in _strings(found, "line") if line]
    city, state = text(found, "city"), state_codes().get((text(found, "state") or "").lower())
    postal = digits(text(found, "postalCode"))
    if not lines or city is None or state is None or len(postal) not in {5, 9}:
        return None
    second = ", ".join(lines[1:]) or None
    return Address(line1=lines[0], line2=second, city=city, state=state, postal_code=postal)


def phone(resource: object) -> str | None:
    """The first ten-digit telephone number, digits only."""
    for contact in objects(resource, "telecom"):
        number = digits(text(contact, "value")) if text(contact, "system") == "phone" else ""
        number = number[1:] if len(number) == 11 and number.startswith("1") else number
        if len(number) == 10:
            return number
    return None


def sex(resource: object) -> Sex:
    """Administrative gender as the claim needs it."""
    return _SEXES.get(text(resource, "gender") or "", "unknown")


def quantity(value: object) -> str | None:
    """A Quantity as a person writes it: ``7.8 %``."""
    number = node(value, "value")
    if not isinstance(number, int | Decimal) or isinstance(number, bool):
        return None
    return " ".join(p for p in (text(value, "comparator"), str(number), text(value, "unit")) if p)
