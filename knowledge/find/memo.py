"""A memo on disk for words already cut into stems: the terms are fixed data, so the work is done once per store, not per process."""

import json
import os
from collections.abc import Callable
from pathlib import Path


class TermMemo:
    """Answers of one pure function of a text, kept beside the store they belong to.

    The file's name carries the store's digest, so that a change of data or code starts a new one. A file that is missing,
    damaged or can not be written only costs time.
    """

    def __init__(self, path: Path, work: Callable[[str], str]) -> None:
        self._path = path
        self._work = work
        self._known = _read(path)
        self._new = 0

    def __call__(self, text: str) -> str:
        """The answer, computed when it is not known yet."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._work(text)
            self._new += 1
        return found

    def save(self) -> None:
        """Write the memo when it has learned something; another process may do the same, the last one stands."""
        if not self._new:
            return
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(self._known, ensure_ascii=False), encoding="utf-8")
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
        self._new = 0


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
