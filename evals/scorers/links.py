"""Diagnosis pointers: does each line point to a diagnosis that justifies it, best first?"""

from collections.abc import Mapping

from evals.answer import Answer
from evals.scorers.visits import is_visit
from knowledge.records import Record


class LinkScore(Record):
    """Lines whose first pointer is acceptable (``right``), and whose every pointer is (``clean``), of ``of`` lines."""

    of: int
    right: int
    clean: int
    faults: tuple[str, ...]


def score_links(gold: Mapping[str, tuple[str, ...]], answer: Answer) -> LinkScore:
    """Score the lines that gold names; a visit of another level is judged by the gold visit's diagnoses."""
    visit = next((tuple(v) for code, v in gold.items() if is_visit(code)), None)
    of = right = clean = 0
    faults: list[str] = []
    for line in answer.service_lines:
        wanted = gold.get(line.code) or (visit if is_visit(line.code) else None)
        if wanted is None:
            continue
        pointed = answer.pointed(line)
        fits = pointed[:1] != () and pointed[0] in wanted
        of, right = of + 1, right + fits
        clean += bool(pointed) and all(code in wanted for code in pointed)
        if not fits:
            faults.append(
                f"{line.code}: points to {pointed[0] if pointed else 'nothing'}, accepts {'/'.join(wanted)}"
            )
    return LinkScore(of=of, right=right, clean=clean, faults=tuple(faults))
