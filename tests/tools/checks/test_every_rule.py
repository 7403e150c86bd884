"""Every rule of the catalogue fires on its case and is silent on the near miss."""

from typing import Any

import pytest

from knowledge.bookshelf import Bookshelf
from tests.tools.checks import cases_claim, cases_codes, cases_lines, cases_links
from tests.tools.checks.builders import request
from tools.checks import CATALOGUE, RULES_BY_ID, CheckRequest

CASES = [*cases_codes.CASES, *cases_lines.CASES, *cases_links.CASES, *cases_claim.CASES]
APART = {"claim.x12"}
"""Rules with a test of their own."""


def build(shelf: Bookshelf, arguments: dict[str, Any]) -> CheckRequest:
    wanted = dict(arguments)
    pack = wanted.pop("pack", None)
    made = request(shelf, **wanted)
    if pack:
        made.__dict__["pack"] = made.pack.model_copy(update=pack)
    return made


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _, _ in CASES} | APART == {rule.id for rule in CATALOGUE}


@pytest.mark.parametrize(("rule", "fire"), [(rule, fire) for rule, fire, _ in CASES])
def test_it_fires(shelf: Bookshelf, rule: str, fire: dict[str, Any]) -> None:
    found = list(RULES_BY_ID[rule].check(build(shelf, fire)))
    assert found
    assert {(f.rule, f.level) for f in found} == {(rule, RULES_BY_ID[rule].level)}
    assert all(f.message and f.source for f in found)


@pytest.mark.parametrize(("rule", "miss"), [(rule, miss) for rule, _, miss in CASES])
def test_a_near_miss_does_not_fire(shelf: Bookshelf, rule: str, miss: dict[str, Any]) -> None:
    assert not [f.message for f in RULES_BY_ID[rule].check(build(shelf, miss))]
