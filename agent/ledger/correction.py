"""A rejected or denied claim -> a draft of its correction: never sent by itself, judged by the same self-check."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.ledger.ledger import LedgerClaim
from agent.ledger.states import ADJUDICATED, LedgerError
from agent.ledger.stats import DeniedLine
from knowledge.bookshelf import Bookshelf
from knowledge.payers import PayerPack
from knowledge.records import Record
from tools.claim.model import Claim, ClaimLine

_TABLE = Path(__file__).with_name("corrections.csv")
_KINDS = frozenset({"point", "drop", "modifier"})


class Draft(Record):
    """A correction as it is proposed.

    ``changes`` say what differs from the claim that was sent, ``questions`` what a person must settle from the
    note: modifiers are never proposed, they are earned by evidence.
    """

    claim: Claim
    changes: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """What one line of the denial leads to: the line as it should be (None: leave it out), and the words."""

    line: ClaimLine | None
    change: str = ""
    question: str = ""


def draft_correction(
    claim: Claim,
    known: LedgerClaim,
    denied: tuple[DeniedLine, ...],
    pack: PayerPack,
    shelf: Bookshelf,
) -> Draft:
    """The claim again, as an original or a replacement, with what the denial's codes allow to be proposed.

    A claim the payer never adjudicated goes out as an original (frequency 1); an adjudicated one is replaced
    (frequency 7) under the payer's own number.

    Raises:
        LedgerError: there is nothing to correct, or the payer takes no replacement.
    """
    if known.state == "rejected":
        again = claim.model_copy(update={"frequency": "1", "original_reference": None, "draft": True})
        return Draft(claim=again, changes=(), questions=("what the rejection names has to be mended",))
    number = _payer_number(known, pack, "7")
    by_line = {line.line: line for line in denied}
    steps = [_step(line, by_line.get(line.number), claim, shelf) for line in claim.lines]
    kept = [s.line for s in steps if s.line is not None]
    if not kept:
        raise LedgerError(f"claim {claim.claim_id}: nothing would be left of it; void it with --void")
    lines = tuple(line.model_copy(update={"number": n}) for n, line in enumerate(kept, 1))
    update = {
        "frequency": "7",
        "original_reference": number,
        "draft": True,
        "lines": lines,
        "total_charge": sum(line.charge for line in lines),
    }
    return Draft(
        claim=claim.model_copy(update=update),
        changes=tuple(s.change for s in steps if s.change),
        questions=tuple(s.question for s in steps if s.question),
    )


def draft_edited(edited: Claim, known: LedgerClaim, pack: PayerPack) -> Draft:
    """A person's own correction, under the frequency and payer's number that the claim's state asks for.

    Raises:
        LedgerError: there is nothing to correct, or the payer takes no replacement.
    """
    if known.state == "rejected":
        update = {"frequency": "1", "original_reference": None, "draft": True}
    else:
        update = {"frequency": "7", "original_reference": _payer_number(known, pack, "7"), "draft": True}
    return Draft(claim=edited.model_copy(update=update), changes=("as edited",), questions=())


def draft_void(claim: Claim, known: LedgerClaim, pack: PayerPack) -> Draft:
    """The claim taken back in full (frequency 8).

    Raises:
        LedgerError: it was never adjudicated, or the payer takes no void.
    """
    number = _payer_number(known, pack, "8")
    update = {"frequency": "8", "original_reference": number, "draft": True}
    return Draft(
        claim=claim.model_copy(update=update), changes=("the whole claim is taken back",), questions=()
    )


def _payer_number(known: LedgerClaim, pack: PayerPack, frequency: str) -> str:
    if known.state not in ADJUDICATED:
        raise LedgerError(
            f"claim {known.claim_id} is {known.state}: only a rejected or an adjudicated claim is corrected"
        )
    if frequency not in pack.accepted_frequencies:
        raise LedgerError(
            f"payer pack {pack.id} takes no frequency {frequency}: ask for a reopening (a clerical error), or appeal"
        )
    if not known.payer_number:
        raise LedgerError(
            f"claim {known.claim_id}: the payer gave no claim number; ask for it before a frequency {frequency}"
        )
    return known.payer_number


def _step(line: ClaimLine, denied: DeniedLine | None, claim: Claim, shelf: Bookshelf) -> _Step:
    if denied is None:
        return _Step(line=line)
    carcs = [code.split()[0].rpartition("-")[2] for code in denied.codes]
    kinds = [kind for carc in carcs if (kind := _proposals().get(carc))]
    for kind in kinds:
        if kind == "point" and (step := _pointed(line, claim, shelf)):
            return step
        if kind == "drop" and (step := _dropped(line, claim)):
            return step
    if "modifier" in kinds:
        return _Step(line=line, question=_about_modifiers(line, claim, shelf))
    said = ", ".join(denied.codes)
    return _Step(line=line, question=f"line {line.number} {line.code}: {said}; nothing can be proposed")


def _pointed(line: ClaimLine, claim: Claim, shelf: Bookshelf) -> _Step | None:
    """The line pointed to diagnoses of this claim that a rule says support it, best first."""
    found = {d.sequence: shelf.linkage.check(d.code, line.code, on=line.date_from) for d in claim.diagnoses}
    good = [n for n, link in found.items() if link.verdict == "supported"]
    rest = [n for n in line.pointers if found[n].verdict == "no_rule"]
    pointers = tuple(dict.fromkeys([*(n for n in line.pointers if n in good), *good, *rest]))[:4]
    if not good or pointers == line.pointers:
        return None
    codes = {d.sequence: d.code for d in claim.diagnoses}
    before = ", ".join(codes[n] for n in line.pointers)
    after = ", ".join(codes[n] for n in pointers)
    source = found[good[0]].source
    change = f"line {line.number} {line.code}: points to {after} instead of {before} ({source.table} {source.row or ''})"
    return _Step(line=line.model_copy(update={"pointers": pointers}), change=change.rstrip())


def _dropped(line: ClaimLine, claim: Claim) -> _Step | None:
    """A line that repeats an earlier one of the same claim is left out."""
    twin = next((o for o in claim.lines if o.number < line.number and _same(o, line)), None)
    if twin is None:
        return None
    return _Step(line=None, change=f"line {line.number} {line.code}: left out, it repeats line {twin.number}")


def _same(one: ClaimLine, other: ClaimLine) -> bool:
    said = {"code", "modifiers", "units", "date_from", "date_to"}
    return one.model_dump(include=said) == other.model_dump(include=said)


def _about_modifiers(line: ClaimLine, claim: Claim, shelf: Bookshelf) -> str:
    pairs = list(_bundled(line, claim, shelf))
    why = "; ".join(pairs) if pairs else "no edit of the loaded table names this line"
    return (
        f"line {line.number} {line.code}: is a modifier missing? Only what the note shows decides it ({why})"
    )


def _bundled(line: ClaimLine, claim: Claim, shelf: Bookshelf) -> Iterator[str]:
    for other in claim.lines:
        row = (
            shelf.edits.ptp_between(line.code, other.code, line.date_from)
            if other.number != line.number
            else None
        )
        if row is not None:
            yield f"{row.column2} is bundled into {row.column1}, modifier indicator {row.modifier_indicator}"


@cache
def _proposals() -> dict[str, str]:
    found: dict[str, str] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, strict=True), 2):
            if (
                set(row) != {"carc", "proposal", "what"}
                or row["proposal"] not in _KINDS
                or row["carc"] in found
            ):
                raise LedgerError(
                    f"{_TABLE.name} line {number}: incomplete, unknown or repeated; mend the table"
                )
            found[row["carc"]] = row["proposal"]
    return found
