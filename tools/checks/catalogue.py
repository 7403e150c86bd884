"""The catalogue of the self-check: every rule with id, level, what, source, since; in the order of the findings."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from tools.checks import (
    claim_dates,
    claim_money,
    claim_people,
    codes_conflict,
    codes_sequence,
    codes_validity,
    documents_diagnosis,
    documents_evidence,
    lines_edits,
    lines_table,
)
from tools.checks.rule import Rule, rules_of

_MODULES = (
    codes_validity,
    codes_sequence,
    codes_conflict,
    documents_diagnosis,
    documents_evidence,
    lines_table,
    lines_edits,
    claim_people,
    claim_money,
    claim_dates,
)

CATALOGUE: tuple[Rule, ...] = tuple(chain.from_iterable(rules_of(module) for module in _MODULES))
RULES_BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in CATALOGUE})
