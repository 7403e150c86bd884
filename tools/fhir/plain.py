"""Plain keys of a context file as FHIR resources, so that everything after has one shape to read."""

from collections.abc import Mapping

from tools.fhir.errors import InputError
from tools.fhir.views import NPI, NUCC, JsonObject, node, text

_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_PAYER_TYPE = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"
_EIN = "urn:oid:2.16.840.1.113883.4.4"
_CLIA = "urn:oid:2.16.840.1.113883.4.7"

_PERSON = frozenset({"first", "last", "middle", "suffix", "name", "address", "phone"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "patient": _PERSON | {"id", "birth_date", "sex", "mrn"},
    "coverage": frozenset(
        {"payer_name", "payer_id", "payer_address", "member_id", "relationship", "group_number", "group_name"}
        | {"plan_name", "pack", "filing_code", "subscriber"}
    ),
    "payer_organization": frozenset({"name", "payer_id", "address", "phone"}),
    "billing_provider": _PERSON | {"npi", "tax_id", "taxonomy", "clia"},
    "rendering_provider": _PERSON | {"npi", "taxonomy", "tax_id"},
    "referring_provider": _PERSON | {"npi", "taxonomy"},
    "facility": frozenset({"name", "npi", "address", "phone"}),
}


def check_keys(given: JsonObject, role: str, where: str) -> None:
    """Refuse a key that the role does not have.

    Raises:
        InputError: naming the key and those allowed.
    """
    if unknown := sorted(set(given) - ALLOWED[role]):
        allowed = ", ".join(sorted(ALLOWED[role]))
        raise InputError(f"{where}, {role}: unknown key '{unknown[0]}'; give {allowed}, or a FHIR resource")


def _identifier(
    system: str | None, value: object, kind: str | None = None, kind_system: str = _TYPE
) -> JsonObject:
    found: dict[str, object] = {"value": str(value)}
    if system:
        found["system"] = system
    if kind:
        found["type"] = {"coding": [{"system": kind_system, "code": kind}]}
    return found


def _address(given: object) -> list[JsonObject]:
    if not isinstance(given, Mapping):
        return []
    lines = [line for key in ("line1", "line2") if (line := text(given, key))]
    place = {
        "city": text(given, "city"),
        "state": text(given, "state"),
        "postalCode": text(given, "postal_code"),
    }
    return [{"line": lines, **{key: value for key, value in place.items() if value}}]


def _telecom(given: JsonObject) -> list[JsonObject]:
    return [{"system": "phone", "value": str(given["phone"])}] if given.get("phone") else []


def _name(given: JsonObject) -> list[JsonObject]:
    if whole := text(given, "name"):
        return [{"text": whole.split(",")[0]}]
    given_names = [name for key in ("first", "middle") if (name := text(given, key))]
    suffix = [one] if (one := text(given, "suffix")) else []
    return [{"family": text(given, "last"), "given": given_names, "suffix": suffix}]


def patient(given: JsonObject) -> JsonObject:
    """A Patient of plain keys."""
    body: dict[str, object] = {
        "resourceType": "Patient",
        "id": text(given, "id") or "patient",
        "name": _name(given),
        "telecom": _telecom(given),
        "address": _address(given.get("address")),
        "identifier": [_identifier(None, given["mrn"], "MR")] if given.get("mrn") else [],
    }
    optional = {"birthDate": text(given, "birth_date"), "gender": text(given, "sex")}
    return {**body, **{key: value for key, value in optional.items() if value}}


def organization(given: JsonObject, own_id: str) -> JsonObject:
    """An Organization of plain keys (a billing group or a payer)."""
    identifiers = [
        _identifier(system, given[key], kind, kind_system)
        for key, system, kind, kind_system in (
            ("npi", NPI, "NPI", _TYPE),
            ("tax_id", _EIN, "EN", _TYPE),
            ("clia", _CLIA, None, _TYPE),
            ("payer_id", None, "payerid", _PAYER_TYPE),
        )
        if given.get(key)
    ]
    kinds = [{"coding": [{"system": NUCC, "code": given["taxonomy"]}]}] if given.get("taxonomy") else []
    return {
        "resourceType": "Organization",
        "id": own_id,
        "name": text(given, "name"),
        "identifier": identifiers,
        "type": kinds,
        "address": _address(given.get("address")),
        "telecom": _telecom(given),
    }


def practitioner(given: JsonObject, own_id: str) -> JsonObject:
    """A Practitioner of plain keys; the taxonomy stands as a qualification."""
    identifiers = [_identifier(NPI, given["npi"], "NPI")] if given.get("npi") else []
    if given.get("tax_id"):
        identifiers.append(_identifier(_EIN, given["tax_id"], "EN"))
    held = (
        [{"code": {"coding": [{"system": NUCC, "code": given["taxonomy"]}]}}] if given.get("taxonomy") else []
    )
    return {
        "resourceType": "Practitioner",
        "id": own_id,
        "name": _name(given),
        "identifier": identifiers,
        "qualification": held,
        "address": _address(given.get("address")),
        "telecom": _telecom(given),
    }


def billing(given: JsonObject) -> JsonObject:
    """The billing provider: an organisation unless a family name is given."""
    return practitioner(given, "billing") if text(given, "last") else organization(given, "billing")


def location(given: JsonObject) -> JsonObject:
    """A Location of plain keys; its NPI stands as its own identifier."""
    identifiers = [_identifier(NPI, given["npi"], "NPI")] if given.get("npi") else []
    where = _address(given.get("address"))
    return {
        "resourceType": "Location",
        "id": "facility",
        "name": text(given, "name"),
        "identifier": identifiers,
        "address": where[0] if where else None,
        "telecom": _telecom(given),
    }


def coverage(given: JsonObject) -> JsonObject:
    """A Coverage of plain keys, its payer and subscriber contained."""
    payer = organization(
        {
            "name": given.get("payer_name"),
            "payer_id": given.get("payer_id"),
            "address": given.get("payer_address"),
        },
        "payer",
    )
    body: dict[str, object] = {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        "contained": [payer],
        "payor": [{"reference": "#payer"}],
        "class": _classes(given),
    }
    if value := given.get("member_id"):
        body["subscriberId"] = str(value)
    if code := text(given, "relationship"):
        body["relationship"] = {"coding": [{"code": code}]}
    if filing := text(given, "filing_code"):
        body["type"] = {"coding": [{"system": "https://codesystem.x12.org/005010/1032", "code": filing}]}
    if isinstance(given.get("subscriber"), Mapping):
        subscriber = node(given, "subscriber")
        if isinstance(subscriber, Mapping):
            person = {**patient(subscriber), "resourceType": "RelatedPerson", "id": "subscriber"}
            body["contained"] = [payer, person]
            body["subscriber"] = {"reference": "#subscriber"}
    return body


def _classes(given: JsonObject) -> list[JsonObject]:
    group = {"type": {"coding": [{"code": "group"}]}, "value": str(given.get("group_number") or "")}
    if name := text(given, "group_name"):
        group["name"] = name
    plan = {"type": {"coding": [{"code": "plan"}]}, "value": "plan", "name": given.get("plan_name")}
    wanted = ((group, given.get("group_number")), (plan, given.get("plan_name")))
    return [one for one, there in wanted if there]
