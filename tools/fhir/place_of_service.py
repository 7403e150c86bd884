"""Where the service was rendered, as the CMS place of service of two digits."""

import re

from tools.fhir.bundle import Bundle, Resource
from tools.fhir.tables import PlaceRule, place_rules
from tools.fhir.views import codes_of, codings, concept_text, node, objects, text

PLACE_SYSTEM = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
_DEFAULTS = {"AMB": "11"}
_REMOTE = "VR"


def encounter_class(encounter: Resource) -> str:
    """Encounter.class (v3-ActCode); ambulatory when it is not given."""
    return text(encounter.body, "class", "code") or "AMB"


def locations(bundle: Bundle, encounter: Resource) -> tuple[Resource, ...]:
    """The Locations of the encounter that the record holds, in its order."""
    listed = (node(entry, "location") for entry in objects(encounter.body, "location"))
    return tuple(found for one in listed if (found := bundle.resolve(one, encounter)))


def practice_location(bundle: Bundle, encounter: Resource) -> Resource | None:
    """The first Location that is not the patient's home: where the practice rendered the service."""
    return next((one for one in locations(bundle, encounter) if not at_home(one)), None)


def at_home(location: Resource) -> bool:
    """True for a patient's residence (role code PTRES, or physical type house)."""
    return "PTRES" in codes_of(node(location.body, "type")) or "ho" in codes_of(
        node(location.body, "physicalType")
    )


def place_of_service(bundle: Bundle, encounter: Resource) -> str | None:
    """The place of service, explicit before inferred; None when the record does not settle it.

    A remote visit is 10 when a Location says that the patient was at home. Where the patient was can not be
    read off the practice's own Location, so without that the place stays open (02 or 10).
    The inference is a table: ``data/places.csv``.
    """
    found = locations(bundle, encounter)
    for one in found:
        for coding in (c for t in objects(one.body, "type") for c in codings(t)):
            if coding.system == PLACE_SYSTEM and re.fullmatch(r"\d\d", coding.code or ""):
                return coding.code
    kind = encounter_class(encounter)
    inferred = next((rule.place for rule in place_rules() if _fires(rule, kind, found)), None)
    return inferred or _DEFAULTS.get(kind)


def _fires(rule: PlaceRule, kind: str, found: tuple[Resource, ...]) -> bool:
    if rule.encounter_class not in {"*", kind} or (rule.encounter_class == "*" and kind == _REMOTE):
        return False
    if rule.location_code == "*":
        return True
    if rule.location_code:
        return any(
            rule.location_code in codes_of(node(one.body, "type")) or _home(rule, one) for one in found
        )
    words = rule.location_words
    return words is not None and any(words.search(_described(one)) for one in found)


def _home(rule: PlaceRule, location: Resource) -> bool:
    return rule.location_code == "PTRES" and at_home(location)


def _described(location: Resource) -> str:
    kinds = " ".join(concept_text(one) or "" for one in objects(location.body, "type"))
    return f"{text(location.body, 'name') or ''} {kinds}"
