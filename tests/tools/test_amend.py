"""Edits: each does its one thing, keeps pointers right, and refuses what laws 1 and 2 forbid."""

from decimal import Decimal
from typing import Any

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem, NoteEvidence
from tests.agent.facts import NOTE, facts
from tools.amend import EditError, apply_edits, read_edits
from tools.encounter import HistoryItem
from tools.proposal import EmDecision, MdmElement, ModifierUse, Proposal, ProposedDiagnosis, ProposedLine

WORDS = "Follow-up of high blood pressure"
SEEN = NoteEvidence(
    document="note-1", text=WORDS, start=NOTE.index(WORDS), end=NOTE.index(WORDS) + len(WORDS)
)
LOW = MdmElement(level="low")


def line(code: str, *pointers: int, **more: Any) -> ProposedLine:
    return ProposedLine(
        code=code, system=CodeSystem.CPT, pointers=pointers, evidence=(SEEN,), rationale="coder", **more
    )


def dx(code: str) -> ProposedDiagnosis:
    return ProposedDiagnosis(code=code, evidence=(SEEN,), rationale="coder", confidence=0.9)


START = Proposal(
    diagnoses=(dx("I10"), dx("E11.9"), dx("E78.5")),
    service_lines=(
        line("99213", 1, 2, modifiers=(ModifierUse(code="25", why="separate"),)),
        line("83036", 2),
    ),
    em=EmDecision(code="99213", basis="mdm", problems=LOW, data=LOW, risk=LOW, explanation="coder"),
)


@pytest.fixture
def edited(shelf: Bookshelf) -> Any:
    history = HistoryItem(
        kind="condition",
        reference="Condition/1",
        pointer="/code",
        sha256="0" * 64,
        display="High cholesterol",
    )

    def apply(text: str) -> Proposal:
        return apply_edits(START, read_edits(text), facts(history=(history,)), shelf, "because")

    return apply


def codes(p: Proposal) -> list[str]:
    return [d.code for d in p.diagnoses]


def pointers(p: Proposal) -> list[tuple[int, ...]]:
    return [x.pointers for x in p.service_lines]


@pytest.mark.parametrize(
    ("text", "wanted", "pointed"),
    [
        ('{"op":"remove_diagnosis","diagnosis":1}', ["E11.9", "E78.5"], [(1,), (1,)]),
        ('{"op":"move_diagnosis","diagnosis":3,"to":1}', ["E78.5", "I10", "E11.9"], [(2, 3), (3,)]),
        ('{"op":"move_diagnosis","diagnosis":1,"to":3}', ["E11.9", "E78.5", "I10"], [(3, 1), (1,)]),
        (
            '{"op":"add_diagnosis","code":"J02.9","at":1,"evidence":[{"quote":"blood pressure"}]}',
            ["J02.9", "I10", "E11.9", "E78.5"],
            [(2, 3), (3,)],
        ),
        (
            '{"op":"add_diagnosis","code":"J02.9","evidence":[{"reference":"Condition/1"}]}',
            ["I10", "E11.9", "E78.5", "J02.9"],
            [(1, 2), (2,)],
        ),
    ],
)
def test_pointers_follow_their_diagnoses(
    edited: Any, text: str, wanted: list[str], pointed: list[tuple[int, ...]]
) -> None:
    done = edited(text)
    assert (codes(done), pointers(done)) == (wanted, pointed)


def test_an_added_code_carries_the_words_and_the_reason_and_no_confidence(edited: Any) -> None:
    done = edited('{"op":"add_diagnosis","code":"J02.9","evidence":[{"quote":"high blood"}]}').diagnoses[3]
    (found,) = done.evidence
    assert NOTE[found.start : found.end] == found.text == "high blood"
    assert (done.rationale, done.confidence) == ("because", None)


def test_a_replaced_diagnosis_keeps_its_place_and_its_evidence_unless_new_is_given(edited: Any) -> None:
    kept = edited('{"op":"replace_diagnosis","diagnosis":2,"code":"E11.65"}')
    assert (codes(kept), kept.diagnoses[1].evidence, pointers(kept)) == (
        ["I10", "E11.65", "E78.5"],
        (SEEN,),
        [(1, 2), (2,)],
    )
    new = edited(
        '{"op":"replace_diagnosis","diagnosis":2,"code":"E11.65","evidence":[{"quote":"Hypertension"}]}'
    )
    assert [e.text for e in new.diagnoses[1].evidence] == ["Hypertension"]


def test_lines_are_added_changed_and_removed(edited: Any) -> None:
    done = edited(
        """[{"op":"add_line","code":"J1885","pointers":[1],"units":"2","evidence":[{"quote":"lisinopril"}]},
            {"op":"set_modifiers","line":1,"modifiers":["25","GT"]},
            {"op":"set_units","line":2,"units":"3"},
            {"op":"set_pointers","line":2,"pointers":[2,1]},
            {"op":"set_place","line":2,"place_of_service":"12"},
            {"op":"cite_line","line":2,"evidence":[{"quote":"at goal"}]}]"""
    )
    visit, test, drug = done.service_lines
    assert [(m.code, m.why) for m in visit.modifiers] == [("25", "separate"), ("GT", "because")]
    assert (test.units, test.pointers, test.place_of_service) == (Decimal(3), (2, 1), "12")
    assert [e.text for e in test.evidence] == [WORDS, "at goal"]
    assert (drug.system, drug.units) == (CodeSystem.HCPCS, Decimal(2))
    left = edited('{"op":"remove_line","line":1}')
    assert ([x.code for x in left.service_lines], left.em) == (["83036"], None)


def test_the_level_changes_decision_and_line_together(edited: Any) -> None:
    by_em = edited('{"op":"set_em","code":"99214","basis":"time","minutes":32}')
    assert by_em.em is not None
    assert (by_em.em.code, by_em.em.basis, by_em.em.minutes) == ("99214", "time", 32)
    assert by_em.service_lines[0].code == "99214"
    by_line = edited('{"op":"set_code","line":1,"code":"99212"}')
    assert by_line.em is not None
    assert by_line.em.code == "99212"
    other = edited('{"op":"set_code","line":2,"code":"82947"}')
    assert other.em == START.em


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"op":"add_diagnosis","code":"E11","evidence":[{"quote":"Hypertension"}]}', "E11 is a category"),
        (
            '{"op":"add_diagnosis","code":"X99.99","evidence":[{"quote":"Hypertension"}]}',
            "not an ICD-10-CM code",
        ),
        ('{"op":"add_diagnosis","code":"J02.9","evidence":[]}', "needs evidence"),
        ('{"op":"add_diagnosis","code":"J02.9","evidence":[{"quote":"hypertension gone"}]}', "do not stand"),
        (
            '{"op":"add_diagnosis","code":"J02.9","evidence":[{"quote":"Hypertension","start":0}]}',
            "do not stand",
        ),
        (
            '{"op":"add_diagnosis","code":"J02.9","evidence":[{"reference":"Condition/9"}]}',
            "not in the history",
        ),
        ('{"op":"add_diagnosis","code":"J02.9","evidence":[{}]}', "give 'quote'"),
        ('{"op":"add_diagnosis","code":"J02.9","at":9,"evidence":[{"quote":"Hypertension"}]}', "1 to 4"),
        ('{"op":"add_line","code":"99214","pointers":[1],"evidence":[]}', "needs evidence"),
        ('{"op":"remove_diagnosis","diagnosis":4}', "no diagnosis 4"),
        ('{"op":"remove_diagnosis","diagnosis":2}', "line 2 (83036) would point to"),
        ('{"op":"set_pointers","line":1,"pointers":[1,7]}', "would point to"),
        ('{"op":"set_pointers","line":1,"pointers":[1,1]}', "would point to"),
        (
            '[{"op":"remove_line","line":1},{"op":"set_em","code":"99214"}]',
            "edit 2 (set_em): the claim has no E/M",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_the_edit_named(edited: Any, text: str, said: str) -> None:
    with pytest.raises(EditError) as refused:
        edited(text)
    assert said in str(refused.value)


def test_a_later_edit_mends_what_an_earlier_one_left(edited: Any) -> None:
    done = edited('[{"op":"remove_diagnosis","diagnosis":2},{"op":"set_pointers","line":2,"pointers":[1]}]')
    assert pointers(done) == [(1,), (1,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "where: "),
        ('{"op":"frobnicate"}', "frobnicate"),
        ('{"op":"set_units","line":1,"units":"0"}', "greater than 0"),
        ('{"op":"remove_line","line":1,"extra":2}', "extra"),
        ('{"op":"set_place","line":1,"place_of_service":"1"}', "pattern"),
    ],
)
def test_edits_that_are_none_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(EditError) as refused:
        read_edits(text, "where")
    assert said in str(refused.value)


def test_edits_read_back_from_what_is_kept() -> None:
    edits = read_edits('[{"op":"set_em","code":"99214"},{"op":"remove_line","line":2}]')
    assert read_edits("[" + ",".join(e.model_dump_json() for e in edits) + "]") == edits
