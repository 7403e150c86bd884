"""Who sends a batch to whom: the envelope and its ISA, GS, ST and trailer segments."""

from datetime import datetime

from pydantic import Field

from knowledge.records import Record
from tools.claim.errors import ClaimError
from tools.claim.x12.charset import clean
from tools.claim.x12.codes import VERSION_837
from tools.claim.x12.out import SegmentWriter


class Envelope(Record):
    """The trading partners and control numbers of one interchange.

    The caller gives control numbers and never uses one twice with the same partner: ``interchange_control``
    (ISA13), ``group_control`` (GS06) and ``transaction_control`` (ST02 of the first transaction; the next
    ones count up). ``created`` is local time as written in ISA09/10, GS04/05 and BHT04/05.
    """

    sender_id: str = Field(min_length=2, max_length=15)
    receiver_id: str = Field(min_length=2, max_length=15)
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    group_sender: str | None = Field(default=None, description="GS02; the sender id when absent")
    group_receiver: str | None = Field(default=None, description="GS03; the receiver id when absent")
    submitter_name: str
    submitter_etin: str | None = Field(default=None, description="1000A NM109; the sender id when absent")
    contact_name: str
    contact_phone: str | None = None
    contact_email: str | None = None
    receiver_name: str
    receiver_etin: str | None = None
    interchange_control: int = Field(ge=1, le=999_999_999)
    group_control: int | None = Field(
        default=None, ge=1, le=999_999_999, description="GS06; the interchange's number when absent"
    )
    transaction_control: int = Field(default=1, ge=1, le=999_999_999)
    batch_reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=27,
        description="BHT03; made of the interchange's number when absent",
    )
    production: bool = False
    acknowledgment: bool = False
    encounters: bool = Field(
        default=False, description="BHT06 RP (encounter reports) instead of CH (charges)"
    )
    created: datetime


def envelope_problems(envelope: Envelope) -> list[str]:
    """What the envelope lacks to be written."""
    problems = []
    if not (envelope.contact_phone or envelope.contact_email):
        problems.append("submitter contact needs a telephone number or e-mail address (loop 1000A PER)")
    for what, value, limit in (
        ("submitter name", envelope.submitter_name, 60),
        ("submitter contact name", envelope.contact_name, 60),
        ("receiver name", envelope.receiver_name, 60),
    ):
        if not 1 <= len(clean(value)) <= limit:
            problems.append(f"{what} must have 1 to {limit} characters (loops 1000A and 1000B)")
    return problems


def open_interchange(out: SegmentWriter, envelope: Envelope) -> None:
    """ISA and GS."""
    problems = envelope_problems(envelope)
    if problems:
        raise ClaimError(problems)
    moment = envelope.created
    blank = " " * 10
    out.raw(
        f"ISA*00*{blank}*00*{blank}*{envelope.sender_qualifier}*{clean(envelope.sender_id):<15}"
        f"*{envelope.receiver_qualifier}*{clean(envelope.receiver_id):<15}*{moment:%y%m%d}*{moment:%H%M}*^*00501"
        f"*{envelope.interchange_control:09d}*{int(envelope.acknowledgment)}"
        f"*{'P' if envelope.production else 'T'}*:"
    )
    out.add(
        "GS",
        "HC",
        clean(envelope.group_sender or envelope.sender_id),
        clean(envelope.group_receiver or envelope.receiver_id),
        f"{moment:%Y%m%d}",
        f"{moment:%H%M}",
        _group_control(envelope),
        "X",
        VERSION_837,
    )


def close_interchange(out: SegmentWriter, envelope: Envelope, transactions: int) -> None:
    """GE and IEA."""
    out.add("GE", str(transactions), _group_control(envelope))
    out.add("IEA", "1", f"{envelope.interchange_control:09d}")


def open_transaction(out: SegmentWriter, envelope: Envelope, index: int) -> None:
    """ST, BHT, submitter and receiver of transaction ``index`` (0-based)."""
    moment = envelope.created
    batch = envelope.batch_reference or f"B{envelope.interchange_control:09d}"
    reference = batch + (f"-{index + 1}" if index else "")
    out.add("ST", "837", _control(envelope, index), VERSION_837)
    kind = "RP" if envelope.encounters else "CH"
    out.add("BHT", "0019", "00", clean(reference), f"{moment:%Y%m%d}", f"{moment:%H%M%S}", kind)
    out.add(
        "NM1", "41", "2", clean(envelope.submitter_name), "", "", "", "", "46",
        clean(envelope.submitter_etin or envelope.sender_id),
    )  # fmt: skip
    contact = [("TE", envelope.contact_phone), ("EM", envelope.contact_email)]
    numbers = [item for qualifier, value in contact if value for item in (qualifier, clean(value))]
    out.add("PER", "IC", clean(envelope.contact_name), *numbers)
    out.add(
        "NM1", "40", "2", clean(envelope.receiver_name), "", "", "", "", "46",
        clean(envelope.receiver_etin or envelope.receiver_id),
    )  # fmt: skip


def close_transaction(out: SegmentWriter, envelope: Envelope, index: int, opened_at: int) -> None:
    """SE with the count of segments since ``opened_at`` (the writer's count before ST)."""
    out.add("SE", str(out.count - opened_at + 1), _control(envelope, index))


def _group_control(envelope: Envelope) -> str:
    return str(envelope.group_control or envelope.interchange_control)


def _control(envelope: Envelope, index: int) -> str:
    return f"{envelope.transaction_control + index:04d}"
