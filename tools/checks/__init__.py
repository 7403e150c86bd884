"""The self-check: an independent judge that recomputes a claim from the tables and explains each verdict."""

from tools.checks.catalogue import CATALOGUE, RULES_BY_ID
from tools.checks.policy import CheckPolicy
from tools.checks.request import CheckRequest
from tools.checks.rule import Rule
from tools.checks.run import run_checks

__all__ = ["CATALOGUE", "RULES_BY_ID", "CheckPolicy", "CheckRequest", "Rule", "run_checks"]
