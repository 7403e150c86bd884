"""The last gate: can the claim be written, and does pyx12 find the 837P in order?"""

from collections.abc import Iterator
from datetime import datetime

from knowledge.records import Source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.errors import ClaimError
from tools.claim.model import Claim
from tools.claim.validate import validate_837
from tools.claim.x12.envelope import Envelope
from tools.claim.x12.writer import write_837

_MOST = 12


@rule(
    "claim.not_writable",
    "warning",
    "The 837P can not be written yet.",
    "837P 005010X222A1 required elements",
    hold="data",
)
def not_writable(request: CheckRequest) -> Iterator[Doubt]:
    """What the claim lacks to become an 837P."""
    problems = request.unwritable
    if problems and not request.self_pay:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        yield Doubt(message=f"The 837P can not be written: {'; '.join(problems[:3])}{more}.")


@rule(
    "claim.x12", "error", "pyx12 finds a fault in the 837P.", "X12 005010X222A1, pyx12 map 837.5010.X222.A1"
)
def x12(request: CheckRequest) -> Iterator[Doubt]:
    """The rendered interchange passes the implementation guide's map."""
    if not request.policy.structure or request.unwritable or request.self_pay:
        return
    try:
        text = write_837([request.claim], _envelope(request.claim))
    except ClaimError as error:
        yield Doubt(message=f"The 837P can not be written: {error}.")
        return
    for fault in validate_837(text)[:_MOST]:
        yield Doubt(
            message=f"837P: {fault}.",
            source=Source(table="pyx12", edition="837.5010.X222.A1", row=str(fault.segment)),
        )


def _envelope(claim: Claim) -> Envelope:
    """A test envelope: the gate judges the claim, not the trading partner."""
    return Envelope(
        sender_id="SELFCHECK",
        receiver_id="SELFCHECK",
        submitter_name="SELF CHECK",
        contact_name="SELF CHECK",
        contact_phone="5555550100",
        receiver_name="SELF CHECK",
        interchange_control=1,
        group_control=1,
        batch_reference="SELFCHECK",
        created=datetime(claim.created.year, claim.created.month, claim.created.day),  # noqa: DTZ001 local by definition
    )
