"""Segments that the claim and its lines have in common."""

from collections.abc import Iterable

from tools.claim.model import Adjustment, Attachment
from tools.claim.money import x12_number
from tools.claim.x12.charset import clean
from tools.claim.x12.out import SegmentWriter

_TRIPLETS = 6


def write_attachments(out: SegmentWriter, attachments: Iterable[Attachment]) -> None:
    """PWK of the claim or of a line."""
    for item in attachments:
        number = ("", "", "AC", clean(item.control_number)) if item.control_number else ()
        out.add("PWK", item.report_type, item.transmission, *number)


def write_adjustments(out: SegmentWriter, adjustments: Iterable[Adjustment]) -> None:
    """CAS segments: one per group code, six reasons each."""
    groups: dict[str, list[Adjustment]] = {}
    for adjustment in adjustments:
        groups.setdefault(adjustment.group, []).append(adjustment)
    for group, members in groups.items():
        for start in range(0, len(members), _TRIPLETS):
            triplets = [
                element
                for member in members[start : start + _TRIPLETS]
                for element in (
                    member.carc,
                    x12_number(member.amount),
                    "" if member.quantity is None else x12_number(member.quantity),
                )
            ]
            out.add("CAS", group, *triplets)
