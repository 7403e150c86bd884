"""Two outcomes of one encounter beside each other: codes, findings, money, and what moved in words."""

from collections.abc import Iterator
from decimal import Decimal

from agent.coding import CodedLine
from agent.state import State
from knowledge.records import Record
from tools.claim.model import ClaimLine


class Column(Record):
    """One outcome. ``charge`` and ``rvu`` are totals (US dollars, relative value units, all units)."""

    status: str
    reasons: tuple[str, ...]
    diagnoses: tuple[str, ...]
    lines: tuple[str, ...]
    em: str | None
    em_basis: str
    findings: tuple[str, ...]
    queries: tuple[str, ...]
    charge: Decimal
    rvu: Decimal


class SideBySide(Record):
    """Before and after; ``moved`` tells each difference in a sentence, empty when nothing moved."""

    before: Column
    after: Column
    moved: tuple[str, ...]


def column(state: State) -> Column:
    """The outcome a state holds."""
    claim, proposal = state["claim"], state["proposal"]
    em = proposal.em if proposal else None
    lines = claim.lines if claim else ()
    return Column(
        status=state["status"] or "unfinished",
        reasons=tuple(r.text for r in state["reasons"]),
        diagnoses=tuple(d.code for d in claim.diagnoses) if claim else (),
        lines=tuple(line_words(line) for line in lines),
        em=em.code if em else None,
        em_basis=em.explanation if em else "",
        findings=tuple(f"{f.level} {f.rule}: {f.message}" for f in state["findings"] if f.level != "info"),
        queries=tuple(q.question for q in proposal.queries) if proposal else (),
        charge=sum((line.charge for line in lines), Decimal("0.00")),
        rvu=sum((line.rvu.total * line.units for line in lines if line.rvu), Decimal("0.00")),
    )


def line_words(line: ClaimLine | CodedLine) -> str:
    """``99214-25 x1 → 1,2``, the units only when they are not one."""
    modifiers = "".join(f"-{m if isinstance(m, str) else m.code}" for m in line.modifiers)
    units = f" x{line.units.normalize():f}" if line.units != 1 else ""
    return f"{line.code}{modifiers}{units} → {','.join(map(str, line.pointers))}"


def side_by_side(before: State, after: State) -> SideBySide:
    """Compare two states of one encounter."""
    return compare(column(before), column(after))


def compare(was: Column, now: Column) -> SideBySide:
    """Compare two outcomes of one encounter."""
    return SideBySide(before=was, after=now, moved=tuple(_moved(was, now)))


def _lines(was: Column, now: Column) -> Iterator[str]:
    """Lines of the same code are told as one that became another."""
    gone = [x for x in was.lines if x not in now.lines]
    new = [x for x in now.lines if x not in was.lines]
    for line in gone:
        code = line[:5]
        other = next((x for x in new if x[:5] == code), None)
        if other is None:
            yield f"line gone: {line}"
        else:
            new.remove(other)
            yield f"line changed: {line}  becomes  {other}"
    yield from (f"line new: {line}" for line in new)


def _moved(was: Column, now: Column) -> Iterator[str]:
    yield from _lines(was, now)
    for name, one, other in (
        ("diagnosis", was.diagnoses, now.diagnoses),
        ("finding", was.findings, now.findings),
        ("query", was.queries, now.queries),
    ):
        yield from (f"{name} gone: {x}" for x in one if x not in other)
        yield from (f"{name} new: {x}" for x in other if x not in one)
    if set(was.diagnoses) == set(now.diagnoses) and was.diagnoses != now.diagnoses:
        yield f"diagnoses in another order: {', '.join(now.diagnoses)}"
    if was.em != now.em or was.em_basis != now.em_basis:
        yield f"E/M: {was.em or 'none'} ({was.em_basis or '-'}) → {now.em or 'none'} ({now.em_basis or '-'})"
    if was.status != now.status:
        yield f"status: {was.status} → {now.status}"
    yield from (f"held for: {r}" for r in now.reasons if r not in was.reasons)
    if (was.charge, was.rvu) != (now.charge, now.rvu):
        more = now.charge - was.charge
        yield f"charge: ${was.charge:.2f} → ${now.charge:.2f} ({more:+.2f}); RVU: {was.rvu:.2f} → {now.rvu:.2f}"
