"""Panels are one test, Z23 is for vaccines only, counselling to quit sets the visit apart, a coded code is not rejected too."""

import pytest

from agent.coder.case import Seen
from agent.coder.conversation import Answer
from agent.coder.diagnoses import Diagnosis
from agent.coder.lines import Line
from agent.coder.link import link
from agent.coder.modify import modify
from agent.coder.panels import _parts, parts_of
from agent.coder.told import historians
from knowledge.bookshelf import Bookshelf
from tests.agent.coded import Coded
from tests.agent.coder.test_services import case

SEEN = Seen(document="n", index=0, raw={"text": "x", "sentence": 0})


def line(code: str, category: str, *, family: str = "", is_em: bool = False) -> Line:
    facts = {"category": category, "family": family}
    return Line(code=code, seen=(SEEN,), rationale="", facts=facts, is_em=is_em)


def test_the_parts_of_a_panel_are_no_tests_of_their_own() -> None:
    named = {"basic metabolic panel", "creatinine", "estimated gfr", "troponin"}
    assert parts_of(named) == {"creatinine", "estimated gfr"}
    assert parts_of({"creatinine", "troponin"}) == set()  # without the panel it counts


def test_every_part_of_a_panel_is_a_test_of_the_vocabulary(shelf: Bookshelf) -> None:
    known = {t.canonical for t in shelf.vocabulary.tests}
    assert {n for row in _parts() for n in (row.panel, row.part)} <= known


def pointed(code: str, category: str) -> tuple[int, ...]:
    found = tuple(
        Diagnosis(code=c, display="", candidates=(), rationale="", guideline="") for c in ("Z13.220", "Z23")
    )
    steps = link((line(code, category),), found)
    next(steps)
    links = [{"procedure": code, "diagnosis": d.code, "verdict": "no_rule"} for d in found]
    with pytest.raises(StopIteration) as end:
        steps.send((Answer(data={"links": links}),))
    ((only,), _) = end.value.value
    return tuple(only.pointers)


def test_a_vaccination_is_the_reason_for_vaccines_only() -> None:
    assert pointed("36415", "lab") == (1,)
    assert 2 in pointed("90471", "vaccine_admin")


@pytest.mark.parametrize(("family", "apart"), [("tobacco", True), ("", False)])
def test_a_visit_beside_counselling_to_quit_carries_25(family: str, apart: bool) -> None:
    lines = (line("99214", "em_established", is_em=True), line("99407", "counseling", family=family))
    steps = modify(case("x"), lines, ())
    asked = next(steps, ())
    assert [a.args for a in asked] == [{"code": "99214", "modifiers": ["25"]}] * apart


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Her daughter came with her and gave most of the history.", True),
        ("History obtained from the wife.", True),
        ("Her daughter gave her a pill box.", False),
        ("Her mother has a history of stroke.", False),
    ],
)
def test_who_gave_the_history(text: str, told: bool) -> None:
    assert bool(list(historians(case(text)))) is told


def test_what_is_coded_is_not_rejected_too(coded: Coded) -> None:
    for result in coded.results.values():
        diagnoses = {d.code for d in result.coding.diagnoses}
        assert not diagnoses & {r.code for r in result.coding.rejected}
