"""Visits after an operation: whose operation, how long ago, and what heals as it should."""

import pytest

from agent.coder.case import Case, Seen
from agent.coder.postoperative import aftercare, in_global_period, is_check


def case(history: str, assessment: str) -> tuple[Case, Seen]:
    text = f"{history}\n{assessment}"
    start = len(history) + 1
    sections = [
        {"name": "HPI", "kind": "hpi", "start": 0, "end": start},
        {"name": "A", "kind": "assessment", "start": start, "end": len(text)},
    ]
    head = Seen(document="n", index=0, raw={"text": assessment, "sentence": 1, "section_kind": "assessment"})
    spans = [[0, start - 1, 0], [start, len(text), 1]]
    made = Case(
        encounter={},
        history=(),
        mentions=(head,),
        sections={"n": sections},
        sentences={"n": spans},
        texts={"n": text},
    )
    return made, head


@pytest.mark.parametrize(
    ("history", "inside"),
    [
        ("He is ten days out from an appendectomy that I performed.", True),
        ("He is 6 weeks status post hernia repair, performed by me.", True),
        ("He is ten days out from an appendectomy at the county hospital.", False),
        ("He is 20 weeks out from an appendectomy that I performed.", False),
        ("He had pain for two weeks after a fall.", False),
    ],
)
def test_a_global_period_needs_the_same_provider_and_the_time(history: str, inside: bool) -> None:
    assert in_global_period(case(history, "Doing well.")[0]) is inside


def test_recovery_as_it_should_be_is_aftercare() -> None:
    made, head = case("Postoperative visit.", "Status post laparoscopic appendectomy, healing well.")
    row = aftercare(made, head)
    assert is_check(made)
    assert row is not None
    assert "digestive" in row.query


def test_a_complication_or_another_visit_is_no_aftercare() -> None:
    infected = case("Postoperative visit.", "Wound infection after appendectomy.")
    routine = case("Annual visit.", "Status post appendectomy.")
    assert aftercare(*infected) is None
    assert aftercare(*routine) is None
