"""Replies of clearinghouse and payer -> states of claims: TA1, 999 and 277CA (835 is in ``remits``).

One file is one transaction; a file read before changes nothing. What matches nothing that was sent is kept and listed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.ledger.database import Session
from agent.ledger.ledger import Ledger, now
from agent.ledger.remits import take_remittance
from agent.ledger.states import State
from knowledge.records import Record
from tools.claim.errors import UnreadableClaim, X12Error
from tools.claim.x12.acks import (
    ClaimStatus,
    GroupStatus,
    InterchangeStatus,
    Outcome,
    read_claim_statuses,
    read_group_status,
    read_interchange_status,
)
from tools.claim.x12.interchange import Envelopes, Transaction
from tools.claim.x12.parse import kind_of
from tools.claim.x12.remit import Remittance, read_remittance

Item = InterchangeStatus | GroupStatus | tuple[ClaimStatus, ...] | Remittance


class Change(Record):
    """A claim whose state a reply set, or noted something about."""

    claim_id: str
    state: str
    why: str


class Taken(Record):
    """What became of one reply file."""

    name: str
    kind: str
    seen_before: bool = False
    changes: tuple[Change, ...] = ()
    unmatched: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """One reply being taken into the ledger, inside its transaction."""

    ledger: Ledger
    session: Session
    sha256: str
    peers: frozenset[str]
    changes: list[Change] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)

    def set(self, claim_id: str, state: State, why: str) -> None:
        """Move the claim, or list the reply as unmatched when that is not legal."""
        known = self.ledger.claim(self.session, claim_id)
        if known is None:
            self.miss(f"claim {claim_id}", "is not known to this ledger")
        elif self.ledger.move(self.session, claim_id, state, why):
            self.changes.append(Change(claim_id=claim_id, state=state, why=why))
        else:
            self.miss(f"claim {claim_id}", f"can not go from {known.state} to {state}: {why}")

    def note(self, claim_id: str, why: str) -> None:
        """Something about a claim that does not change its state."""
        known = self.ledger.claim(self.session, claim_id)
        if known is not None:
            self.ledger.note(self.session, claim_id, known.state, known.state, why)
            self.changes.append(Change(claim_id=claim_id, state=known.state, why=why))

    def miss(self, what: str, why: str) -> None:
        """Keep and list something that could not be matched."""
        self.session.run(
            "insert into ledger_unmatched values (:tenant, :sha, :item, :what, :why)",
            tenant=self.ledger.tenant,
            sha=self.sha256,
            item=len(self.unmatched) + 1,
            what=what,
            why=why,
        )
        self.unmatched.append(f"{what} {why}")

    def first_outcome(self, claim_id: str, outcome: str) -> None:
        """Keep the first answer a claim got: the clean-claim rate counts it."""
        known = self.ledger.claim(self.session, claim_id)
        if known is not None and not known.first_outcome:
            self.ledger.put(self.session, known.model_copy(update={"first_outcome": outcome}))


def take_reply(ledger: Ledger, raw: bytes, name: str, kinds: frozenset[str]) -> Taken:
    """Read one reply file by its content and set the states of the claims it speaks of.

    Args:
        ledger: the ledger.
        raw: the file.
        name: of the file, for messages.
        kinds: which of TA1, 999, 277CA and 835 are taken here.

    Raises:
        UnreadableClaim: the file is damaged, or of another kind; nothing is changed.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    items, peers, text = _read(raw, name)
    kind = "+".join(dict.fromkeys(found for found, _ in items))
    wrong = {found for found, _ in items} - kinds
    if wrong:
        raise UnreadableClaim(f"{name}: holds {', '.join(sorted(wrong))}; {_where(wrong)}")
    with ledger.database.transaction() as session:
        if not _first_time(ledger, session, (sha256, kind, name, text)):
            return Taken(name=name, kind=kind, seen_before=True)
        reading = Reading(ledger, session, sha256, peers)
        for _, item in items:
            _take(reading, item)
    return Taken(name=name, kind=kind, changes=tuple(reading.changes), unmatched=tuple(reading.unmatched))


def _where(wrong: set[str]) -> str:
    return "835 goes to superbill claim remits" if wrong == {"835"} else "this is no reply for this command"


def _read(raw: bytes, name: str) -> tuple[list[tuple[str, Item]], frozenset[str], str]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableClaim(f"{name}: byte {error.start} is not UTF-8; have it sent again") from None
    envelopes, peers = Envelopes(), set[str]()
    items: list[tuple[str, Item]] = []
    try:
        for transaction in envelopes.transactions(text):
            peers.add(transaction.isa.get(6).strip())
            kind = kind_of(transaction)
            items.append((kind, _item(kind, transaction)))
    except X12Error as error:
        raise UnreadableClaim(f"{name}: {error}; have it sent again") from None
    if envelopes.errors:
        raise UnreadableClaim(f"{name}: {envelopes.errors[0]}; have it sent again")
    items[:0] = [("TA1", read_interchange_status(segment)) for segment in envelopes.acknowledgments]
    if not items:
        raise UnreadableClaim(f"{name}: holds no TA1, 999, 277CA or 835")
    return items, frozenset(peers or _senders(text)), text


def _senders(text: str) -> Iterator[str]:
    """ISA06 of a file that holds TA1 only."""
    from tools.claim.x12.segments import tokenise

    return (segment.get(6).strip() for segment in tokenise(text) if segment.id == "ISA")


def _item(kind: str, transaction: Transaction) -> Item:
    match kind:
        case "999":
            return read_group_status(transaction)
        case "277CA":
            return read_claim_statuses(transaction)
        case "835":
            return read_remittance(transaction)
        case _:
            raise transaction.segments[0].error("is a claim, not a reply")


def _first_time(ledger: Ledger, session: Session, file: tuple[str, str, str, str]) -> bool:
    sha256, kind, name, text = file
    return bool(
        session.run(
            "insert into ledger_reply (sha256, tenant, kind, name, at, content) "
            "values (:sha, :tenant, :kind, :name, :at, :content) on conflict (tenant, sha256) do nothing returning sha256",
            sha=sha256,
            tenant=ledger.tenant,
            kind=kind,
            name=name,
            at=now(),
            content=text,
        )
    )


def _take(reading: Reading, item: Item) -> None:
    match item:
        case InterchangeStatus():
            _take_interchange(reading, item)
        case GroupStatus():
            _take_group(reading, item)
        case Remittance():
            take_remittance(reading, item)
        case _:
            _take_statuses(reading, item)


def _interchange(reading: Reading, column: str, value: str) -> str | None:
    """Id of the interchange we sent that a reply names; its receiver answers, or no partner of ours does."""
    rows = reading.session.run(
        f"select id, receiver from ledger_interchange where tenant = :tenant and {column} = :value "  # noqa: S608 - constant
        "and status in ('staged', 'sent')",
        tenant=reading.ledger.tenant,
        value=int(value) if column == "control" else value,
    )
    ours = [row for row in rows if row[1] in reading.peers]
    chosen = ours or rows
    return str(chosen[0][0]) if len(chosen) == 1 else None


def _claims_of(reading: Reading, interchange: str, transaction: str | None = None) -> list[str]:
    """Claims whose latest version an interchange (or one transaction of it) carries."""
    rows = reading.session.run(
        "select distinct s.claim_id from ledger_sent s join ledger_claim c on c.tenant = s.tenant "
        "and c.claim_id = s.claim_id and c.interchange = s.interchange where s.interchange = :interchange "
        "and (cast(:st as text) = '' or s.transaction_control = :st) order by s.claim_id",
        interchange=interchange,
        st=transaction or "",
    )
    return [row[0] for row in rows]


def _take_interchange(reading: Reading, status: InterchangeStatus) -> None:
    number = status.control_number.strip()
    found = _interchange(reading, "control", number) if number.isdigit() else None
    if found is None:
        return reading.miss(f"TA1 for interchange {number}", "matches none we sent")
    why = f"TA1 {status.code} note {status.note}"
    for claim_id in _claims_of(reading, found):
        _answer(reading, claim_id, status.outcome, why, accepting=False)
    return None


def _take_group(reading: Reading, group: GroupStatus) -> None:
    number = group.group_control.strip()
    found = _interchange(reading, "control", number) if number.isdigit() else None
    if found is None:
        return reading.miss(f"999 for group {number}", "matches none we sent")
    if not group.transactions:
        for claim_id in _claims_of(reading, found):
            _answer(reading, claim_id, group.outcome, f"999 {group.code}", accepting=False)
    for transaction in group.transactions:
        claims = _claims_of(reading, found, transaction.transaction_control)
        faults = "; ".join(
            f"{f.segment} at {f.position}{f' element {f.element}' if f.element else ''} code {f.element_code or f.code}"
            for f in transaction.faults
        )
        why = f"999 {transaction.code}" + (f" ({faults})" if faults else "")
        for claim_id in claims:
            _answer(reading, claim_id, transaction.outcome, why, accepting=False)
    return None


def _take_statuses(reading: Reading, statuses: tuple[ClaimStatus, ...]) -> None:
    """A 277CA: a status above the claims speaks of the whole batch, when it is a rejection."""
    batch: str | None = None
    for status in statuses:
        if status.level == "claim":
            _take_claim_status(reading, status, batch)
            continue
        if status.level == "receiver" and status.reference:
            batch = _interchange(reading, "reference", status.reference)
        if status.outcome in {"rejected", "not_found"}:
            _reject_batch(reading, status, batch)


def _reject_batch(reading: Reading, status: ClaimStatus, batch: str | None) -> None:
    if batch is None:
        return reading.miss(f"277CA {status.level} {status.reference}", "rejects a batch we did not send")
    billing = reading.session.run(
        "select distinct billing from ledger_sent where interchange = :interchange", interchange=batch
    )
    if status.level == "provider" and len(billing) > 1:
        return reading.miss(f"277CA provider {status.reference}", "rejects one of several billing providers")
    for claim_id in _claims_of(reading, batch):
        _answer(reading, claim_id, "rejected", _why(status), accepting=True)
    return None


def _take_claim_status(reading: Reading, status: ClaimStatus, batch: str | None) -> None:
    rows = reading.session.run(
        "select claim_id, interchange from ledger_sent where tenant = :tenant and part = :part",
        tenant=reading.ledger.tenant,
        part=status.reference,
    )
    known = reading.ledger.claim(reading.session, rows[0][0]) if rows else None
    if known is None:
        return reading.miss(f"277CA for claim {status.reference}", "matches none we sent")
    if status.payer_claim_number:
        update = {"payer_number": status.payer_claim_number}
        reading.ledger.put(reading.session, known.model_copy(update=update))
    if batch is not None and batch != known.interchange:
        return reading.note(known.claim_id, f"{_why(status)}, about an earlier version")
    return _answer(reading, known.claim_id, status.outcome, _why(status), accepting=True)


def _why(status: ClaimStatus) -> str:
    code = f"277CA {status.category}:{status.status}" + (f":{status.entity}" if status.entity else "")
    return code + (f" also {', '.join(status.also)}" if status.also else "")


def _answer(reading: Reading, claim_id: str, outcome: Outcome, why: str, *, accepting: bool) -> None:
    """Set or note what a reply says; a syntax answer alone (TA1, 999) accepts no claim yet."""
    known = reading.ledger.claim(reading.session, claim_id)
    if outcome in {"rejected", "not_found"}:
        reading.first_outcome(claim_id, "rejected")
        return reading.set(claim_id, "rejected", why)
    waits = known is not None and known.state == "submitted"
    if accepting and outcome == "accepted" and waits:
        reading.first_outcome(claim_id, "accepted")
        return reading.set(claim_id, "accepted", why)
    return reading.note(claim_id, why)
