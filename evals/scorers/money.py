"""What the claim is worth beside what gold is worth: money over and under, relative values, by the fee schedule."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from evals.answer import Answer, Line
from evals.case import Gold, GoldLine
from evals.scorers.em import given_visit
from evals.scorers.visits import is_visit, level
from knowledge.records import Record


class Price(Record):
    """One unit of a code: US dollars of the schedule, total relative value units."""

    amount: float
    rvu: float


@runtime_checkable
class PriceBook(Protocol):
    """What a line is worth on a day."""

    def price(self, code: str, modifiers: Sequence[str], place: str | None, on: date | None) -> Price | None:
        """The price of one unit; None where the loaded tables know none."""


class MoneyScore(Record):
    """US dollars of one case: what gold is worth, what is billed beyond it and what of it is not billed.

    Lines are matched by code; a difference of units or of pricing modifiers on a matched line counts as well. Lines that
    gold allows but does not require count on neither side. ``unpriced`` codes are left out of every figure.
    """

    gold: float
    given: float
    over: float
    under: float
    rvu_delta: float
    unpriced: tuple[str, ...]


Item = tuple[str, tuple[str, ...], float, str | None]
"""Code, modifiers, units, place of service."""


def score_money(gold: Gold, answer: Answer, book: PriceBook, place: str | None) -> MoneyScore | None:
    """Score the money of a case; None where gold does not speak of the visit and of the lines both."""
    if gold.lines is None or not gold.scores_em:
        return None
    pairs, missing, extra = _matched(gold.lines, answer, place)
    visit = given_visit(answer)
    wanted = _nearest(gold.em.codes if gold.em else (), visit)
    pairs += [(_visit(wanted, place), _visit(visit, place))] if wanted and visit else []
    missing += [_visit(wanted, place)] if wanted and not visit else []
    extra += [_visit(visit, place)] if visit and not wanted else []
    return _sum(pairs, missing, extra, answer, book)


def _visit(code: str, place: str | None) -> Item:
    return (code, (), 1.0, place)


def _nearest(codes: tuple[str, ...], given: str | None) -> str | None:
    if not codes or given in codes:
        return given if codes else None
    if given is None or not is_visit(given):
        return codes[0]
    return min(codes, key=lambda code: abs(level(code) - level(given)) if is_visit(code) else 9)


def _matched(
    gold: Iterable[GoldLine], answer: Answer, place: str | None
) -> tuple[list[tuple[Item, Item]], list[Item], list[Item]]:
    """Pairs of gold and given lines, required lines that are missing, and lines beyond gold."""
    waiting = sorted((g for g in gold if not is_visit(g.code)), key=lambda g: not g.must)
    pairs: list[tuple[Item, Item]] = []
    extra: list[Item] = []
    for line in answer.service_lines:
        if is_visit(line.code):
            continue
        match = next((g for g in waiting if g.code == line.code), None)
        if match is None:
            extra.append(_given(line, place))
            continue
        waiting.remove(match)
        if match.must:
            used = match.modifiers or tuple(m.code for m in line.modifiers)
            wanted = (match.code, used, float(match.units), line.place_of_service or place)
            pairs.append((wanted, _given(line, place)))
    return pairs, [(g.code, g.modifiers, float(g.units), place) for g in waiting if g.must], extra


def _given(line: Line, place: str | None) -> Item:
    return (line.code, tuple(m.code for m in line.modifiers), line.units, line.place_of_service or place)


def _sum(
    pairs: list[tuple[Item, Item]], missing: list[Item], extra: list[Item], answer: Answer, book: PriceBook
) -> MoneyScore:
    on = date.fromisoformat(answer.date_of_service) if answer.date_of_service else None
    unpriced: list[str] = []

    def worth(item: Item | None) -> tuple[float, float]:
        if item is None:
            return 0.0, 0.0
        code, modifiers, units, place = item
        found = book.price(code, modifiers, place, on)
        if found is None:
            unpriced.append(code)
            return 0.0, 0.0
        return found.amount * units, found.rvu * units

    both = [*pairs, *((item, None) for item in missing), *((None, item) for item in extra)]
    values = [(worth(wanted), worth(given)) for wanted, given in both]
    return MoneyScore(
        gold=round(sum(w[0] for w, _ in values), 2),
        given=round(sum(g[0] for _, g in values), 2),
        over=round(sum(max(0.0, g[0] - w[0]) for w, g in values), 2),
        under=round(sum(max(0.0, w[0] - g[0]) for w, g in values), 2),
        rvu_delta=round(sum(g[1] - w[1] for w, g in values), 4),
        unpriced=tuple(dict.fromkeys(unpriced)),
    )
