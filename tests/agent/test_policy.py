"""The review policy: each reason fires and has a near miss; a wrong file is refused with its place."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from agent.policy import Policy, load_policy, policy_reasons, warning_reasons
from knowledge.errors import TableError
from knowledge.records import Finding
from tests.agent.builders import claim
from tests.agent.facts import facts
from tests.conftest import ROOT
from tools.proposal import Proposal, ProposedDiagnosis, ProviderQuery

EMPTY = Proposal(diagnoses=(), service_lines=())


def texts(
    policy: Policy, *, proposal: Proposal = EMPTY, new: bool | None = False, basis: str = "given"
) -> str:
    found = policy_reasons(policy, facts(new_patient=new), proposal, claim(basis=basis))
    return "; ".join(r.text for r in found)


def rated(confidence: float | None) -> Proposal:
    dx = ProposedDiagnosis(code="I10", evidence=(), rationale="", confidence=confidence)
    return Proposal(diagnoses=(dx,), service_lines=())


@pytest.mark.parametrize(
    ("policy", "options", "word"),
    [
        (Policy(), {"basis": "derived"}, "derived"),
        (Policy(confidence_floor=0.8), {"proposal": rated(0.7)}, "confidence of I10"),
        (Policy(hold_new_patients=True), {"new": True}, "new patient"),
        (Policy(hold_em_codes=("99213",)), {}, "E/M level 99213"),
        (Policy(hold_em_codes=("992?3",)), {}, "E/M level 99213"),
        (Policy(hold_codes=("I1*",)), {}, "code I10"),
        (Policy(hold_payers=("medicare",)), {}, "payer medicare"),
        (Policy(hold_payers=("01112",)), {}, "payer 01112"),
        (Policy(amount_over=Decimal(100)), {}, "over 100"),
        (Policy(audit_rate=1.0), {}, "audit sample"),
        (
            Policy(hold_queries=True),
            {"proposal": EMPTY.model_copy(update={"queries": (ProviderQuery(question="?", why=""),)})},
            "query",
        ),
    ],
)
def test_reason_fires(policy: Policy, options: dict[str, object], word: str) -> None:
    assert word in texts(policy, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (Policy(accept_derived_charges=True), {"basis": "derived"}),
        (Policy(confidence_floor=0.8), {"proposal": rated(0.8)}),
        (Policy(confidence_floor=0.8), {"proposal": rated(None)}),
        (Policy(hold_new_patients=True), {"new": None}),
        (Policy(hold_em_codes=("99215",)), {}),
        (Policy(hold_em_codes=("992?5",)), {}),
        (Policy(hold_codes=("I1",)), {}),
        (Policy(hold_payers=("commercial",)), {}),
        (Policy(amount_over=Decimal(150)), {}),
        (Policy(audit_rate=0.0), {}),
        (Policy(hold_queries=True), {}),
    ],
)
def test_near_miss_does_not_hold(policy: Policy, options: dict[str, object]) -> None:
    assert texts(policy, **options) == ""  # type: ignore[arg-type]


def test_audit_sample_is_reproducible_and_near_its_rate() -> None:
    policy = Policy(audit_rate=0.2, audit_seed=3)
    drawn = [n for n in range(500) if policy_reasons(policy, facts(encounter_id=f"e{n}"), EMPTY, claim())]
    again = [n for n in range(500) if policy_reasons(policy, facts(encounter_id=f"e{n}"), EMPTY, claim())]
    assert drawn == again
    assert 60 < len(drawn) < 140


def test_warnings_hold_only_where_listed() -> None:
    unknown = Finding(rule="line.unknown_to_table", level="warning", message="not in the table")
    other = Finding(rule="line.mue", level="warning", message="near the limit")
    listed = Policy(hold_warnings=("line.unknown_to_table",))
    assert [r.text for r in warning_reasons(listed, (unknown, other))] == [
        "line.unknown_to_table: not in the table"
    ]
    assert warning_reasons(Policy(), (unknown, other)) == []
    assert len(warning_reasons(Policy(hold_warnings=("*",)), (unknown, other))) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("audit_rate = 2", "audit_rate"),
        ("surprise = 1", "surprise: no such setting; known are accept_derived_charges"),
        ("audit_rate = ", "not TOML"),
        ('hold_warnings = ["dx.typo"]', "the catalogue has no rule 'dx.typo'"),
        ('hold_modifiers = ["25-"]', "hold_modifiers.0"),
        ("confidence_floor = 60", "confidence_floor"),
        ("amount_over = -1", "amount_over"),
    ],
)
def test_wrong_policy_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(TableError, match=reason):
        load_policy(path)


def test_missing_policy_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="can not be read"):
        load_policy(tmp_path / "none.toml")


def test_the_documented_example_names_every_setting_and_holds() -> None:
    path = ROOT / "docs" / "policy.toml"
    policy = load_policy(path)
    assert set(tomllib.loads(path.read_text())) == set(Policy.model_fields)
    assert "new patient" in texts(policy, new=True)


def test_another_seed_draws_another_sample_of_the_same_rate() -> None:
    def drawn(seed: int) -> set[int]:
        policy = Policy(audit_rate=0.2, audit_seed=seed)
        return {n for n in range(500) if policy_reasons(policy, facts(encounter_id=f"e{n}"), EMPTY, claim())}

    assert drawn(1) != drawn(2)
    assert abs(len(drawn(1)) - len(drawn(2))) < 60
