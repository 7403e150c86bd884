"""What moved between two runs of one encounter: against another folder, or against the recording on today's tables."""

from collections.abc import Sequence
from decimal import Decimal

from agent.chat.answer import Answer
from agent.chat.question import Question
from agent.coding import Coding
from agent.replay.play import replay
from agent.replay.side_by_side import Column, SideBySide, compare, line_words


def changed(q: Question) -> Answer:
    """Codes, findings and money of the two runs; without another folder the recorded run is run again."""
    if q.view.against is not None:
        told = compare(coding_column(q.view.against.coding), coding_column(q.view.coding))
        return _told(told, f"against {q.view.against.where}", told.moved, tables=_tables(q))
    again = replay(q.view.events, q.context)
    moved = tuple(d.what for d in again.differences)
    against = (
        "the recorded run against today's tables and checks (for another run give its folder with --against)"
    )
    return _told(None, against, moved, tables=again.surroundings)


def _tables(q: Question) -> tuple[str, ...]:
    before = q.view.against.coding.editions if q.view.against else {}
    now = q.view.coding.editions
    return tuple(
        f"{t}: {before.get(t)} -> {now.get(t)}" for t in {**before, **now} if before.get(t) != now.get(t)
    )


def _told(told: SideBySide | None, against: str, moved: Sequence[str], tables: Sequence[str]) -> Answer:
    words = "; ".join([*moved, *tables]) or "nothing moved"
    facts = {"intent": "changed", "compared": True, "moved": list(moved), "tables": list(tables)}
    return Answer(text=f"{against}: {words}.", facts=facts, what_if=told)


def coding_column(coding: Coding) -> Column:
    """The column of a finished coding."""
    em = coding.em
    return Column(
        status=coding.status,
        reasons=tuple(r.text for r in coding.review.reasons),
        diagnoses=tuple(d.code for d in coding.diagnoses),
        lines=tuple(map(line_words, coding.service_lines)),
        em=em.code if em else None,
        em_basis=em.explanation if em else "",
        findings=tuple(f"{f.level} {f.rule}: {f.message}" for f in coding.findings if f.level != "info"),
        queries=tuple(x.question for x in coding.queries),
        charge=sum((x.charge for x in coding.service_lines), Decimal("0.00")),
        rvu=sum((x.rvu.total for x in coding.service_lines if x.rvu), Decimal("0.00")),
    )
