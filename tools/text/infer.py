"""A note without headings: what each sentence is about, by its own words."""

import re
from functools import cache
from typing import cast, get_args

from tools.text.lines import Line
from tools.text.records import Section, SectionKind
from tools.text.sentences import Span
from tools.text.tables import one_of, rows
from tools.text.trie import Trie

_KINDS = frozenset(get_args(SectionKind)) | {"keep"}
_VITAL = re.compile(r"\b(?:BP|blood pressure)\b\D{0,30}\d{2,3}\s?/\s?\d{2,3}|\bvitals?\b", re.IGNORECASE)


@cache
def _openings() -> Trie[str]:
    trie: Trie[str] = Trie()
    for line, row in rows("openings.csv", ("phrase", "kind")):
        trie.add(row["phrase"], one_of(row["kind"], _KINDS, "openings.csv", line))
    return trie


def _kind(text: str, norms: list[str], span: Span, line: Line) -> SectionKind | None:
    if line.lead == "hash":
        return "assessment_plan"
    hits = _openings().scan(norms, 0, len(norms))
    early = [value for start, _, value in hits if start <= 6]
    if early:
        return cast("SectionKind", early[0])
    if _VITAL.search(text, span.start, span.end):
        return "vitals"
    return None


def infer_sections(
    text: str, spans: list[Span], lines: list[Line], norms: list[str], bounds: list[tuple[int, int]]
) -> tuple[Section, ...] | None:
    """Divide a note without headings into nameless sections by content, and move the spans into them.

    A sentence that says nothing about its kind stays with the one before it in an item list, and is
    ``other`` otherwise; None when no sentence says anything, so that the whole note stays ``other``.
    """
    kinds: list[SectionKind] = []
    told = False
    for span, (low, high) in zip(spans, bounds, strict=True):
        line = lines[span.line]
        found = _kind(text, norms[low:high], span, line)
        told = told or found is not None
        if kinds and (kinds[-1] == "assessment_plan" and line.lead):
            found = "assessment_plan"
        elif found is None:
            found = kinds[-1] if kinds and kinds[-1] in {"plan", "exam"} and not span.first else "other"
        kinds.append(found)
    if not told or not spans:
        return None
    return _sections(text, spans, kinds)


def _sections(text: str, spans: list[Span], kinds: list[SectionKind]) -> tuple[Section, ...]:
    starts: list[tuple[int, SectionKind]] = []
    for span, kind in zip(spans, kinds, strict=True):
        if not starts or starts[-1][1] != kind:
            starts.append((span.start if starts else 0, kind))
        span.section = len(starts) - 1
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return tuple(
        Section(name="", kind=kind, start=start, body=start, end=end)
        for (start, kind), end in zip(starts, ends, strict=True)
    )
