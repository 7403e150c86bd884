"""Service lines and their modifiers; the problem-oriented visit is no line here."""

from collections.abc import Iterable

from evals.answer import Answer, Line
from evals.case import GoldLine
from evals.scorers.visits import is_visit
from knowledge.records import Record


class LineScore(Record):
    """Lines of one case, matched by code: required and found, wrong, and the optional ones that were given.

    ``modifiers_*`` and ``units_*`` count over matched lines; modifiers only where gold lists some or says that none may stand.
    """

    must: int
    found: int
    wrong: int
    optional: int
    units_right: int
    units_of: int
    modifiers_given: int
    modifiers_gold: int
    modifiers_right: int
    missed: tuple[str, ...]
    extra: tuple[str, ...]
    modifier_faults: tuple[str, ...]
    unit_faults: tuple[str, ...] = ()


def score_lines(gold: Iterable[GoldLine], answer: Answer) -> LineScore:
    """Score a case's lines; two lines of one code need two gold lines of it."""
    open_gold = sorted((g for g in gold if not is_visit(g.code)), key=lambda g: not g.must)
    wanted = [g for g in open_gold if g.must]
    given = [line for line in answer.service_lines if not is_visit(line.code)]
    pairs: list[tuple[GoldLine, Line]] = []
    extra: list[str] = []
    for line in given:
        match = _best(open_gold, line)
        if match is None:
            extra.append(line.code)
            continue
        open_gold.remove(match)
        pairs.append((match, line))
    scored = [(g, {m.code for m in line.modifiers}) for g, line in pairs if g.modifiers or g.plain]
    return LineScore(
        must=len(wanted),
        found=sum(g.must for g, _ in pairs),
        wrong=len(extra),
        optional=sum(not g.must for g, _ in pairs),
        units_right=sum(float(g.units) == line.units for g, line in pairs),
        units_of=len(pairs),
        modifiers_given=sum(len(used) for _, used in scored),
        modifiers_gold=sum(len(set(g.modifiers)) for g, _ in scored),
        modifiers_right=sum(len(set(g.modifiers) & used) for g, used in scored),
        missed=tuple(g.code for g in open_gold if g.must),
        extra=tuple(extra),
        modifier_faults=tuple(
            modifier_fault(g.code, g.modifiers, used) for g, used in scored if set(g.modifiers) != used
        ),
        unit_faults=tuple(
            f"{g.code}: expected {g.units:f}, got {line.units:g}"
            for g, line in pairs
            if float(g.units) != line.units
        ),
    )


def _best(open_gold: list[GoldLine], line: Line) -> GoldLine | None:
    """The gold line of the same code whose modifiers fit best; required lines before optional ones."""
    same = [g for g in open_gold if g.code == line.code]
    used = {m.code for m in line.modifiers}
    return max(same, key=lambda g: (g.must, len(used & set(g.modifiers))), default=None)


def modifier_fault(code: str, wanted: Iterable[str], used: Iterable[str]) -> str:
    """How the modifiers of a line differ from the right ones."""
    return f"{code}: expected {'/'.join(wanted) or 'none'}, got {'/'.join(sorted(used)) or 'none'}"
