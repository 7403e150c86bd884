"""Elements of the record as support: only what says the same, is still true and is of the day."""

from datetime import date, timedelta
from typing import Any

import pytest

from knowledge.bookshelf import Bookshelf
from tests.tools.checks.builders import DAY, cl, diagnosis, fhir, history, line, request, span
from tools.checks import RULES_BY_ID

VISIT = line(1, "99213", span("Continue lisinopril 20 mg daily"))


def fired(shelf: Bookshelf, rule: str, made: dict[str, Any], *items: Any) -> bool:
    return bool(list(RULES_BY_ID[rule].check(request(shelf, **made, known={"history": items}))))


@pytest.mark.parametrize(
    ("item", "established"),
    [
        ({"code": "E03.9", "status": "active"}, True),
        ({"code": "E03.9", "status": "resolved"}, False),
        ({"code": "40930008", "display": "Hypothyroidism", "status": "active"}, True),
        ({"code": "195967001", "display": "Asthma", "status": "active"}, False),
        ({"kind": "medication", "display": "levothyroxine", "status": "active"}, False),
    ],
)
def test_a_cited_condition_establishes_its_own_code(
    shelf: Bookshelf, item: dict[str, Any], established: bool
) -> None:
    found = history(**{"kind": "condition", **item})
    made = cl(diagnoses=(diagnosis(1, "E03.9", fhir()),), lines=(VISIT,))
    made.pop("known")
    assert fired(shelf, "dx.not_established", made, found) is not established


@pytest.mark.parametrize(
    ("day", "status", "documented"),
    [(DAY, "completed", True), (DAY - timedelta(days=1), "completed", False), (DAY, "not-done", False)],
)
def test_a_cited_procedure_of_the_day_documents_its_line(
    shelf: Bookshelf, day: date, status: str, documented: bool
) -> None:
    done = history("procedure", "Procedure/1", code="93000", effective=day, status=status)
    made = cl(lines=(VISIT, line(2, "93000", fhir("Procedure/1"))))
    made.pop("known")
    assert fired(shelf, "line.not_documented", made, done) is not documented
