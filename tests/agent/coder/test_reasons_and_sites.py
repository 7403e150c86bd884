"""What a title's cause and the reason for the visit decide, with near misses."""

from typing import Any

from agent.coder.candidates import Candidate
from agent.coder.case import Case, Seen
from agent.coder.diagnoses import choose
from agent.coder.sites import bite_site
from agent.coder.wording import cause_of


def seen(text: str, **more: Any) -> Seen:
    raw = {"text": text, "concept": text.lower(), "temporality": "recent", "section": "A", "start": 0, **more}
    return Seen(document="n", index=0, raw=raw)


def candidate(query: str) -> Candidate:
    mention = seen(query)
    return Candidate(seen=mention, listed=(mention,), rationale="", guideline="IV.J", queries=(query,))


def case(hpi: str, exam: str) -> Case:
    text = f"{hpi}\n{exam}"
    spans = [[0, len(hpi), 0], [len(hpi) + 1, len(text), 1]]
    sections = [
        {"kind": "hpi", "name": "HPI", "start": 0},
        {"kind": "exam", "name": "EXAM", "start": len(hpi)},
    ]
    return Case(
        encounter={},
        history=(),
        mentions=(),
        sections={"n": sections},
        sentences={"n": spans},
        texts={"n": text},
    )


def test_a_symptom_gives_way_to_its_stated_cause_from_either_mention() -> None:
    title = "Right foot pain, due to a Lisfranc fracture"
    assert cause_of(seen("Right foot pain", laterality="right"), title) == "right Lisfranc fracture"
    assert cause_of(seen("Lisfranc fracture", vocabulary_kind="injury"), title) == "right Lisfranc fracture"


def test_a_disease_with_a_stated_cause_stays() -> None:
    assert cause_of(seen("Anemia", vocabulary_kind="disorder"), "Anemia due to chronic kidney disease") == ""


def test_a_history_code_needs_history_in_the_record() -> None:
    hits = [[{"hits": [{"code": "Z87.01", "display": "", "billable": True, "score": 0.9}]}]]
    assert choose([candidate("recurrent lung infection")], hits) == []
    assert [d.code for d in choose([candidate("history of pneumonia")], hits)] == ["Z87.01"]


def test_a_bite_lies_where_the_record_saw_it() -> None:
    found = case("He pulled a tick off.", "There is a rash over the right knee.")
    assert bite_site(found, seen("Tick bite")) == "right knee"


def test_no_place_is_taken_when_two_are_named_or_the_finding_is_another() -> None:
    two = case("Rash of the left ankle and the right knee.", "Normal.")
    assert bite_site(two, seen("Tick bite")) == ""
    other = case("He feels well.", "The right knee is stable.")
    assert bite_site(other, seen("Tick bite")) == ""
