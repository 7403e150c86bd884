"""Lines of a plan that name errands or places are no conditions; the same words in the assessment are heard."""

from agent.coder.candidates import candidates
from agent.coder.case import build_case
from agent.coder.conversation import Answer
from knowledge.bookshelf import Bookshelf
from tools.note import dump_note
from tools.text import read


def named(shelf: Bookshelf, note: str) -> list[str]:
    document = dump_note("n", note, read(note, shelf.vocabulary), shelf.vocabulary)
    case = build_case(Answer(data={}), Answer(data={}), Answer(data={"documents": [document]}))
    return [str(c.seen.text).lower() for c in candidates(case)]


def test_an_errand_of_the_plan_is_no_condition(shelf: Bookshelf) -> None:
    found = named(
        shelf,
        "ASSESSMENT\n1. Laceration of left hand.\n\nPLAN\n- Suture removal in 10 days.\n- At home: keep dry.\n",
    )
    assert found
    assert not any("removal" in text or text == "at home" for text in found)


def test_a_condition_of_the_plan_is_heard(shelf: Bookshelf) -> None:
    assert "hypertension" in named(shelf, "PLAN\n1. Hypertension: continue lisinopril 10 mg daily.\n")
