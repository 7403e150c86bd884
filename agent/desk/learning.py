"""Feedback: every human change as a lesson (generated versus signed), and approved cases as examples."""

from typing import TYPE_CHECKING

import orjson

from agent.desk.book import Row
from agent.desk.records import Difference, Lesson
from agent.desk.rows import decision
from agent.run import CodingResult

if TYPE_CHECKING:
    from agent.desk.desk import Desk

CHANGES = frozenset({"amend", "override", "reject"})


def lessons(desk: "Desk", *, documents: bool = False) -> tuple[Lesson, ...]:
    """Every human change of the practice, oldest first.

    Args:
        desk: of the practice.
        documents: take the documents' texts along, so that a lesson can be learned from alone.
    """
    return tuple(
        _lesson(desk, row, documents=documents) for row in desk.book.decisions() if row["action"] in CHANGES
    )


def _lesson(desk: "Desk", row: Row, *, documents: bool) -> Lesson:
    kept = decision(row)
    return Lesson(
        id=kept.id,
        tenant=desk.tenant,
        encounter=kept.encounter,
        at=kept.at,
        by=kept.by,
        role=kept.role,
        action=kept.action,
        reason=kept.reason,
        model=row["model"],
        generated=kept.before,
        signed=None if kept.action == "reject" else kept.after,
        difference=Difference.model_validate(orjson.loads(row["difference"])),
        edits=kept.edits,
        documents=desk.case(kept.encounter).documents if documents else (),
    )


def remember(desk: "Desk", done: CodingResult) -> None:
    """Feed an approved case to the practice's examples, where they are switched on."""
