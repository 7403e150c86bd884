"""The catalogue of the self-check: every rule with id, level, what, source, since, in the order of findings."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from tools.checks import (
    claim_dates,
    claim_money,
    claim_people,
    claim_structure,
    codes_conflict,
    codes_sequence,
    codes_validity,
    documents_diagnosis,
    documents_evidence,
    lines_documented,
    lines_edits,
    lines_em,
    lines_history,
    lines_place,
    lines_products,
    lines_table,
    links_pointers,
    links_support,
    modifiers_form,
    modifiers_need,
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
    lines_place,
    lines_history,
    lines_products,
    lines_em,
    lines_documented,
    links_pointers,
    links_support,
    modifiers_form,
    modifiers_need,
    claim_people,
    claim_money,
    claim_dates,
    claim_structure,
)

CATALOGUE: tuple[Rule, ...] = tuple(chain.from_iterable(rules_of(module) for module in _MODULES))
RULES_BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in CATALOGUE})
