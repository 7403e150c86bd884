"""The problem-oriented visit: exact, within one level, over- and under-coded."""

from evals.answer import Answer
from evals.case import GoldEm
from evals.scorers.visits import is_visit, level
from knowledge.records import Record


class EmScore(Record):
    """One case's visit. ``distance`` is levels above (+) or below (-) the nearest right code; None without a pair."""

    expected: tuple[str, ...]
    given: str | None
    exact: bool
    within_one: bool
    over: bool
    under: bool
    distance: int | None


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
    return EmScore(
        expected=expected,
        given=given,
        exact=exact,
        within_one=exact or (distance is not None and abs(distance) <= 1),
        over=not exact and (distance > 0 if distance is not None else given is not None),
        under=not exact and (distance < 0 if distance is not None else given is None),
        distance=distance,
    )


def _distance(expected: tuple[str, ...], given: str | None) -> int | None:
    if given is None or not is_visit(given):
        return None
    steps = [level(given) - level(code) for code in expected if is_visit(code)]
    return min(steps, key=abs, default=None)
