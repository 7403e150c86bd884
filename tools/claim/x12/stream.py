"""837P and 835 files of any size, read in flat memory: a piece of claims, or a remittance, at a time."""

import codecs
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from tools.claim.errors import X12Error
from tools.claim.model import Claim
from tools.claim.x12.interchange import Envelopes
from tools.claim.x12.reader import KeptSegment, read_transaction
from tools.claim.x12.remit import Remittance, moved_in, paid_in, payment_fault, read_remittance

_CHUNK = 1 << 16
_MOST = 4000


class Piece(NamedTuple):
    """What a stretch of the file holds; the last piece carries the faults of the closing envelopes."""

    claims: list[Claim]
    kept: list[KeptSegment]
    errors: list[str]


class RemittancePiece(NamedTuple):
    """One 835 transaction or a piece of a large one, None when it can not be read, and the faults found up to its end.

    ``more`` says that the same payment goes on in the next piece; the faults of the last one judge the whole payment.
    """

    remittance: Remittance | None
    errors: list[str]
    more: bool = False


def text_chunks(file: BinaryIO, size: int = _CHUNK) -> Iterator[str]:
    """The text of a binary file, ``size`` bytes at a time.

    Raises:
        X12Error: it is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    done = 0
    while True:
        block = file.read(size)
        try:
            yield decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            place = done + error.start
            raise X12Error(f"near byte {place}: not UTF-8; save the file as UTF-8") from None
        if not block:
            return
        done += len(block)


def stream_837(chunks: str | Iterable[str], *, most: int = _MOST) -> Iterator[Piece]:
    """The claims of an 837P file, about ``most`` segments at a time; together what :func:`read_837` gives.

    Raises:
        X12Error: it has no interchange header, or holds no 837 at all.
    """
    envelopes = Envelopes(most=most)
    professional = 0
    for transaction in envelopes.transactions(chunks):
        piece = Piece([], [], [])
        try:
            if transaction.kind != "837":
                raise transaction.segments[0].error(f"transaction {transaction.kind} is no 837")
            professional += 1
            read_transaction(transaction, *piece)
        except X12Error as error:
            piece.errors.append(str(error))
        piece.errors.extend(_noted(envelopes))
        yield piece
    if envelopes.count and not professional:
        raise X12Error("the file holds no 837 transaction")
    if rest := _noted(envelopes):
        yield Piece([], [], rest)


def stream_835(chunks: str | Iterable[str], *, most: int = _MOST) -> Iterator[RemittancePiece]:
    """The remittances of an 835 file, one transaction (one payment) at a time, large ones in pieces.

    Raises:
        X12Error: it has no interchange header.
    """
    envelopes = Envelopes(most=most)
    paid = moved = Decimal(0)
    for transaction in envelopes.transactions(chunks):
        remittance, errors = None, []
        try:
            if transaction.kind != "835":
                raise transaction.segments[0].error(f"transaction {transaction.kind} is no 835")
            remittance = read_remittance(transaction)
            paid += paid_in(remittance.claims)
            moved += moved_in(remittance.provider_adjustments)
            if transaction.fresh and not transaction.more:
                errors += payment_fault(remittance.amount, paid, moved)
        except X12Error as error:
            errors.append(str(error))
        yield RemittancePiece(remittance, [*errors, *_noted(envelopes)], transaction.more)
        if not transaction.more:
            paid = moved = Decimal(0)
    if rest := _noted(envelopes):
        yield RemittancePiece(None, rest)


def _noted(envelopes: Envelopes) -> list[str]:
    found = [str(error) for error in envelopes.errors]
    envelopes.errors.clear()
    envelopes.stray.clear()
    return found
