"""Who pays: the coverages in force on the date of service, in order of benefits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tools.encounter import CoverageFacts, PayerKind
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.dates import days
from tools.fhir.identifiers import member_id, payer_id
from tools.fhir.people import person
from tools.fhir.tables import PayerRule, filing_codes, payer_rules
from tools.fhir.views import JsonObject, address, codes_of, codings, concept_text, node, objects, text

PackOf = Callable[[str | None, str, PayerKind], str | None]
"""(payer id, payer name, payer kind) -> id of the payer pack that holds this payer's rules, or None."""

_PERSON = "self-pay"
"""What a payer is called that is a person."""
_OWN_POLICY = frozenset({"medicare", "medicare_advantage", "medicaid", "self_pay"})
_RELATIONSHIPS: dict[str, Literal["self", "spouse", "child", "other"]] = {
    "self": "self",
    "spouse": "spouse",
    "common": "spouse",
    "child": "child",
    "parent": "other",
    "other": "other",
    "injured": "other",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PayerSign:
    """A payer kind with its SBR09 filing code; ``certain`` is False when the record shows no sign of it."""

    kind: PayerKind
    filing_code: str | None
    certain: bool


def payer_sign(coverage: object, payer_name: str) -> PayerSign:
    """The payer's kind by the codes of Coverage.type, then by the names of payer and plan.

    The rules are a table (``data/payer_kinds.csv``), tried in its order.
    """
    kinds = codings(node(coverage, "type"))
    plans = [text(c, "name") or "" for c in objects(coverage, "class")]
    told = () if payer_name == _PERSON else (concept_text(node(coverage, "type")) or "", *plans)
    names = " | ".join((payer_name, *told))  # a person pays whatever plan is still written on the coverage

    def fires(rule: PayerRule) -> bool:
        if rule.basis == "name":
            return rule.pattern.search(names) is not None
        return any(c.system == rule.system and c.code and rule.pattern.fullmatch(c.code) for c in kinds)

    found = next((rule for rule in payer_rules() if fires(rule)), None)
    if found is None:
        return PayerSign(kind="commercial", filing_code=filing_codes()["commercial"], certain=False)
    return PayerSign(kind=found.kind, filing_code=found.filing_code, certain=True)


def in_force(coverage: Resource, patient: Resource | None, bundle: Bundle, on: date) -> bool:
    """True when the coverage is active, the patient's, and its period includes the day."""
    body = coverage.body
    if text(body, "status") not in {None, "active"}:
        return False
    holder = bundle.resolve(node(body, "beneficiary"), coverage)
    if holder is not None and patient is not None and holder is not patient:
        return False
    start, end = days(text(body, "period", "start")), days(text(body, "period", "end"))
    return (start is None or start.first <= on) and (end is None or on <= end.last)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """What the context states of the primary coverage."""

    kind: PayerKind | None = None
    payer: Resource | None = None
    pack: str | None = None


def coverages(
    bundle: Bundle,
    found: tuple[Resource, ...],
    patient: Resource | None,
    *,
    on: date,
    stated: Stated = Stated(),
    pack_of: PackOf | None = None,
) -> tuple[CoverageFacts, ...]:
    """The coverages in force, primary first.

    Args:
        bundle: the record.
        found: its Coverage resources, in its order.
        patient: whose they must be.
        on: the date of service.
        stated: what the context states of the primary one.
        pack_of: finds a payer's pack.
    """
    active = [c for c in found if in_force(c, patient, bundle, on)]
    active.sort(key=lambda c: order if isinstance(order := node(c.body, "order"), int) else 99)
    return tuple(
        _coverage(bundle, c, patient, number, stated if number == 1 else Stated(), pack_of)
        for number, c in enumerate(active, start=1)
    )


def kind_alone(kind: PayerKind, pack_of: PackOf | None) -> CoverageFacts:
    """A payer of which only the kind is stated: it decides the rules, and lacks all that a claim needs."""
    return CoverageFacts(
        reference="Coverage",
        order=1,
        payer_kind=kind,
        payer_name="",
        payer_id=None,
        filing_code=filing_codes()[kind],
        pack=pack_of(None, "", kind) if pack_of else None,
        member_id=None,
        relationship="self",
    )


def _payer(bundle: Bundle, resource: Resource, stated: Stated) -> tuple[Resource | None, str]:
    """The payer and its name ('self-pay' when the payor is a person)."""
    reference = next(iter(objects(resource.body, "payor")), None)
    found = stated.payer or bundle.resolve(reference, resource)
    if found is not None and found.type in {"Patient", "RelatedPerson"}:
        return None, _PERSON
    return found, (text(found.body, "name") if found else None) or text(reference, "display") or ""


def _class(body: JsonObject, kind: str, *members: str) -> str | None:
    found = next((c for c in objects(body, "class") if kind in codes_of(node(c, "type"))), None)
    return next((value for member in members if (value := text(found, member))), None)


def _coverage(
    bundle: Bundle,
    resource: Resource,
    patient: Resource | None,
    order: int,
    stated: Stated,
    pack_of: PackOf | None,
) -> CoverageFacts:
    body = resource.body
    payer, name = _payer(bundle, resource, stated)
    sign = payer_sign(body, name)
    kind = stated.kind or sign.kind
    electronic = payer_id(payer.body) if payer else None
    relationship, subscriber = _subscriber(bundle, resource, patient, kind)
    return CoverageFacts(
        reference=resource.reference,
        order=order,
        payer_kind=kind,
        payer_name=name,
        payer_id=electronic,
        payer_address=address(payer.body) if payer else None,
        filing_code=sign.filing_code if kind == sign.kind else filing_codes()[kind],
        pack=stated.pack or (pack_of(electronic, name, kind) if pack_of else None),
        member_id=member_id(body, dashed=kind != "medicare"),
        group_number=_class(body, "group", "value"),
        group_name=_class(body, "group", "name"),
        plan_name=_class(body, "plan", "name", "value"),
        relationship=relationship,
        subscriber=person(subscriber) if subscriber and relationship != "self" else None,
    )


def _subscriber(
    bundle: Bundle, coverage: Resource, patient: Resource | None, kind: PayerKind
) -> tuple[Literal["self", "spouse", "child", "other"], Resource | None]:
    """Relationship to the subscriber, and who that is; with neither given the patient holds the policy."""
    found = bundle.resolve(node(coverage.body, "subscriber"), coverage)
    stated = next(
        (
            _RELATIONSHIPS[c.code]
            for c in codings(node(coverage.body, "relationship"))
            if c.code in _RELATIONSHIPS
        ),
        None,
    )
    if kind in _OWN_POLICY and stated is None:
        return "self", found
    if stated is None:
        stated = "self" if found is None or found is patient else "other"
    return stated, found
