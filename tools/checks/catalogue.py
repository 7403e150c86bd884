"""The catalogue of the self-check: every rule with id, level, what, source, since, in the order of findings."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from tools.checks import (
    claim_dates,
    claim_money,
    claim_payer,
    claim_people,
    claim_providers,
    claim_structure,
    codes_conflict,
    codes_sequence,
    codes_validity,
    documents_detail,
    documents_diagnosis,
    documents_evidence,
    documents_whole,
    lines_documented,
    lines_drugs,
    lines_edits,
    lines_em,
    lines_history,
    lines_laboratory,
    lines_place,
    lines_programmes,
    lines_table,
    lines_telehealth,
    lines_units,
    lines_vaccines,
    lines_visits,
    links_pointers,
    links_reason,
    links_support,
    modifiers_distinct,
    modifiers_form,
    modifiers_need,
)
from tools.checks.rule import Rule, rules_of

_MODULES = (
    codes_validity,
    codes_sequence,
    codes_conflict,
    documents_diagnosis,
    documents_detail,
    documents_evidence,
    documents_whole,
    lines_table,
    lines_units,
    lines_edits,
    lines_visits,
    lines_place,
    lines_telehealth,
    lines_history,
    lines_programmes,
    lines_vaccines,
    lines_drugs,
    lines_laboratory,
    lines_em,
    lines_documented,
    links_pointers,
    links_support,
    links_reason,
    modifiers_form,
    modifiers_need,
    modifiers_distinct,
    claim_people,
    claim_providers,
    claim_money,
    claim_dates,
    claim_payer,
    claim_structure,
)

CATALOGUE: tuple[Rule, ...] = tuple(chain.from_iterable(rules_of(module) for module in _MODULES))
RULES_BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in CATALOGUE})
