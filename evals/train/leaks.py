"""Leakage: an example that shares its wording with a case of an eval set would make every later figure a lie.

Two notes leak when one holds a fifth or more of the other's runs of eight words. Identifiers and dates are placeholders by then,
so runs are taken over what is left.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.case import EvalCase
from evals.datasets import load_dataset
from evals.train.moving import MONTHS

RUN: Final = 8
SHARE: Final = 0.2
SHIPPED: Final = Path(__file__).parents[1] / "cases"
_WORD: Final = re.compile(r"\[[a-z ]+\]|[a-z]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Leak:
    """An example and the eval case it shares its wording with; ``share`` 0 to 1."""

    example: str
    case: str
    share: float


@dataclass(frozen=True, kw_only=True)
class EvalSet:
    """An eval set that examples are held against."""

    name: str
    cases: tuple[EvalCase, ...]

    @property
    def sha256(self) -> str:
        """Of its ids and notes."""
        rows = (f"{c.id}\0{c.note}\0" for c in self.cases)
        return hashlib.sha256("".join(rows).encode()).hexdigest()


def eval_sets(named: Sequence[Path] = ()) -> tuple[EvalSet, ...]:
    """The shipped eval sets and those named.

    Raises:
        CaseError: one can not be read.
    """
    files = [*sorted(SHIPPED.glob("*.jsonl")), *named]
    own = [EvalSet(name=path.stem, cases=load_dataset(path)) for path in files]
    return (*own, _independence())


def _independence() -> EvalSet:
    from evals.independence_notes import NOTES

    made = tuple(
        EvalCase.model_validate({"id": f"independence-{n}", "note": note.text, "context": {}, "gold": {}})
        for n, note in enumerate(NOTES, 1)
    )
    return EvalSet(name="independence", cases=made)


def words(text: str) -> list[str]:
    """The words of a note; identifiers, digits and months apart (an export replaces and moves them)."""
    return [w for w in _WORD.findall(text.lower()) if w.isalpha() and w not in MONTHS]


def runs(text: str) -> frozenset[int]:
    """Hashes of the runs of ``RUN`` words; a shorter text is one run."""
    said = words(text)
    last = max(len(said) - RUN, 0)
    return frozenset(hash(tuple(said[n : n + RUN])) for n in range(last + 1)) if said else frozenset()


class Index:
    """The runs of every case of the eval sets."""

    def __init__(self, sets: Iterable[EvalSet]) -> None:
        """Read every case once."""
        self._of: dict[int, list[str]] = {}
        self._size: dict[str, int] = {}
        for one in sets:
            for case in one.cases:
                found = runs(case.note)
                self._size[case.id] = len(found)
                for run in found:
                    self._of.setdefault(run, []).append(case.id)

    def leak(self, example: str, note: str) -> Leak | None:
        """The case that a note shares most with, where it is too much."""
        own = runs(note)
        shared = Counter(case for run in own for case in self._of.get(run, ()))
        if not shared or not own:
            return None
        case, share = max(
            ((c, n / min(self._size[c], len(own))) for c, n in shared.items()), key=lambda pair: pair[1]
        )
        return Leak(example=example, case=case, share=round(share, 3)) if share >= SHARE else None
