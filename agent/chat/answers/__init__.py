"""The answerers, one idea a file; an answerer that returns None declines, and the next intent is tried."""

from collections.abc import Callable
from functools import cache

from agent.chat.answer import Answer
from agent.chat.question import Question

Answerer = Callable[[Question], Answer | None]


@cache
def answerers() -> dict[str, Answerer]:
    """Answerer by intent."""
    from agent.chat.answers import (
        changed,
        em,
        link,
        lists,
        look_up,
        modifiers,
        money,
        record,
        what_if,
        why_code,
        why_not,
    )

    return {
        "what_if": what_if.what_if,
        "no_em": em.no_em,
        "em_need": em.em_need,
        "em_elements": em.em_elements,
        "link": link.link,
        "pair": link.pair,
        "units": money.units,
        "money": money.money,
        "why_modifier": modifiers.why_modifier,
        "modifiers": modifiers.modifiers,
        "why_not": why_not.why_not,
        "why_code": why_code.why_code,
        "is_coded": why_code.is_coded,
        "support": why_code.support,
        "guideline_of": why_code.guideline_of,
        "checks": lists.checks,
        "claim": lists.claim,
        "rejected": lists.rejected,
        "queries": lists.queries,
        "opportunities": lists.opportunities,
        "status": lists.status,
        "editions": record.editions,
        "patient": record.patient,
        "payer": record.payer,
        "missing": record.missing,
        "who_coded": record.who_coded,
        "changed": changed.changed,
        "look_up": look_up.look_up,
    }
