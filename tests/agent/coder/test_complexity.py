"""Complexity of problems and what sentences tell for decision making: firing cases and their near misses."""

import pytest

from agent.coder import told
from agent.coder.candidates import Candidate
from agent.coder.case import Case, Seen
from agent.coder.complexity import complexity
from agent.coder.diagnoses import Diagnosis
from agent.coder.lines import Line
from agent.coder.provider_queries import provider_queries
from agent.coder.visit import Visit


def mention(kind: str, concept: str, **more: object) -> Seen:
    raw = {
        "kind": kind, "concept": concept, "text": concept, "assertion": "present", "experiencer": "patient",
        "section_kind": "plan", "section": "PLAN", "sentence": 0, "start": 0, **more,
    }  # fmt: skip
    return Seen(document="n", index=0, raw=raw)


def case(text: str, *mentions: Seen, kind: str = "plan") -> Case:
    return Case(
        encounter={"age": 50},
        history=(),
        mentions=mentions,
        sections={"n": [{"name": "x", "kind": kind, "start": 0, "end": len(text)}]},
        sentences={"n": [[0, len(text), 0]]},
        texts={"n": text},
    )


def judged(code: str, text: str, *others: Seen, chronic: bool = False) -> str:
    seen = mention("problem", "the problem")
    candidate = Candidate(seen=seen, listed=(seen,), rationale="", guideline="IV.J", queries=())
    diagnosis = Diagnosis(code=code, display="", candidates=(candidate,), rationale="", guideline="IV.J")
    return complexity(case(text, seen, *others), diagnosis, {"chronic": chronic}, [seen, *others])


MRI = mention("test", "mri", event="ordered", assertion="planned")
SCOPE = mention("test", "upper endoscopy", event="ordered", assertion="planned")
READ = mention("test", "electrocardiogram", event="reviewed")
FEVER = mention("problem", "fever", section_kind="ros")
NO_FEVER = mention("problem", "fever", section_kind="ros", assertion="absent")
INJECTION = mention("procedure", "joint injection", event="done")


@pytest.mark.parametrize(
    ("code", "text", "others", "chronic", "expected"),
    [
        ("S93.324A", "Dislocation.", (), False, "acute_complicated_injury"),
        ("S93.324D", "Dislocation, healing.", (), False, "acute_uncomplicated"),
        ("S83.511A", "A torn anterior cruciate ligament.", (MRI,), False, "acute_complicated_injury"),
        ("S83.511A", "Sprain of the anterior cruciate ligament.", (MRI,), False, "acute_uncomplicated"),
        ("S62.632A", "Fracture of a finger.", (), False, "acute_uncomplicated"),
        ("J18.9", "Pneumonia.", (), False, "acute_systemic"),
        ("L03.115", "Cellulitis.", (FEVER,), False, "acute_systemic"),
        ("L03.115", "Cellulitis.", (NO_FEVER,), False, "acute_uncomplicated"),
        ("K29.00", "Gastritis.", (SCOPE,), False, "undiagnosed_new_problem"),
        ("K29.00", "Gastritis.", (), False, "acute_uncomplicated"),
        ("R07.9", "Chest pain.", (READ,), False, "undiagnosed_new_problem"),
        ("R07.9", "Chest pain.", (), False, "acute_uncomplicated"),
        ("F32.A", "Depression.", (), False, "stable_chronic"),
        ("I10", "Blood pressure remains elevated.", (), True, "chronic_exacerbation"),
        ("I10", "Call if it remains elevated at home.", (), True, "stable_chronic"),
        ("M17.11", "Arthritis.", (INJECTION,), True, "chronic_exacerbation"),
        ("B18.2", "Newly diagnosed.", (SCOPE,), True, "undiagnosed_new_problem"),
        ("B18.2", "Known for years.", (SCOPE,), True, "stable_chronic"),
    ],
)
def test_complexity_follows_course_kind_and_work_up(
    code: str, text: str, others: tuple[Seen, ...], chronic: bool, expected: str
) -> None:
    assert judged(code, text, *others, chronic=chronic) == expected


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("A course of oral steroids was prescribed.", True),
        ("No antibiotics were prescribed.", False),
        ("Start zelquiptan 20 mg daily.", True),
        ("Start vitamin D 2000 units daily.", False),
        ("Antibiotics may be prescribed next week.", False),
    ],
)
def test_drugs_are_decided_in_sentences(text: str, fires: bool) -> None:
    assert bool(list(told.prescriptions(case(text)))) is fires


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("I recommend that we proceed with a right foot ORIF.", True),
        ("He wishes to proceed with the knee replacement.", True),
        ("If this fails I recommend surgery.", False),
        ("I recommended a referral for surgery.", False),
    ],
)
def test_operations_are_decided_in_sentences(text: str, fires: bool) -> None:
    assert bool(list(told.operations(case(text)))) is fires


def test_each_outside_source_counts_once() -> None:
    text = "I reviewed the emergency department records. The emergency department notes were reviewed. Discharge summary was read."
    assert len(told.sources(case(text))) == 2
    assert told.sources(case("Records from the hospital were requested.")) == []


def test_own_interpretation_counts_only_of_pictures_made_elsewhere() -> None:
    outside = mention("test", "mri", event="reviewed")
    assert told.interpreted(case("I personally reviewed the MRI.", outside), set()) == [outside]
    assert told.interpreted(case("I personally reviewed the MRI.", outside), {"mri"}) == []
    assert told.interpreted(case("The MRI taken here was personally reviewed.", outside), set()) == []


def test_an_unstated_course_that_holds_the_level_down_is_asked_for() -> None:
    em: dict[str, object] = {
        "basis": "mdm",
        "problems": {
            "level": "low",
            "items": [{"category": "stable_chronic", "text": "hypertension (I10)", "citations": []}],
        },
        "data": {"level": "straightforward", "items": []},
        "risk": {"level": "moderate", "items": []},
    }
    line = Line(code="99213", seen=(), rationale="", facts={}, is_em=True)
    (asked,) = provider_queries(case("x"), (), (), Visit(line=line, em=em, decision_level="low"))
    assert "hypertension" in asked["question"]
    em["risk"] = {"level": "low", "items": []}
    assert provider_queries(case("x"), (), (), Visit(line=line, em=em, decision_level="low")) == []
