"""The run as a whole: order, purity, levels and switches, the last gate, and independence from the coder's reader."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import tools.checks
from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from tests.tools.checks.builders import L, cl, coverage, ln, provider, request
from tools.checks import CATALOGUE, RULES_BY_ID, CheckPolicy, claim_structure, run_checks
from tools.checks.policy import Switch
from tools.claim.validate import StructureError

ROOM = Path(tools.checks.__file__).parent


def test_a_clean_claim_has_neither_errors_nor_warnings(shelf: Bookshelf) -> None:
    assert run_checks(request(shelf)) == ()


def test_findings_come_worst_first_and_always_the_same(shelf: Bookshelf) -> None:
    made = request(shelf, **ln(L("99213", "ZZ"), L("21299"), L("99201"), codes=("G30.9", "I10")))
    found = run_checks(made)
    levels = [f.level for f in found]
    assert levels == sorted(levels, key=["error", "warning", "info"].index)
    assert len(set(levels)) == 3
    assert run_checks(replace(made)) == found


def test_rules_stand_alone(shelf: Bookshelf) -> None:
    made = request(shelf, **ln(L("99213", "ZZ"), L("99201"), codes=("G30.9", "I10")))
    together = run_checks(made)
    apart = [f for rule in CATALOGUE for f in run_checks(replace(made), rules=(rule,))]
    assert sorted(together, key=str) == sorted(apart, key=str)


def test_the_catalogue_explains_itself() -> None:
    assert len(CATALOGUE) >= 90
    assert len(RULES_BY_ID) == len(CATALOGUE)
    for rule in CATALOGUE:
        area, _, name = rule.id.partition(".")
        assert area in {"dx", "evidence", "document", "line", "link", "modifier", "claim"}
        assert name
        assert rule.what.endswith(".")
        assert rule.source
        assert rule.judge.__doc__


def test_what_holds_is_no_error() -> None:
    assert {rule.level for rule in CATALOGUE if rule.hold} == {"warning"}


def test_a_policy_sets_the_level(shelf: Bookshelf) -> None:
    policy = CheckPolicy(levels={"link.unused_diagnosis": "error"})
    made = request(shelf, **ln(L("99213"), codes=("I10", "E78.5")), policy=policy)
    assert [f.level for f in run_checks(made) if f.rule == "link.unused_diagnosis"] == ["error"]


@pytest.mark.parametrize(
    ("payer", "level"), [("12345", "info"), ("commercial", "info"), ("medicare", "error")]
)
def test_a_payer_can_be_spared_and_the_reason_stays(shelf: Bookshelf, payer: str, level: str) -> None:
    switch = Switch(
        rule="claim.taxonomy", payer=payer, reason="The contract does not ask for it.", by="M. Roe"
    )
    wrong = cl(rendering_provider=provider("rendering", taxonomy="X"))
    made = request(shelf, **wrong, policy=CheckPolicy(switches=(switch,), structure=False))
    (finding,) = [f for f in run_checks(made) if f.rule == "claim.taxonomy"]
    assert finding.level == level
    assert (finding.override is not None) == (level == "info")
    if finding.override is not None:
        assert (finding.override.by, finding.override.reason) == ("M. Roe", switch.reason)


def test_a_switch_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[switches]]\nrule = "dx.age"\npayer = "x"\nreason = "no"\n', encoding="utf-8")
    with pytest.raises(TableError, match=r"policy\.toml"):
        CheckPolicy.load(path)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("lenient = true\n", encoding="utf-8")
    with pytest.raises(TableError, match="lenient"):
        CheckPolicy.load(path)


def test_the_shipped_policy_names_rules_that_exist() -> None:
    policy = CheckPolicy.default()
    assert {s.rule for s in policy.switches} | set(policy.levels) <= set(RULES_BY_ID)


def test_what_pyx12_finds_is_an_error(shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = StructureError(segment="CLM", position=22, element="5-1", reason="wrong")
    monkeypatch.setattr(claim_structure, "validate_837", lambda _: [fault])
    (finding,) = run_checks(request(shelf))
    assert (finding.rule, finding.level) == ("claim.x12", "error")
    assert "CLM 22 element 5-1: wrong" in finding.message


def test_pyx12_is_not_asked_for_what_can_not_be_written(
    shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_structure, "validate_837", pytest.fail)
    found = run_checks(request(shelf, **cl(coverages=(coverage(payer_id=None),))))
    assert {f.rule for f in found} == {"claim.payer_id", "claim.not_writable"}


def test_the_check_reads_by_itself() -> None:
    for path in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            strangers = [n for n in names if n.startswith(("tools.text", "tools.note", "agent", "langchain"))]
            assert strangers == [], path.name
