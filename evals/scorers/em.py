"""The problem-oriented visit: exact, within one level, over- and under-coded."""

from typing import Any

from evals.answer import Answer, Visit
from evals.case import GoldEm
from evals.scorers.lines import modifier_fault
from evals.scorers.visits import is_visit, level
from knowledge.records import Record


class EmScore(Record):
    """One case's visit. ``distance`` is levels above (+) or below (-) the nearest right code; None without a pair.

    ``elements`` counts the elements of decision making that gold levels and the answer gives, ``elements_right`` those
    at an acceptable level; ``element_faults`` say the others. ``modifiers_*`` count those of the visit's line where gold tells them.
    """

    expected: tuple[str, ...]
    given: str | None
    exact: bool
    within_one: bool
    over: bool
    under: bool
    distance: int | None
    elements: int = 0
    elements_right: int = 0
    element_faults: tuple[str, ...] = ()
    modifiers_given: int = 0
    modifiers_gold: int = 0
    modifiers_right: int = 0
    modifier_faults: tuple[str, ...] = ()


def given_visit(answer: Answer) -> str | None:
    """The visit code that was billed: the E/M block's, else the first visit among the lines."""
    if answer.em is not None:
        return answer.em.code
    return next((line.code for line in answer.service_lines if is_visit(line.code)), None)


def score_em(gold: GoldEm | None, answer: Answer) -> EmScore:
    """Score the visit level.

    A visit where none is right is over-coded, none where one is right is under-coded; neither is within one
    level. The wrong family on the right level (new for established) is not exact but within one.
    """
    expected = gold.codes if gold else ()
    given = given_visit(answer)
    distance = _distance(expected, given)
    exact = given in expected if expected else given is None
    levelled = _elements(gold, answer.em)
    return EmScore(
        expected=expected,
        given=given,
        exact=exact,
        within_one=exact or (distance is not None and abs(distance) <= 1),
        over=not exact and (distance > 0 if distance is not None else given is not None),
        under=not exact and (distance < 0 if distance is not None else given is None),
        distance=distance,
        elements=len(levelled),
        elements_right=sum(said in wanted for _, said, wanted in levelled),
        element_faults=tuple(
            f"{name} {said}, expected {'/'.join(wanted)}"
            for name, said, wanted in levelled
            if said not in wanted
        ),
        **_modifiers(gold, answer, given),
    )


def _modifiers(gold: GoldEm | None, answer: Answer, given: str | None) -> dict[str, Any]:
    """Counts of the modifiers on the visit's line; nothing where gold does not tell them or no visit was billed."""
    line = next((x for x in answer.service_lines if x.code == given), None)
    if gold is None or gold.modifiers is None or line is None:
        return {}
    wanted, used = set(gold.modifiers), {m.code for m in line.modifiers}
    return {
        "modifiers_given": len(used),
        "modifiers_gold": len(wanted),
        "modifiers_right": len(wanted & used),
        "modifier_faults": () if wanted == used else (modifier_fault(line.code, gold.modifiers, used),),
    }


def _elements(gold: GoldEm | None, visit: Visit | None) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, given level and acceptable levels of each element that both sides speak of."""
    if gold is None or visit is None:
        return []
    both = [(name, getattr(visit, name), getattr(gold, name)) for name in ("problems", "data", "risk")]
    return [
        (name, said.level, wanted) for name, said, wanted in both if said is not None and wanted is not None
    ]


def _distance(expected: tuple[str, ...], given: str | None) -> int | None:
    if given is None or not is_visit(given):
        return None
    steps = [level(given) - level(code) for code in expected if is_visit(code)]
    return min(steps, key=abs, default=None)
