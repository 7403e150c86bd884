"""Is a FHIR Claim sound: the R4 model, and the links and sums no model checks."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic import ValidationError

from tools.claim.fhir_claim.codes import CPT, HCPCS_SPELLINGS, ICD10CM, Json
from tools.claim.fhir_claim.walk import child, code, integer, number, rows, text

_LIMITS = {"diagnosis": 12, "item": 50}
_LINKS = {
    "diagnosisSequence": "diagnosis",
    "careTeamSequence": "careTeam",
    "informationSequence": "supportingInfo",
}


def check_fhir_claim(resource: Json) -> list[str]:
    """Every fault found, empty when there is none."""
    return [
        *_model(resource),
        *_sequences(resource),
        *_items(resource),
        *_references(resource),
        *_sum(resource),
    ]


def _model(resource: Json) -> Iterator[str]:
    from fhir.resources.R4B.claim import Claim as R4Claim

    try:
        R4Claim.model_validate(resource)
    except ValidationError as error:
        for fault in error.errors():
            yield f"Claim.{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _sequences(resource: Json) -> Iterator[str]:
    for name in ("careTeam", "supportingInfo", "diagnosis", "insurance", "item"):
        numbers = [integer(node, "sequence") for node in rows(resource, name)]
        if len(set(numbers)) < len(numbers):
            yield f"Claim.{name}: a sequence is used twice"
        if name in _LIMITS and len(numbers) > _LIMITS[name]:
            yield f"Claim.{name}: {len(numbers)} entries, a professional claim has at most {_LIMITS[name]}"
    focal = [node for node in rows(resource, "insurance") if node.get("focal") is True]
    if len(focal) != 1:
        yield f"Claim.insurance: {len(focal)} entries are focal, exactly one must be"
    for node in rows(resource, "diagnosis"):
        if code(node.get("diagnosisCodeableConcept"), ICD10CM) is None:
            yield f"Claim.diagnosis {integer(node, 'sequence')}: no ICD-10-CM code"


def _items(resource: Json) -> Iterator[str]:
    known = {target: {integer(n, "sequence") for n in rows(resource, target)} for target in _LINKS.values()}
    for item in rows(resource, "item"):
        where = f"Claim.item {integer(item, 'sequence')}"
        for link, target in _LINKS.items():
            values = child(item, link)
            for value in values if isinstance(values, list) else []:
                if value not in known[target]:
                    yield f"{where}.{link}: {value} is no {target} of this claim"
        if code(item.get("productOrService"), CPT, *HCPCS_SPELLINGS) is None:
            yield f"{where}: no CPT or HCPCS code"
        if len(list(rows(item, "modifier"))) > 4:
            yield f"{where}: more than four modifiers"
        price, units, net = (
            number(item, *path) for path in (("unitPrice", "value"), ("quantity", "value"), ("net", "value"))
        )
        if price is not None and units is not None and net is not None and price * units != net:
            yield f"{where}: {units} times {price} is not {net}"


def _references(resource: Json) -> Iterator[str]:
    contained = {f"#{text(item, 'id')}" for item in rows(resource, "contained")}
    used = set(_local_references(resource))
    for missing in sorted(used - contained):
        yield f"reference {missing} points to nothing"
    for unused in sorted(contained - used):
        yield f"contained resource {unused} is not referenced"


def _local_references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference
        for value in node.values():
            yield from _local_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _local_references(value)


def _sum(resource: Json) -> Iterator[str]:
    total = number(resource, "total", "value")
    nets = sum((number(item, "net", "value") or Decimal(0) for item in rows(resource, "item")), Decimal(0))
    if total is not None and total != nets:
        yield f"Claim.total {total} is not the sum of the items {nets}"
