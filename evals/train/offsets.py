"""Where a place of a document went when the document was de-identified."""

import re
from bisect import bisect_right
from difflib import SequenceMatcher
from typing import Final

_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]")


class Offsets:
    """The places of a text in what became of it; a place within something replaced goes to its near edge."""

    def __init__(self, before: str, after: str) -> None:
        """Align the two texts by words."""
        old, new = _TOKEN.findall(before), _TOKEN.findall(after)
        starts_old, starts_new = _starts(old), _starts(new)
        self._blocks = [
            (starts_old[i], starts_old[j], starts_new[k], starts_new[m], tag == "equal")
            for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        ]
        self._begins = [b[0] for b in self._blocks]

    def place(self, at: int, *, end: bool = False) -> int:
        """The place of a start, or of an end, in the new text."""
        number = bisect_right(self._begins, at - 1 if end and at else at) - 1
        if number < 0:
            return at
        first, last, new_first, new_last, equal = self._blocks[number]
        if equal and at <= last:
            return new_first + at - first
        return new_last if end or at >= last else new_first


def _starts(tokens: list[str]) -> list[int]:
    found, at = [0], 0
    for token in tokens:
        at += len(token)
        found.append(at)
    return found
