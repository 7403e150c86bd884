"""Feedback: every human change as a lesson (generated versus signed), and approved cases as examples for the coders."""

from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.desk.book import Row
from agent.desk.difference import line_text
from agent.desk.examples import CaseExamples
from agent.desk.records import Case, Difference, Lesson
from agent.desk.rows import decision
from knowledge.whole import written_whole
from tools.examples import Example
from tools.proposal import Proposal

if TYPE_CHECKING:
    from agent.desk.desk import Desk

CHANGES = frozenset({"amend", "override", "reject"})


def lessons(desk: "Desk", *, documents: bool = False) -> tuple[Lesson, ...]:
    """Every human change of the practice, oldest first.

    Args:
        desk: of the practice.
        documents: take the documents' texts along, so that a lesson can be learned from alone.
    """
    done = desk.book.decisions()
    approved = {r["encounter"]: r["after"] for r in done if r["status_after"] == "emitted"}
    return tuple(
        _lesson(desk, row, approved.get(row["encounter"]), documents=documents)
        for row in done
        if row["action"] in CHANGES
    )


def export(desk: "Desk", path: Path) -> int:
    """Write the lessons with their documents, one JSON object a line, readable by the owner only; how many."""
    found = lessons(desk, documents=True)
    with written_whole(path) as draft:
        draft.touch(mode=0o600)
        draft.write_bytes(b"".join(orjson.dumps(x.model_dump(mode="json")) + b"\n" for x in found))
    return len(found)


def remember(desk: "Desk", encounter: str) -> None:
    """Feed an approved case to the practice's examples, where they are switched on."""
    examples = desk.examples
    if examples is not None:
        _feed(examples, desk.case(encounter))


def rebuild(desk: "Desk", examples: CaseExamples) -> int:
    """Feed every emitted case that a person approved, e.g. after examples were switched on; how many."""
    approved = {
        d.encounter for d in desk.decisions() if d.action == "approve" and d.status_after == "emitted"
    }
    for item in desk.worklist(status="emitted", limit=-1):
        if item.encounter in approved:
            _feed(examples, desk.case(item.encounter))
    return len(approved)


def _feed(examples: CaseExamples, case: Case) -> None:
    claim = case.claim
    if claim is None:
        return
    changes = tuple(f"{d.action}: {d.reason}" for d in case.decisions if d.action in CHANGES)
    example = Example(
        encounter=case.item.encounter,
        score=1.0,
        diagnoses=tuple(d.code for d in claim.diagnoses),
        lines=tuple(map(line_text, claim.lines)),
        changes=changes,
    )
    examples.add("\n".join(d.text for d in case.documents), example)


def _lesson(desk: "Desk", row: Row, approved: str | None, *, documents: bool) -> Lesson:
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
        approved=Proposal.model_validate_json(approved) if approved else None,
        difference=Difference.model_validate(orjson.loads(row["difference"])),
        edits=kept.edits,
        documents=desk.case(kept.encounter).documents if documents else (),
    )
