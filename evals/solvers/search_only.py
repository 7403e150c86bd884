"""The baseline without judgement: the best search hit of every line of the assessment, nothing else."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from evals.case import EvalCase, SolvedCase

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from tools.text import ReadNote

ASSESSMENTS = frozenset({"assessment", "assessment_plan"})
_ITEM = re.compile(r"^[\s\-*•]*(?:\d+[.)])?\s*")
MOST = 12
"""Diagnoses that a professional claim carries."""


@dataclass(frozen=True, kw_only=True)
class SearchSolver:
    """Looks each assessment line up and takes the first billable hit; what is not searched for is not coded."""

    shelf: "Bookshelf"

    def __call__(self, case: EvalCase) -> SolvedCase:
        """Code one case; a note without an assessment gives nothing."""
        from tools.text import read

        started = time.perf_counter()
        on = date.fromisoformat(case.context["date_of_service"])
        read_note = read(case.note, self.shelf.vocabulary)
        steps: list[dict[str, Any]] = []
        found: dict[str, dict[str, Any]] = {}
        for start, end in assessment_lines(read_note, case.note):
            query = case.note[start:end]
            hits = self.shelf.search.search(query, on=on, limit=5)
            steps.append({"query": query, "hits": [h.code for h in hits]})
            best = next((h for h in hits if h.billable), None)
            if best is not None:
                found.setdefault(best.code, _diagnosis(best.code, query, start, end))
        kept = [{"sequence": n, **d} for n, d in enumerate(list(found.values())[:MOST], 1)]
        coding = {"status": "draft", "date_of_service": on.isoformat(), "diagnoses": kept}
        return SolvedCase(coding=coding, seconds=time.perf_counter() - started, steps=tuple(steps))


def _diagnosis(code: str, query: str, start: int, end: int) -> dict[str, Any]:
    span = {"kind": "note", "document": "note", "text": query, "start": start, "end": end}
    return {"code": code, "evidence": [span], "rationale": "best search hit of this line"}


def assessment_lines(read_note: "ReadNote", note: str) -> Iterator[tuple[int, int]]:
    """First sentence of every line of the assessment, without its bullet, as spans of the note."""
    for section in read_note.sections:
        if section.kind not in ASSESSMENTS:
            continue
        place = section.body
        for line in note[section.body : section.end].splitlines(keepends=True):
            bullet = _ITEM.match(line)
            start = place + (bullet.end() if bullet else 0)
            text = note[start : place + len(line)].rstrip()
            text = re.split(r"(?<=[a-z)])\.(?:\s|$)", text, maxsplit=1)[0]
            place += len(line)
            if len(text) > 2:
                yield start, start + len(text)
