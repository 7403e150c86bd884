"""Acknowledgements: TA1 (envelope), 999 (syntax), 277CA (claims accepted or rejected)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from knowledge.records import Record
from tools.claim.x12.interchange import Transaction
from tools.claim.x12.read_values import amount, day
from tools.claim.x12.segments import Segment

Outcome = Literal["accepted", "accepted_with_errors", "rejected", "forwarded", "not_found", "unknown"]
_ACK: dict[str, Outcome] = {"A": "accepted", "E": "accepted_with_errors", "P": "accepted_with_errors"}
_CATEGORY: dict[str, Outcome] = {
    "A0": "forwarded",
    "A1": "accepted",
    "A2": "accepted",
    "A3": "rejected",
    "A4": "not_found",
    "A5": "accepted",
    "A6": "rejected",
    "A7": "rejected",
    "A8": "rejected",
}
"""Claim status category (STC01-1) -> outcome; A5 is a claim that was split."""
_LEVELS = {"20": "source", "21": "receiver", "19": "provider", "PT": "claim", "22": "claim", "23": "claim"}


class InterchangeStatus(Record):
    """TA1: what became of an interchange; ``note`` is TA105, 000 meaning no error."""

    control_number: str
    outcome: Outcome
    code: str
    note: str


class SyntaxError999(Record):
    """One fault a 999 reports: segment, its number in the transaction, element, code; ``context`` is CTX."""

    segment: str
    position: int
    loop: str | None
    code: str
    element: str | None = None
    element_code: str | None = None
    value: str | None = None
    context: tuple[str, ...] = ()


class TransactionStatus(Record):
    """999 AK2..IK5: what became of one transaction of the group that was sent."""

    group_control: str
    transaction_control: str
    outcome: Outcome
    code: str
    reasons: tuple[str, ...]
    faults: tuple[SyntaxError999, ...]


class GroupStatus(Record):
    """999 AK1..AK9."""

    group_control: str
    outcome: Outcome
    code: str
    included: int
    received: int
    accepted: int
    transactions: tuple[TransactionStatus, ...]


class ClaimStatus(Record):
    """277CA STC at any level: source, receiver (the whole batch), provider, or one claim.

    ``reference`` is TRN02, at claim level the CLM01 we sent; ``also`` holds further statuses (STC10, STC11).
    """

    level: str
    reference: str
    outcome: Outcome
    category: str
    status: str
    entity: str | None
    action: str | None
    on: date | None
    amount: Decimal | None
    payer_claim_number: str | None
    clearinghouse_number: str | None
    message: str | None
    also: tuple[str, ...] = ()


def read_interchange_status(segment: Segment) -> InterchangeStatus:
    """One TA1."""
    code = segment.get(4)
    return InterchangeStatus(
        control_number=segment.get(1), outcome=_ACK.get(code, "rejected"), code=code, note=segment.get(5)
    )


def read_group_status(transaction: Transaction) -> GroupStatus:
    """One 999 transaction.

    Raises:
        X12Error: AK1 or AK9 is missing.
    """
    segments = transaction.segments
    group = next((s for s in segments if s.id == "AK1"), None)
    end = next((s for s in segments if s.id == "AK9"), None)
    if group is None or end is None:
        raise segments[0].error("an acknowledgement needs AK1 and AK9")
    code = end.get(1)
    return GroupStatus(
        group_control=group.get(2),
        outcome=_ACK.get(code, "rejected"),
        code=code,
        included=_count(end, 2),
        received=_count(end, 3),
        accepted=_count(end, 4),
        transactions=tuple(_transactions(segments, group.get(2))),
    )


def _count(segment: Segment, index: int) -> int:
    text = segment.get(index)
    if not text.isdigit():
        raise segment.error(f"element {index} is no count: {text!r}")
    return int(text)


def _transactions(segments: list[Segment], group: str) -> Iterator[TransactionStatus]:
    opened: Segment | None = None
    faults: list[SyntaxError999] = []
    for segment in segments:
        match segment.id:
            case "AK2":
                opened, faults = segment, []
            case "IK3" | "AK3":
                faults.append(_segment_fault(segment))
            case "IK4" | "AK4" if faults:
                faults.append(_element_fault(segment, faults[-1]))
            case "CTX" if faults:
                context = (*faults[-1].context, segment.text[4:])
                faults[-1] = faults[-1].model_copy(update={"context": context})
            case "IK5" | "AK5":
                code = segment.get(1)
                yield TransactionStatus(
                    group_control=group,
                    transaction_control=opened.get(2) if opened else "",
                    outcome=_ACK.get(code, "rejected"),
                    code=code,
                    reasons=tuple(e for e in segment.elements[2:] if e),
                    faults=tuple(faults),
                )
                opened, faults = None, []
    if opened is not None:
        raise opened.error("the acknowledged transaction has no IK5")


def _segment_fault(segment: Segment) -> SyntaxError999:
    return SyntaxError999(
        segment=segment.get(1),
        position=_count(segment, 2),
        loop=segment.get(3) or None,
        code=segment.get(4),
    )


def _element_fault(segment: Segment, above: SyntaxError999) -> SyntaxError999:
    return above.model_copy(
        update={
            "element": segment.get(1),
            "element_code": segment.get(3),
            "value": segment.get(4) or None,
            "context": (),
        }
    )


def read_claim_statuses(transaction: Transaction) -> tuple[ClaimStatus, ...]:
    """Every STC of one 277CA, at whatever level it stands.

    Raises:
        X12Error: a hierarchical level is unknown, or a date or amount can not be read.
    """
    levels: list[list[Segment]] = []
    for segment in transaction.segments:
        if segment.id == "HL":
            levels.append([segment])
        elif levels:
            levels[-1].append(segment)
    return tuple(status for level in levels for status in _level_statuses(level))


def _level_statuses(level: list[Segment]) -> Iterator[ClaimStatus]:
    head = level[0]
    kind = _LEVELS.get(head.get(3))
    if kind is None:
        raise head.error(f"hierarchical level {head.get(3)!r} is unknown")
    reference = next((s.get(2) for s in level if s.id == "TRN"), "")
    numbers = {s.get(1): s.get(2) for s in level if s.id == "REF"}
    for segment in level:
        if segment.id == "STC":
            yield _status(segment, kind, reference, numbers)


def _status(segment: Segment, kind: str, reference: str, numbers: dict[str, str]) -> ClaimStatus:
    parts = [*segment.parts(1), "", "", ""]
    return ClaimStatus(
        level=kind,
        reference=reference,
        outcome=_CATEGORY.get(parts[0], "unknown"),
        category=parts[0],
        status=parts[1],
        entity=parts[2] or None,
        action=segment.get(3) or None,
        on=day(segment, segment.get(2)) if segment.get(2) else None,
        amount=amount(segment, 4) if segment.get(4) else None,
        payer_claim_number=numbers.get("1K"),
        clearinghouse_number=numbers.get("D9"),
        message=segment.get(12) or None,
        also=tuple(text for text in (segment.get(10), segment.get(11)) if text),
    )
