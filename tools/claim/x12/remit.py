"""835 remittance advice: what was paid, adjusted and taken back, with its balances checked.

Balancing (835 guide, section 1.10.2): a line's charge less its payment equals its adjustments; a claim's
likewise, claim and line adjustments together; the payment (BPR02) equals the claims' payments less the
provider adjustments (PLB).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from knowledge.records import Record
from tools.claim.model import Adjustment
from tools.claim.x12.interchange import Transaction
from tools.claim.x12.read_insurance import adjustments_of
from tools.claim.x12.read_values import amount, day
from tools.claim.x12.reader import KeptSegment
from tools.claim.x12.segments import Segment

_ZERO = Decimal(0)
REVERSAL = "22"
"""CLP02 of a takeback: the amounts are negative and cancel an earlier payment."""
DENIED = "4"


class RemitLine(Record):
    """One paid or denied service (loop 2110)."""

    code: str
    modifiers: tuple[str, ...]
    charge: Decimal
    paid: Decimal
    units: Decimal
    adjustments: tuple[Adjustment, ...]
    remark_codes: tuple[str, ...] = ()
    control_number: str | None = None
    date_from: date | None = None


class RemitClaim(Record):
    """One claim of a remittance (loop 2100). ``status`` is CLP02: 1-3 processed, 4 denied, 22 reversal."""

    claim_id: str
    status: str
    charge: Decimal
    paid: Decimal
    patient_responsibility: Decimal | None
    filing_code: str | None
    payer_claim_number: str | None
    frequency: str | None
    adjustments: tuple[Adjustment, ...]
    remark_codes: tuple[str, ...]
    lines: tuple[RemitLine, ...]

    @property
    def all_adjustments(self) -> tuple[Adjustment, ...]:
        """Those of the claim, then those of its lines."""
        return self.adjustments + tuple(a for line in self.lines for a in line.adjustments)


class ProviderAdjustment(Record):
    """One reason of PLB: money moved outside any claim; a positive amount lowers the payment."""

    reason: str
    reference: str | None
    amount: Decimal


class Remittance(Record):
    """One 835 transaction, or a piece of one: of a piece, ``imbalances`` judge each claim but not the payment."""

    payer: str
    payee: str
    payee_id: str | None
    trace: str | None
    amount: Decimal
    method: str
    paid_on: date | None
    claims: tuple[RemitClaim, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]
    kept: tuple[KeptSegment, ...]
    imbalances: tuple[str, ...]


@dataclass(slots=True)
class _Part:
    """A claim or line being collected: its first segment and those below it."""

    head: Segment
    below: list[Segment] = field(default_factory=list)
    lines: list["_Part"] = field(default_factory=list)


def read_remittance(transaction: Transaction) -> Remittance:
    """One 835 transaction in full, or one piece of it.

    Raises:
        X12Error: an amount or date can not be read, or BPR is missing.
    """
    header, parts, trailer = _divided(transaction.segments)
    payment = _first(header, "BPR")
    if payment is None:
        raise transaction.segments[0].error("the remittance has no payment segment (BPR)")
    trace = _first(header, "TRN")
    fresh = [s for s in header if s.position >= transaction.fresh]
    kept = [_keep(s, "1000", None) for s in fresh if s.id not in _HEADER_MODELLED]
    claims = tuple(_claim(part, kept) for part in parts)
    provider_level = tuple(item for segment in trailer for item in _provider_adjustments(segment))
    payer, payee = _party(header, "PR"), _party(header, "PE")
    total = amount(payment, 2)
    faults = list(_imbalances(claims))
    if not (transaction.more or transaction.fresh):
        faults += payment_fault(total, paid_in(claims), moved_in(provider_level))
    return Remittance(
        payer=payer.get(2) if payer else "",
        payee=payee.get(2) if payee else "",
        payee_id=(payee.get(4) or None) if payee else None,
        trace=(trace.get(2) or None) if trace else None,
        amount=total,
        method=payment.get(4),
        paid_on=day(payment, payment.get(16)) if payment.get(16) else None,
        claims=claims,
        provider_adjustments=provider_level,
        kept=tuple(kept),
        imbalances=tuple(faults),
    )


_HEADER_MODELLED = frozenset({"ST", "BPR", "TRN", "N1", "LX"})
_LINE_MODELLED = frozenset({"CAS", "LQ"})


def _divided(segments: list[Segment]) -> tuple[list[Segment], list[_Part], list[Segment]]:
    header: list[Segment] = []
    parts: list[_Part] = []
    trailer: list[Segment] = []
    for segment in segments:
        match segment.id:
            case "CLP":
                parts.append(_Part(segment))
            case "PLB":
                trailer.append(segment)
            case "SVC" if parts:
                parts[-1].lines.append(_Part(segment))
            case "SVC":
                raise segment.error("a service outside any claim (CLP)")
            case "LX" | "TS3" | "TS2":
                header.append(segment)
            case _:
                _place(segment, header, parts)
    return header, parts, trailer


def _place(segment: Segment, header: list[Segment], parts: list[_Part]) -> None:
    if not parts:
        header.append(segment)
    elif parts[-1].lines:
        parts[-1].lines[-1].below.append(segment)
    else:
        parts[-1].below.append(segment)


def _claim(part: _Part, kept: list[KeptSegment]) -> RemitClaim:
    head = part.head
    claim_id = head.get(1)
    adjustments = tuple(a for s in part.below if s.id == "CAS" for a in adjustments_of(s))
    remarks = [c for s in part.below if s.id == "MOA" for c in s.elements[3:8] if c]
    lines = tuple(_line(line, claim_id, kept) for line in part.lines)
    kept.extend(_keep(s, "2100", claim_id) for s in part.below if s.id not in {"CAS", "MOA"})
    return RemitClaim(
        claim_id=claim_id,
        status=head.get(2),
        charge=amount(head, 3),
        paid=amount(head, 4),
        patient_responsibility=amount(head, 5) if head.get(5) else None,
        filing_code=head.get(6) or None,
        payer_claim_number=head.get(7) or None,
        frequency=head.get(9) or None,
        adjustments=adjustments,
        remark_codes=tuple(remarks),
        lines=lines,
    )


def _line(part: _Part, claim_id: str, kept: list[KeptSegment]) -> RemitLine:
    head = part.head
    procedure = head.parts(1)
    control: str | None = None
    when: date | None = None
    for segment in part.below:
        if segment.id == "REF" and segment.get(1) == "6R":
            control = segment.get(2) or None
        elif segment.id == "DTM" and segment.get(1) in {"472", "150"}:
            when = day(segment, segment.get(2))
        elif segment.id not in _LINE_MODELLED:
            kept.append(_keep(segment, "2110", claim_id))
    return RemitLine(
        code=procedure[1] if len(procedure) > 1 else procedure[0],
        modifiers=tuple(m for m in procedure[2:6] if m),
        charge=amount(head, 2),
        paid=amount(head, 3) if head.get(3) else _ZERO,
        units=amount(head, 5) if head.get(5) else Decimal(1),
        adjustments=tuple(a for s in part.below if s.id == "CAS" for a in adjustments_of(s)),
        remark_codes=tuple(s.get(2) for s in part.below if s.id == "LQ" and s.get(1) == "HE"),
        control_number=control,
        date_from=when,
    )


def _provider_adjustments(segment: Segment) -> Iterator[ProviderAdjustment]:
    for index in range(3, len(segment.elements), 2):
        parts = segment.parts(index)
        if not parts[0]:
            continue
        reference = parts[1] if len(parts) > 1 else ""
        yield ProviderAdjustment(
            reason=parts[0], reference=reference or None, amount=amount(segment, index + 1)
        )


def paid_in(claims: tuple[RemitClaim, ...]) -> Decimal:
    """What the payer paid for these claims."""
    return sum((claim.paid for claim in claims), _ZERO)


def moved_in(adjustments: tuple[ProviderAdjustment, ...]) -> Decimal:
    """What was moved outside any claim."""
    return sum((item.amount for item in adjustments), _ZERO)


def payment_fault(total: Decimal, paid: Decimal, moved: Decimal) -> list[str]:
    """The fault of a payment (BPR02) that is not what its claims and provider adjustments add up to, if any."""
    due = paid - moved
    if due == total:
        return []
    return [f"payment {total} is not what claims and provider adjustments add up to, {due}"]


def _imbalances(claims: tuple[RemitClaim, ...]) -> Iterator[str]:
    for claim in claims:
        for number, line in enumerate(claim.lines, 1):
            adjusted = _sum(line.adjustments)
            if line.charge - line.paid != adjusted:
                yield f"claim {claim.claim_id} line {number}: {line.charge} - {line.paid} is not {adjusted}"
        adjusted = _sum(claim.all_adjustments)
        if claim.charge - claim.paid != adjusted:
            yield f"claim {claim.claim_id}: {claim.charge} - {claim.paid} is not {adjusted}"


def _sum(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((a.amount for a in adjustments), _ZERO)


def _first(segments: list[Segment], name: str) -> Segment | None:
    return next((s for s in segments if s.id == name), None)


def _party(segments: list[Segment], entity: str) -> Segment | None:
    return next((s for s in segments if s.id == "N1" and s.get(1) == entity), None)


def _keep(segment: Segment, loop: str, claim_id: str | None) -> KeptSegment:
    return KeptSegment(
        position=segment.position, loop=loop, claim_id=claim_id, text=segment.text, reason="not modelled"
    )
