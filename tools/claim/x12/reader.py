"""837P -> Claim objects; what the claim object has no place for is kept and reported, never dropped."""

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import ValidationError

from knowledge.records import Record
from tools.claim.errors import X12Error
from tools.claim.model import Claim
from tools.claim.x12.codes import RELATIONSHIP_NAME
from tools.claim.x12.interchange import Envelopes, Transaction
from tools.claim.x12.read_claim import Above, read_claim
from tools.claim.x12.read_insurance import read_coverage
from tools.claim.x12.read_values import day, read_address, read_person, read_provider
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop, build_tree
from tools.encounter import Address, Provider

_NO_DATE = date(1970, 1, 1)


class KeptSegment(Record):
    """A segment the claim object has no (full) place for: where it stood, its text, and why it was kept."""

    position: int
    loop: str
    claim_id: str | None
    text: str
    reason: str


class ParsedFile(Record):
    """What an 837P file holds. ``errors`` name segment and position; a claim that has one is left out."""

    interchanges: int
    transactions: int
    claims: tuple[Claim, ...]
    kept: tuple[KeptSegment, ...]
    errors: tuple[str, ...]


def read_837(text: str | Iterable[str]) -> ParsedFile:
    """Read an 837P file (a string or a stream of chunks) in full.

    Raises:
        X12Error: it has no interchange header, or holds no 837 at all.
    """
    envelopes = Envelopes()
    claims: list[Claim] = []
    kept: list[KeptSegment] = []
    errors: list[str] = []
    others = 0
    for transaction in envelopes.transactions(text):
        if transaction.kind != "837":
            others += 1
            errors.append(str(transaction.segments[0].error(f"transaction {transaction.kind} is no 837")))
            continue
        try:
            read_transaction(transaction, claims, kept, errors)
        except X12Error as error:
            errors.append(str(error))
    if envelopes.count and others == envelopes.count:
        raise X12Error("the file holds no 837 transaction")
    return ParsedFile(
        interchanges=envelopes.interchanges,
        transactions=envelopes.count,
        claims=tuple(claims),
        kept=tuple(kept),
        errors=(*(str(error) for error in envelopes.errors), *errors),
    )


def read_transaction(
    transaction: Transaction, claims: list[Claim], kept: list[KeptSegment], errors: list[str]
) -> None:
    """Append the claims of one 837 transaction, what was kept, and the errors of claims that can not be read.

    Of a later piece, what its repeated levels hold is not told again.

    Raises:
        X12Error: its loops are out of order, so that no claim can be told apart.
    """
    root = build_tree(transaction.segments)
    root.take("ST")
    beginning = root.take("BHT")
    created = _created(beginning, transaction, [] if transaction.fresh else errors)
    for child in root.each("1000A", "1000B"):
        child.segments.clear()
    for billing in root.each("2000A"):
        for claim_loop, above in _claims_under(billing, created, errors, transaction.fresh):
            claim_loop.label = claim_loop.segments[0].get(1)
            try:
                claims.append(read_claim(claim_loop, above))
            except X12Error as error:
                errors.append(str(error))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                errors.append(str(transaction.segments[0].error(f"claim field {where}: {first['msg']}")))
    kept.extend(k for k in _kept(root, None) if k.position >= transaction.fresh)


def _created(beginning: Segment | None, transaction: Transaction, errors: list[str]) -> date:
    """BHT04; when that is unusable the group's date, and an error."""
    try:
        if beginning is None:
            raise transaction.segments[0].error("the transaction has no BHT")
        return day(beginning, beginning.get(4))
    except X12Error as error:
        errors.append(str(error))
    group = transaction.gs
    try:
        return day(group, group.get(4)) if group else _NO_DATE
    except X12Error:
        return _NO_DATE


def _claims_under(
    billing: Loop, created: date, errors: list[str], fresh: int
) -> Iterator[tuple[Loop, Above]]:
    billing.take("HL")
    provider, pay_to = _billing(billing)
    for subscriber in billing.each("2000B"):
        subscriber.take("HL")
        try:
            own = _above(subscriber, provider, pay_to, created)
        except X12Error as error:
            if (error.position or 0) >= fresh:
                errors.append(str(error))
            continue
        for claim in subscriber.each("2300"):
            yield claim, own
        for patient in subscriber.each("2000C"):
            patient.take("HL")
            above = _dependent(own, patient)
            for claim in patient.each("2300"):
                yield claim, above


def _billing(loop: Loop) -> tuple[Provider | None, Address | None]:
    below = loop.child("2010AA")
    provider = read_provider(below)
    specialty = loop.take("PRV", "BI")
    pay_to_loop = loop.child("2010AB")
    pay_to = read_address(pay_to_loop) if pay_to_loop else None
    if pay_to_loop:
        pay_to_loop.take("NM1")
    if below is None or provider is None:
        return None, pay_to
    tax = below.take("REF", "EI", "SY")
    contact = below.take("PER", "IC")
    found = {
        "taxonomy": specialty.get(3) or None if specialty else None,
        "tax_id": tax.get(2) or None if tax else None,
        "tax_id_kind": tax.get(1) if tax else "EI",
        "phone": contact.get(4) or None if contact and contact.get(3) == "TE" else None,
    }
    if contact and contact.get(3) != "TE":
        below.doubt(contact, "only a telephone number has a place in the claim object")
    return provider.model_copy(update=found), pay_to


def _above(loop: Loop, provider: Provider | None, pay_to: Address | None, created: date) -> Above:
    subscriber = loop.take("SBR")
    if subscriber is None:
        raise (
            loop.segments[0].error("the subscriber level has no SBR") if loop.segments else X12Error("no SBR")
        )
    member = loop.child("2010BA")
    if member is None:
        raise subscriber.error("the subscriber level has no subscriber name (NM1*IL)")
    person, member_id = read_person(member)
    own = subscriber.get(2) == "18" or loop.child("2000C") is None
    number = member.value("REF", "Y4")
    coverage = read_coverage(
        subscriber, "18" if own else "", member_id, loop.child("2010BB"), None if own else person
    )
    return Above(
        billing=provider,
        pay_to=pay_to,
        coverage=coverage,
        patient=person,
        property_casualty_number=number,
        created=created,
    )


def _dependent(own: Above, loop: Loop) -> Above:
    relation = loop.take("PAT")
    code = relation.get(1) if relation else ""
    if relation and code not in RELATIONSHIP_NAME:
        loop.doubt(relation, f"relationship {code} is read as other")
    below = loop.child("2010CA")
    patient = read_person(below)[0] if below else own.patient
    subscriber = own.coverage.subscriber or own.patient  # SBR02=18 above a dependent is a common fault
    changes = {"relationship": RELATIONSHIP_NAME.get(code, "other"), "subscriber": subscriber}
    return Above(
        billing=own.billing,
        pay_to=own.pay_to,
        coverage=own.coverage.model_copy(update=changes),
        patient=patient,
        property_casualty_number=below.value("REF", "Y4") if below else None,
        created=own.created,
    )


def _kept(loop: Loop, claim_id: str | None) -> Iterator[KeptSegment]:
    for segment in loop.segments:
        yield _keep(loop, segment, "has no place in the claim object", claim_id)
    for segment, reason in loop.partial:
        yield _keep(loop, segment, reason, claim_id)
    for child in loop.children:
        yield from _kept(child, child.label or claim_id)


def _keep(loop: Loop, segment: Segment, reason: str, claim_id: str | None) -> KeptSegment:
    return KeptSegment(
        position=segment.position, loop=loop.id, claim_id=claim_id, text=segment.text, reason=reason
    )
