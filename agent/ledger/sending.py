"""Emitted claims -> prepared interchanges in the ledger, each with a control number of its own."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from agent.identity import claim_sha256
from agent.ledger.database import Session
from agent.ledger.ledger import Ledger, LedgerClaim, now
from agent.ledger.states import ADJUDICATED, WAITING, State
from agent.ledger.waiting import held_up
from knowledge.payers import PayerPack
from knowledge.records import Record
from tools.claim.errors import ClaimError
from tools.claim.model import Claim
from tools.claim.x12.charset import clean
from tools.claim.x12.envelope import Envelope
from tools.claim.x12.interchange import Envelopes
from tools.claim.x12.split import split_claim
from tools.claim.x12.writer import write_837


class Outgoing(Record):
    """A claim to send: the claim, its findings at emission (JSON text) and its payer's accepted frequencies."""

    claim: Claim
    findings: str
    pack: str
    accepts: tuple[str, ...]


class Partner(Record):
    """Who sends to whom, under which file names; what is None comes from the claim: billing provider and payer."""

    template: str
    sender: str | None = None
    sender_name: str | None = None
    receiver: str | None = None
    receiver_name: str | None = None
    phone: str | None = None
    production: bool = False


class _DryRun(Exception):  # noqa: N818 - no error: it undoes the transaction
    """All could be prepared; nothing shall be kept."""


class Refusal(Record):
    """A claim that is not sent, and why."""

    claim_id: str
    why: str


def outgoing(claim: Claim, findings: str, pack: PayerPack) -> Outgoing:
    """A claim with what the ledger keeps of it."""
    return Outgoing(claim=claim, findings=findings, pack=pack.id, accepts=pack.accepted_frequencies)


def prepare(
    ledger: Ledger,
    claims: Sequence[Outgoing],
    partner: Partner,
    destination: str,
    *,
    dry_run: bool = False,
    again: bool = False,
) -> tuple[list[Refusal], int]:
    """Put every claim that may go out into an interchange, in one transaction (taken back when it is a dry run).

    Args:
        ledger: the ledger.
        claims: what was emitted.
        partner: who sends to whom.
        destination: where the interchanges will be delivered.
        dry_run: find out what would go; keep nothing.
        again: also send rejected claims that were not changed (the fault lay in the envelope, or at the receiver).

    Returns:
        Claims that are not sent (already sent, waiting, or not legal), and how many were taken.

    Raises:
        ClaimError: a claim can not be written; nothing is prepared.
    """
    refusals: list[Refusal] = []
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    with suppress(_DryRun), ledger.database.transaction() as session:
        seen: set[str] = set()
        for item in claims:
            why = (
                _obstacle(ledger, session, item, destination, again=again)
                if item.claim.claim_id not in seen
                else "given twice"
            )
            seen.add(item.claim.claim_id)
            if why:
                refusals.append(Refusal(claim_id=item.claim.claim_id, why=why))
            else:
                groups.setdefault(_parties(item.claim, partner), []).append(item)
        for (sender, receiver), group in groups.items():
            _interchange(ledger, session, group, partner, (sender, receiver, destination))
        if dry_run:
            raise _DryRun
    return refusals, sum(map(len, groups.values()))


def _obstacle(
    ledger: Ledger, session: Session, item: Outgoing, destination: str, *, again: bool
) -> str | None:
    """Why a claim must not go out now, or None."""
    claim, known = item.claim, ledger.claim(session, item.claim.claim_id)
    if claim.draft:
        if known is None:
            ledger.move_new(session, _row(item, "drafted"), "a draft was given for sending")
        return "it is a draft; approve it first (superbill approve)"
    if claim.frequency not in item.accepts:
        return (
            f"payer pack {item.pack} takes no frequency {claim.frequency}; "
            "ask the payer for a reopening, or appeal"
        )
    if claim.frequency != "1" and not claim.original_reference:
        return f"frequency {claim.frequency} needs the payer's claim number (original_reference)"
    if known is None:
        return None
    return held_up(session, known, destination) or _conflict(claim, known, again=again)


def _conflict(claim: Claim, known: LedgerClaim, *, again: bool) -> str | None:
    same = known.claim_sha256 == claim_sha256(claim)
    if known.state in {"emitted", "corrected", "voided"} | WAITING:
        said = "already sent" if same else "an earlier version is out and not answered"
        return f"{said} (state {known.state}, interchange {known.interchange})"
    if known.state in ADJUDICATED and claim.frequency == "1":
        return (
            "already sent and adjudicated"
            if same
            else f"adjudicated ({known.state}): an original is not sent again; replace it (frequency 7) "
            f"with the payer's number {known.payer_number or '(unknown)'} where the payer takes that, else appeal"
        )
    if known.state in ADJUDICATED and known.payer_number not in {"", claim.original_reference}:
        return f"original_reference is not the payer's number {known.payer_number}"
    if known.state == "rejected" and same and not again:
        return "rejected and not changed since; correct it, or send it again as it is with --again"
    if known.state == "rejected" and claim.frequency != "1" and not known.payer_number:
        return "it was rejected before adjudication; send the correction as an original (frequency 1)"
    return None


def _parties(claim: Claim, partner: Partner) -> tuple[str, str]:
    billing, payer = claim.billing_provider, claim.billed
    sender = partner.sender or (billing.tax_id or billing.npi if billing else None) or "SENDER"
    receiver = partner.receiver or (payer.payer_id if payer else None) or "RECEIVER"
    return sender[:15], receiver[:15]


def _interchange(
    ledger: Ledger,
    session: Session,
    group: list[Outgoing],
    partner: Partner,
    way: tuple[str, str, str],
) -> None:
    sender, receiver, destination = way
    number = ledger.next_number(session, sender, receiver)
    first, moment = group[0].claim, datetime.now(UTC)
    billing, payer = first.billing_provider, first.billed
    reference = f"SB{number:09d}"
    envelope = Envelope(
        sender_id=sender,
        receiver_id=receiver,
        submitter_name=partner.sender_name or (billing.name.display if billing else sender),
        receiver_name=partner.receiver_name or (payer.payer_name if payer else receiver),
        contact_name="BILLING OFFICE",
        contact_phone=(billing.phone if billing else None) or partner.phone,
        interchange_control=number,
        group_control=number,
        batch_reference=reference,
        production=partner.production,
        acknowledgment=True,
        created=moment,
    )
    text = write_837([item.claim for item in group], envelope)
    made = f"{ledger.tenant}:{sender}:{receiver}:{number}"
    name = file_name(partner.template, sender, receiver, number, moment)
    _free_name(session, name, destination)
    session.run(
        "insert into ledger_interchange values (:id, :tenant, :sender, :receiver, :control, :reference, :name, "
        ":destination, 'prepared', '', :content, :created)",
        id=made,
        tenant=ledger.tenant,
        sender=sender,
        receiver=receiver,
        control=number,
        reference=reference,
        name=name,
        destination=destination,
        content=text,
        created=now(),
    )
    for item in group:
        _enter(ledger, session, item, made)
    _link(ledger, session, group, made, text)


def _free_name(session: Session, name: str, destination: str) -> None:
    """Control numbers count for each pair of partners, so a name without the receiver may come twice."""
    taken = session.run(
        "select id from ledger_interchange where name = :name and destination = :destination",
        name=name,
        destination=destination,
    )
    if taken:
        raise ClaimError(
            f"{name} was already the name of another interchange to {destination}; put {{receiver}} or {{ts}} into --name"
        )


def file_name(template: str, sender: str, receiver: str, number: int, moment: datetime) -> str:
    """The name of a file by the partner's template.

    Raises:
        ClaimError: the template has an unknown field, no control number, or a path separator.
    """
    fields = {"sender": sender, "receiver": receiver, "icn": f"{number:09d}"}
    try:
        name = template.format(**fields, date=f"{moment:%Y%m%d}", ts=f"{moment:%Y%m%d%H%M%S}")
    except (KeyError, IndexError, ValueError):
        raise ClaimError(
            f"file-name template {template!r} knows only sender, receiver, icn, date, ts"
        ) from None
    if "{icn}" not in template or "/" in name or name.startswith("."):
        raise ClaimError(f"file-name template {template!r} needs {{icn}} and must name a file, not a path")
    return name


def _row(item: Outgoing, state: str, interchange: str = "") -> LedgerClaim:
    claim, payer = item.claim, item.claim.billed
    return LedgerClaim(
        claim_id=claim.claim_id,
        state=state,
        claim_sha256=claim_sha256(claim),
        encounter=claim.encounter_id,
        payer_id=(payer.payer_id if payer else None) or "",
        payer=payer.payer_name if payer else "",
        pack=item.pack,
        frequency=claim.frequency,
        charge=str(claim.total_charge),
        service_on=min((line.date_from for line in claim.lines), default=claim.created).isoformat(),
        findings=item.findings,
        interchange=interchange,
    )


def _enter(ledger: Ledger, session: Session, item: Outgoing, interchange: str) -> None:
    """The claim's row and its change of state, all of it before anything leaves."""
    claim = item.claim
    known = ledger.claim(session, claim.claim_id)
    new = _row(item, "emitted", interchange)
    why = f"put into interchange {interchange}, frequency {claim.frequency}"
    if known is None:
        ledger.move_new(session, new, why)
    else:
        kept = known.model_dump(
            include={"state", "payer_number", "first_outcome", "submitted_at", "adjudicated_at"}
        )
        ledger.put(session, new.model_copy(update=kept))
        if known.state in ADJUDICATED:
            ledger.move(session, claim.claim_id, "voided" if claim.frequency == "8" else "corrected", why)
        else:
            ledger.move(session, claim.claim_id, "emitted", why)
    _mark_replaced(ledger, session, claim)


def _mark_replaced(ledger: Ledger, session: Session, claim: Claim) -> None:
    """A replacement under a claim id of its own closes the claim it replaces."""
    if claim.frequency == "1":
        return
    for other in ledger.claims(session):
        if other.claim_id != claim.claim_id and other.payer_number == claim.original_reference:
            state: State = "voided" if claim.frequency == "8" else "corrected"
            ledger.move(session, other.claim_id, state, f"by claim {claim.claim_id}")


def _link(ledger: Ledger, session: Session, group: list[Outgoing], interchange: str, text: str) -> None:
    """Which transaction carries which claim (a claim of more than 50 lines in parts)."""
    carried = {
        segment.get(1): transaction.segments[0].get(2)
        for transaction in Envelopes().transactions(text)
        for segment in transaction.segments
        if segment.id == "CLM"
    }
    for item in group:
        billing = item.claim.billing_provider
        for part in split_claim(item.claim):
            session.run(
                "insert into ledger_sent values (:interchange, :st, :part, :tenant, :claim, :sha, :billing)",
                interchange=interchange,
                st=carried[clean(part.claim_id)],
                part=part.claim_id,
                tenant=ledger.tenant,
                claim=item.claim.claim_id,
                sha=claim_sha256(item.claim),
                billing=(billing.npi if billing else None) or "",
            )
