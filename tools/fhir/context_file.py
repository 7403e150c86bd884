"""The context file: what a person says about an encounter that its note or Bundle does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import get_args

from tools.encounter import PayerKind, Sex
from tools.fhir import plain
from tools.fhir.bundle import Bundle, Resource, from_object, read_json
from tools.fhir.errors import InputError
from tools.fhir.views import JsonObject, objects, text

_SCALARS = frozenset(
    {"age", "sex", "new_patient", "place_of_service", "date_of_service", "payer", "encounter"}
)
_PLAIN: Mapping[str, Callable[[JsonObject], JsonObject]] = {
    "patient": plain.patient,
    "coverage": plain.coverage,
    "payer_organization": lambda given: plain.organization(given, "payer"),
    "billing_provider": plain.billing,
    "rendering_provider": lambda given: plain.practitioner(given, "rendering"),
    "referring_provider": lambda given: plain.practitioner(given, "referring"),
    "facility": plain.location,
}
KEYS = _SCALARS | set(_PLAIN) | {"history"}


@dataclass(frozen=True, kw_only=True)
class ContextFile:
    """A context, checked.

    Attributes:
        encounter: which encounter of the Bundle is meant, or the id to give a bare note's encounter.
        resources: FHIR resources by role (``patient``, ``coverage``, ``billing_provider`` ...), as given
            or made from plain keys.
        history: the patient's record, when given.
        pack: payer pack named for the coverage.
    """

    encounter: str | None = None
    age: int | None = None
    sex: Sex | None = None
    new_patient: bool | None = None
    place_of_service: str | None = None
    date_of_service: date | None = None
    payer: PayerKind | None = None
    resources: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    history: Bundle | None = None
    pack: str | None = None

    def role(self, name: str) -> Resource | None:
        """The first resource given for a role."""
        return next(iter(self.resources.get(name, ())), None)


def read_context(data: bytes, where: str = "context") -> ContextFile:
    """Parse a context file.

    Raises:
        InputError: not UTF-8, not a JSON object, an unknown key, or a value of the wrong kind.
    """
    given = read_json(data, where)
    if not isinstance(given, dict):
        raise InputError(f"{where}: not a JSON object; give keys such as age, sex, date_of_service, payer")
    return context_of(given, where)


def context_of(given: JsonObject, where: str = "context") -> ContextFile:
    """A context of an object already parsed (an eval case, an API request).

    Raises:
        InputError: an unknown key, or a value of the wrong kind; the message names the key.
    """
    if unknown := sorted(set(given) - KEYS):
        raise InputError(f"{where}: unknown key '{unknown[0]}'; allowed are {', '.join(sorted(KEYS))}")
    return ContextFile(
        encounter=_text(given, "encounter", where),
        age=_age(given, where),
        sex=_sex(given, where),
        new_patient=_flag(given, "new_patient", where),
        place_of_service=_place(given, where),
        date_of_service=_day(given, where),
        payer=_payer(given, where),
        resources={role: _resources(given[role], role, where) for role in _PLAIN if given.get(role)},
        history=_history(given.get("history"), where),
        pack=text(given, "coverage", "pack"),
    )


def _text(given: JsonObject, key: str, where: str) -> str | None:
    value = given.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputError(f"{where}, {key}: give a text")
    return value


def _age(given: JsonObject, where: str) -> int | None:
    value = given.get("age")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 <= value <= 130:
        raise InputError(f"{where}, age: give completed years from 0 to 130, or null when unknown")
    return int(value)


def _flag(given: JsonObject, key: str, where: str) -> bool | None:
    value = given.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise InputError(f"{where}, {key}: give true, false or null")


def _sex(given: JsonObject, where: str) -> Sex | None:
    value = (_text(given, "sex", where) or "").lower()
    if not value:
        return None
    for one in get_args(Sex):
        if value in {one, one[0]} and (len(value) > 1 or one in {"female", "male"}):
            return one  # type: ignore[no-any-return] # get_args is untyped
    raise InputError(f"{where}, sex: give one of {', '.join(get_args(Sex))}")


def _payer(given: JsonObject, where: str) -> PayerKind | None:
    value = _text(given, "payer", where)
    if value is None:
        return None
    for one in get_args(PayerKind):
        if value == one:
            return one  # type: ignore[no-any-return] # get_args is untyped
    raise InputError(f"{where}, payer: give one of {', '.join(get_args(PayerKind))}")


def _place(given: JsonObject, where: str) -> str | None:
    value = _text(given, "place_of_service", where)
    if value is not None and not re.fullmatch(r"[0-9]{2}", value):
        raise InputError(
            f'{where}, place_of_service: give the two digits of the CMS place of service, such as "11"'
        )
    return value


def _day(given: JsonObject, where: str) -> date | None:
    value = _text(given, "date_of_service", where)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = f"{where}, date_of_service: no calendar date; give it as YYYY-MM-DD"
        raise InputError(message) from None


def _resources(given: object, role: str, where: str) -> tuple[Resource, ...]:
    listed = given if isinstance(given, list) else [given]
    found = []
    for one in listed:
        if not isinstance(one, Mapping):
            raise InputError(f"{where}, {role}: give an object (plain keys or a FHIR resource)")
        if "resourceType" in one:
            found.append(from_object(one))
            continue
        plain.check_keys(one, role, where)
        found.append(from_object(_PLAIN[role](one)))
    return tuple(found)


def _history(given: object, where: str) -> Bundle | None:
    if given is None:
        return None
    if text(given, "resourceType") != "Bundle":
        raise InputError(f"{where}, history: give a FHIR Bundle or null")
    bodies = [one for entry in objects(given, "entry") for one in objects(entry, "resource")]
    return Bundle(tuple(from_object(body) for body in bodies if text(body, "resourceType")))
