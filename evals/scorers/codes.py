"""Codes that must not be there: named by the case, or in no code set at all."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Protocol

from evals.answer import Answer
from knowledge.records import Record

_PROCEDURE = re.compile(r"\d{4}[0-9A-Z]|[A-V]\d{4}")


class CodeBook(Protocol):
    """What is known of codes on a day."""

    def diagnosis(self, code: str, on: date | None) -> bool:
        """Whether the edition in force holds the diagnosis code and it is billable."""

    def procedure(self, code: str, on: date | None) -> bool:
        """Whether the loaded procedure table holds the code (the table may be partial)."""


class CodeScore(Record):
    """``violations`` of the case's must_not list; ``fabricated`` codes exist in no code set.

    A procedure number of the right form that the table lacks is ``unknown``, never fabricated: the table is
    partial (law 1 of the architecture).
    """

    must_not: int
    violations: tuple[str, ...]
    fabricated: tuple[str, ...]
    unknown: tuple[str, ...]


def score_codes(must_not: Iterable[str], answer: Answer, book: CodeBook | None) -> CodeScore:
    """Score forbidden and invented codes; without a code book only the form of procedure numbers is judged."""
    on = date.fromisoformat(answer.date_of_service) if answer.date_of_service else None
    procedures = dict.fromkeys(line.code for line in answer.service_lines)
    given = {*answer.codes, *procedures}
    forbidden = frozenset(must_not)
    invented = [code for code in procedures if not _PROCEDURE.fullmatch(code)]
    unknown: list[str] = []
    if book is not None:
        invented += [code for code in dict.fromkeys(answer.codes) if not book.diagnosis(code, on)]
        unknown = [c for c in procedures if c not in invented and not book.procedure(c, on)]
    return CodeScore(
        must_not=len(forbidden),
        violations=tuple(sorted(forbidden & given)),
        fabricated=tuple(invented),
        unknown=tuple(unknown),
    )
