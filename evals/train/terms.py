"""Learn how a practice says things: wordings of the assessment that the vocabulary lacks or codes otherwise, from approved cases.

A wording is proposed for a code only where nothing else can be meant: the coder missed exactly one code that was signed, and exactly
one item of the assessment is left that no signed code came from; or the same wording went with the same missed code every time it was
seen. A person reviews every row before it is used.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evals.case import EvalCase
from evals.results import CaseResult
from evals.train.records import TrainError
from knowledge.tables import read_csv
from knowledge.whole import written_whole
from knowledge.wording import normalise
from tools.text.reader import read

if TYPE_CHECKING:
    from knowledge.vocabulary import Vocabulary
    from tools.text.records import Mention, ReadNote

ASSESSED: Final = frozenset({"assessment", "assessment_plan"})
MOST_WORDS: Final = 7
_ITEM: Final = re.compile(r"(?m)^\s*(?:\d+[.)]|[-*•])?\s*(?P<said>[A-Za-z][^.,;:()\n]{2,80})")
_NOT_A_TERM: Final = re.compile(r"\d|\[")
COLUMNS: Final = ("accept", "term", "code", "kind", "note", "seen", "why")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """A wording and the code it went with; ``accept`` is a person's word, empty until then."""

    accept: str
    term: str
    code: str
    kind: str
    note: str
    seen: int
    why: str


def propose(
    cases: Sequence[EvalCase], results: Sequence[CaseResult], vocabulary: "Vocabulary", *, support: int = 2
) -> tuple[Proposed, ...]:
    """Wordings to be reviewed, the most often seen first.

    Args:
        cases: approved cases.
        results: what the coder made of them.
        vocabulary: that the coder has now.
        support: cases that have to show a wording where one alone does not settle it.
    """
    by_id = {r.id: r for r in results}
    certain: dict[tuple[str, str], int] = Counter()
    maybe: dict[str, Counter[str]] = defaultdict(Counter)
    seen: Counter[str] = Counter()
    for case in cases:
        missed, said = _left(case, by_id.get(case.id), vocabulary)
        seen.update(said)
        for term in said:
            maybe[term].update(missed)
        if len(missed) == 1 and len(said) == 1:
            certain[(said[0], missed[0])] += 1
    rows = [*_certain(certain, seen, support), *_always(maybe, seen, support)]
    unique = {(r.term, r.code): r for r in reversed(rows)}
    codes_of = Counter(term for term, _ in unique)
    kept = [r for (term, _), r in unique.items() if codes_of[term] == 1]
    return tuple(sorted(kept, key=lambda r: (-r.seen, r.term)))


def _left(
    case: EvalCase, result: CaseResult | None, vocabulary: "Vocabulary"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Signed codes that the coder missed, and items of the assessment that none of the others came from."""
    if result is None or case.gold.icd10 is None or result.score.icd10 is None:
        return (), ()
    missed = tuple(result.score.icd10.missed)
    if not missed:
        return (), ()
    note = read(case.note, vocabulary)
    right = case.gold.icd10.acceptable
    return missed, tuple(dict.fromkeys(_unexplained(case.note, note, right, vocabulary)))


def _unexplained(
    text: str, note: "ReadNote", right: Iterable[str], vocabulary: "Vocabulary"
) -> Iterator[str]:
    signed = tuple(right)
    for section in note.sections:
        if section.kind not in ASSESSED:
            continue
        for item in _ITEM.finditer(text, section.start, section.end):
            term = normalise(item["said"])
            words = len(term.split())
            heading = item["said"].isupper() or term == normalise(section.name)
            if heading or not 0 < words <= MOST_WORDS or _NOT_A_TERM.search(item["said"]):
                continue
            inside = [m for m in note.mentions if item.start() <= m.start and m.end <= item.end() + 1]
            if not _explains(inside, signed, vocabulary):
                yield term


def _explains(mentions: Sequence["Mention"], signed: Sequence[str], vocabulary: "Vocabulary") -> bool:
    """Whether one of the mentions names a condition that was signed, by category."""
    categories = {code[:3] for code in signed}
    known = [row for m in mentions if m.kind == "problem" for row in vocabulary.problem(str(m.concept))]
    return any(row.code[:3] in categories for row in known)


def _certain(found: Mapping[tuple[str, str], int], seen: Counter[str], support: int) -> Iterator[Proposed]:
    for (term, code), times in found.items():
        if times == seen[term] or times >= support:
            yield _row(term, code, times, "the one wording left for the one code missed")


def _always(maybe: Mapping[str, Counter[str]], seen: Counter[str], support: int) -> Iterator[Proposed]:
    for term, codes in maybe.items():
        always = [code for code, times in codes.items() if times == seen[term]]
        if seen[term] >= support and len(always) == 1:
            yield _row(term, always[0], seen[term], "missed every time the wording was seen")


def _row(term: str, code: str, seen: int, why: str) -> Proposed:
    return Proposed(accept="", term=term, code=code, kind=_kind(code), note="", seen=seen, why=why)


def _kind(code: str) -> str:
    """The kind of term by the chapter of its code."""
    return {"R": "symptom", "S": "injury", "T": "injury", "Z": "encounter"}.get(code[0], "disorder")


def write_proposals(path: Path, rows: Sequence[Proposed]) -> None:
    """Write the rows for a person to review: ``yes`` in the first column accepts one."""
    with written_whole(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


def accepted(path: Path) -> tuple[Proposed, ...]:
    """The rows that a person has accepted.

    Raises:
        TrainError: none is, or one has another word than yes or no.
    """
    rows = read_csv(path, Proposed)
    odd = [r.term for r in rows if r.accept.strip().lower() not in {"", "yes", "no"}]
    if odd:
        raise TrainError(f"{path.name}: the first column takes yes or no; see {odd[0]!r}")
    kept = tuple(r for r in rows if r.accept.strip().lower() == "yes")
    if not kept:
        raise TrainError(f"{path.name}: no row is accepted; write yes in its first column")
    return kept


def write_terms(folder: Path, rows: Sequence[Proposed]) -> None:
    """Write ``problems.csv`` of a learned folder, as the vocabulary reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        written_whole(folder / "problems.csv") as draft,
        draft.open("w", encoding="utf-8", newline="") as file,
    ):
        out = csv.writer(file)
        out.writerow(("term", "code", "kind", "note"))
        out.writerows((r.term, r.code, r.kind, r.note) for r in rows)
