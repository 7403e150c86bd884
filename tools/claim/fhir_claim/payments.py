"""What earlier payers did with the claim <-> contained FHIR R4 ClaimResponses (Claim.insurance.claimResponse).

Group and reason codes are X12's (CAS01, CARC, RARC). What a ClaimResponse has no element for (units, service and
day of a line's payment) travels in extensions of our own.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tools.claim.fhir_claim import codes
from tools.claim.fhir_claim.codes import Json, concept
from tools.claim.fhir_claim.read_parties import Resolve
from tools.claim.fhir_claim.walk import code, day, extension, integer, number, rows, text
from tools.claim.model import Adjustment, Claim, ClaimPayment, LinePayment
from tools.claim.money import cents
from tools.encounter import CoverageFacts

_BENEFIT, _ADJUSTMENT, _NON_COVERED, _REMAINING, _UNITS = (
    "benefit",
    "adjustment",
    "non_covered",
    "remaining",
    "paid_units",
)
_SERVICE = "urn:superbill:extension:paid-service"
_PAID_ON = "urn:superbill:extension:paid-on"


def response_of(claim: Claim, coverage: CoverageFacts) -> Json | None:
    """The ClaimResponse of this coverage's payer, None when it has not adjudicated the claim."""
    whole = next((p for p in claim.payments if p.payer_id == coverage.payer_id), None)
    by_line = [
        (number_, payment)
        for number_, line in enumerate(claim.lines, 1)
        for payment in line.payments
        if payment.payer_id == coverage.payer_id
    ]
    if whole is None and not by_line:
        return None
    known = [whole.paid_on] if whole and whole.paid_on else [payment.paid_on for _, payment in by_line]
    created = max(known, default=claim.created)
    resource: Json = {
        "resourceType": "ClaimResponse",
        "id": f"response-{coverage.order}",
        "status": "active",
        "type": concept(codes.CLAIM_TYPE, "professional"),
        "use": "claim",
        "patient": {"reference": "#patient"},
        "created": created.isoformat(),
        "insurer": {"reference": f"#payer-{coverage.order}"},
        "outcome": "complete",
    }
    if by_line:
        resource["item"] = [_item(number_, payment) for number_, payment in by_line]
    return resource | (_whole(whole) if whole else {})


def _whole(payment: ClaimPayment) -> Json:
    amounts = ((_NON_COVERED, payment.non_covered), (_REMAINING, payment.remaining))
    found: Json = {"adjudication": list(_adjudications(payment.paid, payment.adjustments, amounts))}
    if payment.control_number:
        found["identifier"] = [{"system": codes.PAYER_CLAIM_ID, "value": payment.control_number}]
    if payment.paid_on:
        found["payment"] = {
            "type": concept(codes.PAYMENT_TYPE, "complete"),
            "date": payment.paid_on.isoformat(),
            "amount": _money(payment.paid),
        }
    if payment.remark_codes:
        found["processNote"] = [{"number": n, "text": c} for n, c in enumerate(payment.remark_codes, 1)]
    return found


def _item(sequence: int, payment: LinePayment) -> Json:
    details: list[Json] = [{"url": _PAID_ON, "valueDate": payment.paid_on.isoformat()}]
    if payment.code:
        details.append({"url": _SERVICE, "valueString": " ".join((payment.code, *payment.modifiers))})
    adjudication = list(_adjudications(payment.paid, payment.adjustments, ((_REMAINING, payment.remaining),)))
    adjudication.append({"category": concept(codes.OWN_INFO, _UNITS), "value": payment.units})
    return {"extension": details, "itemSequence": sequence, "adjudication": adjudication}


def _adjudications(
    paid: Decimal, adjustments: Iterable[Adjustment], amounts: Iterable[tuple[str, Decimal | None]]
) -> Iterator[Json]:
    yield {"category": concept(codes.ADJUDICATION, _BENEFIT), "amount": _money(paid)}
    for name, amount in amounts:
        if amount is not None:
            yield {"category": concept(codes.OWN_INFO, name), "amount": _money(amount)}
    for adjustment in adjustments:
        group = {"system": codes.ADJUSTMENT_GROUP, "code": adjustment.group}
        entry: Json = {
            "category": concept(codes.OWN_INFO, _ADJUSTMENT),
            "reason": {"coding": [{"system": codes.CARC, "code": adjustment.carc}, group]},
            "amount": _money(adjustment.amount),
        }
        if adjustment.quantity is not None:
            entry["value"] = adjustment.quantity
        yield entry


def with_payments(claim: Claim, resource: Json, resolve: Resolve) -> Claim:
    """The claim with what earlier payers did, as their ClaimResponses say."""
    payers = {coverage.order: coverage.payer_id or "" for coverage in claim.coverages}
    payments: list[ClaimPayment] = []
    by_line: dict[int, list[LinePayment]] = {}
    for index, entry in enumerate(rows(resource, "insurance"), 1):
        response = resolve(entry.get("claimResponse"))
        order = integer(resolve(entry.get("coverage")), "order") or integer(entry, "sequence") or index
        if response is None or order not in payers:
            continue
        payment = _claim_payment(response, payers[order])
        payments += [payment] if payment else []
        for sequence, paid in _line_payments(response, payers[order]):
            by_line.setdefault(sequence, []).append(paid)
    lines = tuple(
        line.model_copy(update={"payments": tuple(by_line.get(line.number, ()))}) for line in claim.lines
    )
    return claim.model_copy(update={"payments": tuple(payments), "lines": lines})


def _claim_payment(response: Json, payer_id: str) -> ClaimPayment | None:
    """What the payer did with the whole claim; None when the response speaks of lines only."""
    amounts = _amounts(response)
    if _BENEFIT not in amounts:
        return None
    return ClaimPayment(
        payer_id=payer_id,
        paid=amounts[_BENEFIT],
        paid_on=day(response, "payment", "date"),
        adjustments=tuple(_adjustments(response)),
        non_covered=amounts.get(_NON_COVERED),
        remaining=amounts.get(_REMAINING),
        control_number=text(response, "identifier", 0, "value"),
        remark_codes=tuple(c for note in rows(response, "processNote") if (c := text(note, "text"))),
    )


def _line_payments(response: Json, payer_id: str) -> Iterator[tuple[int, LinePayment]]:
    """Line numbers and what the payer did with them; a line without amount or day of payment is left out."""
    for item in rows(response, "item"):
        sequence, amounts = integer(item, "itemSequence"), _amounts(item)
        paid_on = day(extension(item, _PAID_ON), "valueDate") or day(response, "payment", "date")
        if sequence is None or paid_on is None or _BENEFIT not in amounts:
            continue
        service = (text(extension(item, _SERVICE), "valueString") or "").split()
        yield (
            sequence,
            LinePayment(
                payer_id=payer_id,
                paid=amounts[_BENEFIT],
                units=amounts.get(_UNITS, Decimal(1)),
                paid_on=paid_on,
                code=service[0] if service else None,
                modifiers=tuple(service[1:]),
                adjustments=tuple(_adjustments(item)),
                remaining=amounts.get(_REMAINING),
            ),
        )


def _amounts(node: Json) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for entry in rows(node, "adjudication"):
        category = code(entry.get("category"))
        amount = number(entry, "value") if category == _UNITS else number(entry, "amount", "value")
        if category and category != _ADJUSTMENT and amount is not None:
            found[category] = amount
    return found


def _adjustments(node: Json) -> Iterator[Adjustment]:
    for entry in rows(node, "adjudication"):
        reason = entry.get("reason")
        group, carc = code(reason, codes.ADJUSTMENT_GROUP), code(reason, codes.CARC)
        amount = number(entry, "amount", "value")
        if group and carc and amount is not None:
            yield Adjustment(group=group, carc=carc, amount=amount, quantity=number(entry, "value"))


def _money(amount: Decimal) -> Json:
    return {"value": cents(amount), "currency": "USD"}
