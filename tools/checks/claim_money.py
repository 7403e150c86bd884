"""Claim rules: money, balancing, limits of the form, identifiers and characters."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from tools.checks.lines_units import TRACKED
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.x12.charset import unwritable

_MOST_LINES = 50
_MOST_DIAGNOSES = 12
_LARGEST = Decimal("99999999.99")


def _amounts(request: CheckRequest) -> Iterator[tuple[str, Decimal, int | None]]:
    claim = request.claim
    yield "total charge", claim.total_charge, None
    if claim.patient_paid is not None:
        yield "amount paid by the patient", claim.patient_paid, None
    for line in claim.lines:
        yield "charge", line.charge, line.number
    for paid in claim.payments:
        yield "amount paid by the other payer", paid.paid, None


@rule("claim.total", "error", "The total is not the sum of the lines.", "X12 RFI 1294: CLM02 = sum of SV102")
def total(request: CheckRequest) -> Iterator[Doubt]:
    """The claim total equals the sum of the line charges."""
    added = sum((line.charge for line in request.claim.lines), Decimal(0))
    if added != request.claim.total_charge:
        message = f"The total charge {request.claim.total_charge} is not the sum of the lines, {added}."
        yield Doubt(message=message, hint="Add the line charges again.")


@rule(
    "claim.money_format",
    "error",
    "An amount can not be written on a claim.",
    "837P R elements: two decimals, 10 digits",
)
def money_format(request: CheckRequest) -> Iterator[Doubt]:
    """Amounts are finite, not negative, have at most two decimals and ten digits."""
    for what, amount, line in _amounts(request):
        if not amount.is_finite() or amount < 0 or amount > _LARGEST or amount != round(amount, 2):
            yield Doubt(message=f"The {what} {amount} is no amount a claim can carry.", line=line)


@rule("claim.total_positive", "error", "The claim charges nothing.", "clearinghouse edit on CLM02")
def total_positive(request: CheckRequest) -> Iterator[Doubt]:
    """A claim to a payer charges more than nothing, unless it only counts visits that are never paid."""
    counted = all(line.code in TRACKED for line in request.claim.lines)
    if request.claim.lines and request.claim.total_charge <= 0 and not counted:
        yield Doubt(message="The claim's total charge must be more than zero.")


@rule(
    "claim.balance",
    "error",
    "The other payer's payment does not balance.",
    "X12 RFI 1294; 837P loops 2320 and 2430",
)
def balance(request: CheckRequest) -> Iterator[Doubt]:
    """For every earlier payer: charge = paid + adjustments, over the claim and on each line it reports."""
    claim = request.claim
    for payment in claim.payments:
        taken = sum((a.amount for a in payment.adjustments), Decimal(0))
        taken += sum(
            (
                a.amount
                for x in claim.lines
                for p in x.payments
                if p.payer_id == payment.payer_id
                for a in p.adjustments
            ),
            Decimal(0),
        )
        if payment.paid + taken != claim.total_charge:
            yield Doubt(
                message=f"Payer {payment.payer_id}: paid {payment.paid} and adjustments {taken} do not add up "
                f"to the total charge {claim.total_charge}."
            )
    for line in claim.lines:
        for part in line.payments:
            if part.paid + sum((a.amount for a in part.adjustments), Decimal(0)) != line.charge:
                yield Doubt(
                    message=f"Payer {part.payer_id}: payment and adjustments of the line do not add up to its "
                    f"charge.",
                    codes=(line.code,),
                    line=line.number,
                )


@rule("claim.patient_paid", "warning", "The patient paid more than the total.", "837P loop 2300 AMT*F5")
def patient_paid(request: CheckRequest) -> Iterator[Doubt]:
    """What the patient paid is part of the total."""
    paid = request.claim.patient_paid
    if paid is not None and paid > request.claim.total_charge:
        yield Doubt(message="The patient's payment exceeds the total charge.")


@rule("claim.too_many_lines", "error", "More service lines than one claim holds.", "837P loop 2400 repeat 50")
def too_many_lines(request: CheckRequest) -> Iterator[Doubt]:
    """An 837P claim holds 50 lines."""
    count = len(request.claim.lines)
    if count > _MOST_LINES:
        yield Doubt(
            message=f"{count} service lines; an 837P claim holds {_MOST_LINES}.", hint="Split the claim."
        )


@rule("claim.too_many_diagnoses", "error", "More diagnoses than one claim holds.", "837P HI: 12 diagnoses")
def too_many_diagnoses(request: CheckRequest) -> Iterator[Doubt]:
    """A professional claim holds 12 diagnoses; nothing is dropped silently."""
    count = len(request.claim.diagnoses)
    if count > _MOST_DIAGNOSES:
        yield Doubt(
            message=f"{count} diagnoses; a claim holds {_MOST_DIAGNOSES}.",
            hint="A person decides which to report.",
        )


@rule(
    "claim.id",
    "error",
    "The claim id does not fit.",
    "837P CLM01: 20 characters under HIPAA; project rule on characters",
)
def claim_id(request: CheckRequest) -> Iterator[Doubt]:
    """The claim id has at most 20 upper-case letters and digits (another system's may also have dashes)."""
    pattern = r"[A-Z0-9]{1,20}" if request.facts is not None else r"[A-Za-z0-9 ./_-]{1,20}"
    if not re.fullmatch(pattern, request.claim.claim_id):
        yield Doubt(message="The claim id must have 1 to 20 letters and digits.")


@rule(
    "claim.control_number",
    "error",
    "Two lines share a control number, or one is too long.",
    "837P REF*6R: unique, 30 characters",
)
def control_number(request: CheckRequest) -> Iterator[Doubt]:
    """Line control numbers tell the payer's answers apart."""
    numbers = Counter(x.control_number for x in request.claim.lines if x.control_number)
    for line in request.claim.lines:
        if line.control_number and (numbers[line.control_number] > 1 or len(line.control_number) > 30):
            yield Doubt(
                message="The line control number is used twice or longer than 30 characters.",
                line=line.number,
            )


@rule("claim.charset", "error", "A text holds characters no claim can carry.", "X12 extended character set")
def charset(request: CheckRequest) -> Iterator[Doubt]:
    """Names and notes can be written in the X12 character set after transliteration."""
    for what, text in _texts(request):
        lost = unwritable(text)
        if lost:
            yield Doubt(
                message=f"The {what} holds {len(lost)} character(s) that X12 can not carry.",
                hint="Write it in Latin letters.",
            )


@rule("claim.lengths", "error", "A text is longer than its element.", "837P element lengths (X222A1)")
def lengths(request: CheckRequest) -> Iterator[Doubt]:
    """Names, streets, numbers and notes fit their elements."""
    for what, text in _texts(request):
        most = _LENGTHS.get(what.rpartition(" ")[2])
        if most is not None and len(text) > most:
            yield Doubt(message=f"The {what} has {len(text)} characters; {most} fit.")


_LENGTHS = {
    "name": 60,
    "first": 35,
    "middle": 25,
    "street": 55,
    "city": 30,
    "number": 50,
    "member-id": 80,
    "note": 80,
}


def _texts(request: CheckRequest) -> Iterator[tuple[str, str]]:
    claim = request.claim
    patient = claim.patient
    texts = [
        ("patient's last name", patient.name.last),
        ("patient's first", patient.name.first),
        ("patient's middle", patient.name.middle),
        ("claim note", claim.note),
        ("prior authorisation number", claim.prior_authorization),
        ("referral number", claim.referral_number),
    ]
    if patient.address is not None:
        texts += [("patient's street", patient.address.line1), ("patient's city", patient.address.city)]
    for cover in claim.coverages:
        texts += [
            ("payer name", cover.payer_name),
            ("member-id", cover.member_id),
            ("group number", cover.group_number),
        ]
    if claim.billing_provider is not None:
        texts.append(("billing provider's name", claim.billing_provider.name.last))
    texts += [("line note", line.note) for line in claim.lines]
    return ((what, text) for what, text in texts if text)
