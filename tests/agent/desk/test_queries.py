"""A question goes to the physician; the answer becomes a signed addendum, changes the coding, and is kept with its effect."""

import sqlite3
from contextlib import AbstractContextManager

import orjson
import pytest

from agent.desk import EditRefused, NoSuchQuery, NotAllowed
from agent.desk.desk import Desk
from agent.store import Store
from tests.agent.cli_run import bundle, note_text, with_note
from tests.agent.desk.conftest import ANKLE, ANN, CODER, DOCTOR, Opened, shipped, shown
from tools.fhir.context_file import context_of
from tools.fhir.source import RawEncounter
from tools.intake import read_bytes

VIEWS = "Three views of the right ankle (AP, lateral, mortise) were taken here today"
NO_VIEWS = "An X-ray of the right ankle was taken here today"
ANSWER = "Three views of the right ankle were taken at this visit."


def vague() -> RawEncounter:
    """The shipped ankle injury, its note silent on the number of views."""
    given = bundle()
    return read_bytes(orjson.dumps(with_note(given, note_text(given).replace(VIEWS, NO_VIEWS))), "vague.json")


@pytest.fixture
def asked(sitting: Desk) -> Desk:
    assert [x.code for x in sitting.submit(vague()).coding.service_lines] == ["99213", "73600"]
    return sitting


def test_the_answer_is_a_signed_addendum_and_changes_line_and_money(asked: Desk) -> None:
    (query,) = asked.queries()
    assert (query.question, query.encounter) == ("How many views were taken?", ANKLE)
    done = asked.answer(query.id, DOCTOR, ANSWER)
    assert done.difference.lines_removed == ("73600-RT x1 -> 1",)
    assert done.difference.lines_added == ("73610-RT x1 -> 1",)
    assert done.difference.charge_after > done.difference.charge_before > 0
    document = done.document
    assert (document.kind, document.author_role, document.signed) == ("addendum", "provider", True)
    assert document.date is not None
    assert ANSWER in document.text
    assert "Electronically signed by: Dr. Dana Reyes" in document.text


def test_the_addendum_is_the_evidence_and_the_note_stays_as_it_was(asked: Desk) -> None:
    before = asked.case(ANKLE).documents
    done = asked.answer(asked.queries()[0].id, DOCTOR, ANSWER)
    case = asked.case(ANKLE)
    assert case.documents[:-1] == before
    (evidence,) = case.coding.service_lines[1].evidence
    assert evidence.kind == "note"
    assert (evidence.document, evidence.text) == (done.document.id, ANSWER)
    assert case.documents[-1].text[evidence.start : evidence.end] == ANSWER


def test_question_answer_and_effect_stay_in_query_and_audit(asked: Desk) -> None:
    done = asked.answer(asked.queries()[0].id, DOCTOR, ANSWER)
    assert asked.queries() == ()
    (kept,) = asked.queries(status="answered")
    assert (kept.answer, kept.answered_by, kept.effect) == (ANSWER, DOCTOR.name, done.difference)
    entry = next(e for e in asked.audit(ANKLE) if e.action == "answer")
    assert entry.detail is not None
    assert (entry.detail["question"], entry.detail["answer"]) == ("How many views were taken?", ANSWER)
    assert entry.detail["effect"]["lines_added"] == ["73610-RT x1 -> 1"]


def test_an_answer_that_settles_nothing_changes_nothing_and_the_question_is_asked_again(asked: Desk) -> None:
    (query,) = asked.queries()
    done = asked.answer(query.id, DOCTOR, "I do not remember.")
    assert done.difference.nothing
    (again,) = asked.queries()
    assert (again.question, again.id != query.id) == (query.question, True)
    assert asked.answer(again.id, DOCTOR, ANSWER).difference.lines_added == ("73610-RT x1 -> 1",)
    assert len(asked.case(ANKLE).documents) == 3  # the note and both answers


def test_an_answer_after_emission_makes_a_held_correction(asked: Desk) -> None:
    asked.approve(ANKLE, ANN, claim_sha256=shown(asked))
    done = asked.answer(asked.queries()[0].id, DOCTOR, ANSWER)
    assert (done.difference.status_before, done.status) == ("emitted", "held")
    assert any("correction" in r.text for r in asked.case(ANKLE).coding.review.reasons)


def test_an_answer_is_given_after_a_restart_and_once(opened: Opened) -> None:
    with opened() as desk:
        desk.submit(vague())
        own = desk.queries()[0].id
    with opened() as desk:
        desk.answer(own, DOCTOR, ANSWER)
        with pytest.raises(NoSuchQuery):
            desk.answer(own, DOCTOR, ANSWER)


def test_only_a_physician_of_the_practice_answers_and_with_words(asked: Desk) -> None:
    own = asked.queries()[0].id
    with pytest.raises(NotAllowed, match="reviewer"):
        asked.answer(own, ANN, ANSWER)
    with pytest.raises(EditRefused, match="full sentences"):
        asked.answer(own, DOCTOR, "  ")
    with pytest.raises(NoSuchQuery):
        asked.for_tenant("elsewhere").answer(own, DOCTOR.model_copy(update={"tenant": "elsewhere"}), ANSWER)
    assert [q.id for q in asked.queries()] == [own]


def test_a_reviewer_dismisses_with_a_reason_and_it_is_not_asked_again(asked: Desk) -> None:
    own, before = asked.queries()[0].id, shown(asked)
    for person, reason, refused in (
        (CODER, "x", NotAllowed),
        (DOCTOR, "x", NotAllowed),
        (ANN, " ", EditRefused),
    ):
        with pytest.raises(refused):
            asked.dismiss(own, person, reason=reason)
    done = asked.dismiss(own, ANN, reason="The radiology report tells the views.")
    assert (done.status, done.answer, done.answered_by) == (
        "dismissed",
        "The radiology report tells the views.",
        ANN.name,
    )
    assert (asked.queries(), shown(asked)) == ((), before)
    entry = next(e for e in asked.audit(ANKLE) if e.action == "dismiss")
    assert (entry.who, entry.detail["question"]) == (ANN.name, "How many views were taken?")
    with pytest.raises(NoSuchQuery):
        asked.answer(own, DOCTOR, ANSWER)
    asked.submit(vague())
    assert asked.queries() == ()


def test_a_question_that_is_no_longer_asked_is_withdrawn(asked: Desk) -> None:
    asked.submit(shipped())
    assert asked.queries() == ()
    assert [q.status for q in asked.queries(status=None)] == ["withdrawn"]


def test_a_bare_note_takes_an_addendum_too(sitting: Desk) -> None:
    known = context_of(
        {
            "age": 24,
            "sex": "male",
            "date_of_service": "2026-08-03",
            "payer": "commercial",
            "place_of_service": "11",
        }
    )
    text = note_text(bundle()).replace(VIEWS, NO_VIEWS)
    result = sitting.submit(read_bytes(text.encode(), "ankle.txt", known))
    own = result.coding.encounter_id
    (query,) = (q for q in sitting.queries(encounter=own) if "views" in q.question)
    done = sitting.answer(query.id, DOCTOR, ANSWER)
    assert done.difference.lines_added == ("73610-RT x1 -> 1",)
    assert [d.kind for d in sitting.case(own).documents] == ["note", "addendum"]


# opportunities


def test_accepting_an_opportunity_asks_the_provider_and_bills_nothing(sitting: Desk) -> None:
    result = sitting.submit(shipped("07-smoking-after-discharge"))
    own, before = result.coding.encounter_id, shown(sitting, result.coding.encounter_id)
    (found,) = result.coding.opportunities
    kept = sitting.opportunity(own, CODER, code=found.code, accept=True, reason="worth asking")
    (query,) = sitting.queries(encounter=own)
    assert kept.query == query.id
    assert found.missing[0] in query.question
    assert shown(sitting, own) == before
    sitting.submit(shipped("07-smoking-after-discharge"))
    assert [q.id for q in sitting.queries(encounter=own)] == [query.id]  # a re-run does not withdraw it
    assert sitting.answer(query.id, DOCTOR, "Nothing of this was done at the visit.").difference.nothing


def test_an_opportunity_and_its_question_are_kept_in_one_transaction(
    sitting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = sitting.submit(shipped("07-smoking-after-discharge"))
    (found,), own = result.coding.opportunities, result.coding.encounter_id
    begun, writing = [], Store.writing

    def counted(store: Store, **options: bool) -> AbstractContextManager[sqlite3.Connection]:
        begun.append(store)
        return writing(store, **options)

    monkeypatch.setattr(Store, "writing", counted)
    sitting.opportunity(own, CODER, code=found.code, accept=True)
    assert (len(begun), len(sitting.queries(encounter=own))) == (1, 1)


def test_dismissing_an_opportunity_is_recorded_and_asks_nobody(sitting: Desk) -> None:
    own = sitting.submit(shipped("07-smoking-after-discharge")).coding.encounter_id
    sitting.opportunity(own, CODER, code="99495", accept=False, reason="no call within two days")
    (kept,) = sitting.case(own).opportunities
    assert (kept.accepted, kept.by, kept.query) == (False, "cora", None)
    assert sitting.queries() == ()
    with pytest.raises(EditRefused, match="no opportunity"):
        sitting.opportunity(own, CODER, code="99214", accept=True)
