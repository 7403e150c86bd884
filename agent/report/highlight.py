"""Evidence spans painted into the note: overlapping spans are cut into pieces that know all their owners."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from agent.coding import Coding
from knowledge.records import Evidence
from tools.encounter import ClinicalDocument


@dataclass(frozen=True, kw_only=True, slots=True)
class Highlight:
    """One evidence span: where, for whom (``d1`` first diagnosis, ``s2`` second line, ``r`` rejected ...), and the label."""

    document: str
    start: int
    end: int
    owner: str
    kind: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A run of text with the owners of all spans that cover it; ``anchors`` begin here."""

    text: str
    kind: str
    owners: tuple[str, ...]
    label: str
    anchors: tuple[str, ...]


ORDER = ("service", "diagnosis", "query", "rejected")


def highlights(coding: Coding) -> list[Highlight]:
    """Every note span of the coding."""
    found: list[Highlight] = []
    for d in coding.diagnoses:
        found += _spans(d.evidence, f"d{d.sequence}", "diagnosis", d.code)
    for line in coding.service_lines:
        found += _spans(line.evidence, f"s{line.line}", "service", line.code)
    for n, r in enumerate(coding.rejected, 1):
        found += _spans(r.evidence, f"r{n}", "rejected", f"not coded: {r.code}")
    for n, q in enumerate(coding.queries, 1):
        found += _spans(q.evidence, f"q{n}", "query", "query")
    if coding.em:
        items = (i for e in (coding.em.problems, coding.em.data, coding.em.risk) for i in e.items)
        for item in items:
            found += _spans(item.evidence, "em", "service", f"{coding.em.code}: {item.text}")
    return found


def painted(coding: Coding, documents: Iterable[ClinicalDocument]) -> list[dict[str, Any]]:
    """Each document beside its pieces, as the templates of report and case page take them."""
    marks = highlights(coding)
    return [
        {"document": d, "pieces": paint(d.text, [m for m in marks if m.document == d.id])} for d in documents
    ]


def _spans(evidence: tuple[Evidence, ...], owner: str, kind: str, label: str) -> list[Highlight]:
    return [
        Highlight(document=e.document, start=e.start, end=e.end, owner=owner, kind=kind, label=label)
        for e in evidence
        if e.kind == "note"
    ]


def paint(text: str, marks: list[Highlight]) -> list[Piece]:
    """Cut the text at every span border; the pieces joined give the text again."""
    cuts = sorted({0, len(text), *(m.start for m in marks), *(m.end for m in marks)})
    pieces = []
    for start, end in pairwise(cuts):
        over = [m for m in marks if m.start <= start and m.end >= end]
        kinds = {m.kind for m in over}
        pieces.append(
            Piece(
                text=text[start:end],
                kind=next((k for k in ORDER if k in kinds), ""),
                owners=tuple(dict.fromkeys(m.owner for m in over)),
                label=", ".join(dict.fromkeys(m.label for m in over)),
                anchors=tuple(dict.fromkeys(f"e-{m.document}-{m.start}" for m in over if m.start == start))[
                    :1
                ],
            )
        )
    return pieces
