"""Run the catalogue over one request."""

from collections.abc import Iterator

from knowledge.records import Finding
from tools.checks.catalogue import CATALOGUE
from tools.checks.request import CheckRequest
from tools.checks.rule import Rule

_SEVERITY = {"error": 0, "warning": 1, "info": 2}


def run_checks(request: CheckRequest, *, rules: tuple[Rule, ...] = CATALOGUE) -> tuple[Finding, ...]:
    """Judge a claim by every rule and return the findings, worst first, then in the order of the catalogue.

    Args:
        request: the claim and what to judge it by.
        rules: the rules to apply, the whole catalogue unless told otherwise.

    Returns:
        Findings with the level the policy gives them; the order is the same on every run.
    """
    findings = [finding for rule in rules for finding in _settled(rule, request)]
    return tuple(sorted(findings, key=lambda finding: _SEVERITY[finding.level]))


def _settled(rule: Rule, request: CheckRequest) -> Iterator[Finding]:
    for finding in rule.check(request):
        yield request.policy.settle(rule, finding, request.payers)
