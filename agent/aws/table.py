"""Worklist, emissions, control numbers, leases and audit in one DynamoDB table, behind the methods the graph knows of ``Store``.

Every write that could be made twice is conditional: two functions that work on one encounter at the same time give one
emission. The audit is a hash chain per encounter, written in the same transaction as the emission it tells of.
Keys are ``PK`` and ``SK``, as the checkpoint saver's, so that one table serves both; ``GPK``/``GSK`` index what waits.
"""

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import orjson

from agent.aws.clients import AwsBusyError, AwsError, told
from agent.aws.rows import Item, Rows
from agent.doubles import billed_lines, refuse_unseen
from agent.emissions import BLOCKS, FIRST_IN_BLOCKS, LAST_NUMBER, Emission, emission_key
from agent.identity import claim_sha256
from agent.worklist import Summary, place_text
from tools.claim.model import Claim

TRIES = 8
LEASE = 905.0
"""Seconds: the longest a function can run, and a little."""
WAITING = ("held", "blocked")


class DynamoStore(Rows):
    """One table; ``lease`` is how many seconds an encounter is kept from others when its holder dies."""

    def __init__(self, table: str, region: str | None = None, *, lease: float = LEASE) -> None:
        super().__init__(table, region)
        self.lease = lease

    def next_control_number(self, partner: str) -> int:
        """A control number that was never given to this partner before."""
        return self.count(partner, 1, 0)

    def reserve_block(self, size: int) -> int:
        """See :meth:`agent.store.Store.reserve_block`.

        Raises:
            AwsError: the nine digits are used up.
        """
        last = self.count(BLOCKS, size, FIRST_IN_BLOCKS - 1)
        if last > LAST_NUMBER:
            raise AwsError(f"{self.table}: no {size} control numbers are left; begin a new table")
        return last - size + 1

    def live_original(self, claim: Claim) -> str | None:
        """Hash of the emitted original of this tenant, encounter and payer, or None."""
        found = self.get(*_emission_key(claim))
        return str(found["claim_sha256"]) if found else None

    def billed_elsewhere(self, claim: Claim) -> tuple[str, ...]:
        """Codes of lines that went out before under another encounter of the same patient and day."""
        found = []
        for key, code in billed_lines(claim).items():
            row = self.get(f"BILLED#{claim.tenant}#{key}", "LINE")
            if row and row["encounter"] != claim.encounter_id:
                found.append(code)
        return tuple(found)

    def emission(self, claim: Claim) -> Emission | None:
        """Under what exactly this claim was emitted before, or None."""
        return _emission(self.get(*_emission_key(claim)), claim)

    def reserve_emission(
        self,
        claim: Claim,
        partner: str,
        out: object | None,
        number: int | None = None,
        accepted: tuple[str, ...] = (),
    ) -> Emission:
        """See :meth:`agent.store.Store.reserve_emission`; the same claim always gets the same number.

        Raises:
            AwsBusyError: others wrote at the same time, again and again.
            BilledElsewhereError: see there.
        """
        for _ in range(TRIES):
            seen = self.get(*_emission_key(claim))
            if (before := _emission(seen, claim)) is not None:
                return before
            refuse_unseen(self.billed_elsewhere(claim), accepted)
            number = number or self.next_control_number(partner)
            if self._put_emission(claim, number, out, seen, accepted):
                return Emission(number=number, created=claim.created)
        raise AwsBusyError(f"{self.table}: an emission is contended; run again")

    def put_worklist(
        self,
        tenant: str,
        encounter: str,
        thread: str,
        status: str,
        reasons: Any,
        out: object | None,
        summary: Summary | None = None,
    ) -> None:
        """Set where an encounter stands; only what waits for a person is indexed."""
        item = {
            "PK": _key(tenant, encounter),
            "SK": "WORK",
            "encounter": encounter,
            "thread": thread,
            "status": status,
            "reasons": orjson.dumps(reasons).decode(),
            "out": place_text(out),
            "updated_at": _now(),
            **asdict(summary or Summary()),
        }
        waits = {"GPK": f"{tenant}#{status}", "GSK": encounter} if status in WAITING else {}
        self.write({**item, **waits})

    def worklist(self, tenant: str, status: str = "held") -> list[Item]:
        """What waits for a person (``held`` or ``blocked``), by encounter."""
        return [_row(item) for item in self.query("GPK", f"{tenant}#{status}", IndexName="waiting")]

    def work(self, tenant: str, encounter: str) -> Item | None:
        """Where one encounter stands, None when it is not known."""
        item = self.get(_key(tenant, encounter), "WORK")
        return _row(item) if item else None

    @contextmanager
    def alone(self, tenant: str, encounter: str) -> Iterator[None]:
        """Work on one encounter while no other function does; the lease of a dead holder runs out.

        Raises:
            AwsBusyError: another function works on it now.
        """
        mine, now = uuid.uuid4().hex, int(time.time())
        key = {"PK": _key(tenant, encounter), "SK": "LEASE"}
        lease = {**key, "by": mine, "until": now + int(self.lease), "ttl": now + int(self.lease) + 86_400}
        if not self.put(lease, "attribute_not_exists(PK) or #u < :now", {":now": now}, {"#u": "until"}):
            raise AwsBusyError("the encounter is being coded by another function; run again")
        try:
            yield
        finally:
            self.drop(key, mine)

    def answer(self, run: str) -> Item | None:
        """What an earlier delivery of the same request was answered, or None."""
        found = self.get(f"RUN#{run}", "ANSWER")
        return orjson.loads(found["answer"]) if found else None

    def keep_answer(self, run: str, answer: Item, days: int = 30) -> None:
        """Remember an answer for further deliveries of the same request."""
        item = {"PK": f"RUN#{run}", "SK": "ANSWER", "answer": orjson.dumps(answer).decode()}
        self.write({**item, "ttl": int(time.time()) + days * 86_400})

    def keep_token(self, tenant: str, encounter: str, token: str) -> None:
        """The task token of the state machine that waits for a decision on this encounter."""
        self.write({"PK": _key(tenant, encounter), "SK": "TOKEN", "token": token})

    def token(self, tenant: str, encounter: str) -> str | None:
        """The task token that waits, or None."""
        found = self.get(_key(tenant, encounter), "TOKEN")
        return str(found["token"]) if found else None

    def audit(
        self,
        who: str,
        action: str,
        subject: str,
        detail: Item,
        *,
        tenant: str = "",
        encounter: str = "",
    ) -> None:
        """Append one entry to the encounter's chain.

        Raises:
            AwsBusyError: others wrote at the same time, again and again.
        """
        for _ in range(TRIES):
            entry = self._entry(who, action, subject, detail, tenant, encounter)
            if self.put(entry, "attribute_not_exists(PK)", {}, {}):
                return
        raise AwsBusyError(f"{self.table}: the audit is contended; run again")

    def audit_entries(self, tenant: str, encounter: str) -> list[Item]:
        """The chain of one encounter, oldest first."""
        return self.query("PK", f"AUDIT#{tenant}#{encounter}", ConsistentRead=True)

    def verify_audit(self, tenant: str, encounter: str) -> int | None:
        """Number of the first entry that was altered or is missing, or None when the chain holds."""
        previous = ""
        for number, entry in enumerate(self.audit_entries(tenant, encounter), 1):
            if (entry["seq"], entry["previous"], entry["hash"]) != (number, previous, _hash(entry)):
                return number
            previous = entry["hash"]
        return None

    def _entry(self, who: str, action: str, subject: str, detail: Item, tenant: str, encounter: str) -> Item:
        before = self.audit_entries(tenant, encounter)
        seq = len(before) + 1
        said = {
            "PK": f"AUDIT#{tenant}#{encounter}",
            "SK": f"{seq:06}",
            "seq": seq,
            "at": _now(),
            "who": who,
            "action": action,
            "subject": subject,
            "detail": orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode(),
            "previous": before[-1]["hash"] if before else "",
        }
        return {**said, "hash": _hash(said)}

    def _put_emission(
        self, claim: Claim, number: int, out: object | None, seen: Item | None, accepted: tuple[str, ...]
    ) -> bool:
        """Emission, its audit entry and the lines it bills together, if nobody was faster."""
        pk, sk = _emission_key(claim)
        sha256 = claim_sha256(claim)
        item = {
            "PK": pk,
            "SK": sk,
            "claim_sha256": sha256,
            "claim_id": claim.claim_id,
            "control_number": number,
            "out": place_text(out),
            "emitted_at": _now(),
            "created": claim.created.isoformat(),
        }
        detail = {"claim_sha256": sha256, "control_number": number}
        entry = self._entry("superbill", "emitted", claim.claim_id, detail, claim.tenant, claim.encounter_id)
        condition: Item = {"ConditionExpression": "attribute_not_exists(PK)"}
        if seen:
            condition = {
                "ConditionExpression": "claim_sha256 = :seen",
                "ExpressionAttributeValues": {":seen": seen["claim_sha256"]},
            }
        puts: list[Item] = [
            {"Item": item, **condition},
            {"Item": entry, "ConditionExpression": "attribute_not_exists(PK)"},
            *(_billed(claim, key, code, code in accepted) for key, code in billed_lines(claim).items()),
        ]
        client = self.handle().meta.client
        with told(self.table):
            try:
                client.transact_write_items(
                    TransactItems=[{"Put": {"TableName": self.table, **one}} for one in puts]
                )
            except client.exceptions.TransactionCanceledException:
                return False
        return True


def _emission(found: Item | None, claim: Claim) -> Emission | None:
    if found is None or found["claim_sha256"] != claim_sha256(claim):
        return None
    return Emission(number=int(found["control_number"]), created=date.fromisoformat(found["created"]))


def _billed(claim: Claim, key: str, code: str, accepted: bool) -> Item:
    """A line goes out for one encounter, unless it is known and accepted that another one billed it."""
    item = {
        "PK": f"BILLED#{claim.tenant}#{key}",
        "SK": "LINE",
        "encounter": claim.encounter_id,
        "code": code,
    }
    if accepted:
        return {"Item": item}
    return {
        "Item": item,
        "ConditionExpression": "attribute_not_exists(PK) OR encounter = :own",
        "ExpressionAttributeValues": {":own": claim.encounter_id},
    }


def _row(item: Item) -> Item:
    return {**item, "reasons": orjson.loads(item["reasons"])}


def _key(tenant: str, encounter: str) -> str:
    return f"ENC#{tenant}#{encounter}"


def _emission_key(claim: Claim) -> tuple[str, str]:
    tenant, encounter, payer = emission_key(claim)
    return _key(tenant, encounter), f"EMISSION#{payer}"


def _hash(entry: Item) -> str:
    names = ("seq", "at", "who", "action", "subject", "detail", "previous")
    said = [str(entry[name]) for name in names]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
