"""The journal of a run: every finished case at once on disk, so that a run that was cut goes on where it stopped."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from pydantic import ValidationError

from evals.case import EvalCase
from evals.results import CaseResult


class JournalError(Exception):
    """A run can not be resumed: the message says what is different and what to do."""


class Journal:
    """``journal.jsonl`` of a run's folder: what run it is, then a line a finished case."""

    def __init__(self, out: Path, about: Mapping[str, Any], *, resume: bool) -> None:
        """Open the journal; without ``resume`` an earlier one is replaced.

        Raises:
            JournalError: the folder holds another run (solver, model, limits, tables or commit differ).
        """
        self._path = out / "journal.jsonl"
        self._lock = Lock()
        self._done: dict[str, CaseResult] = {}
        out.mkdir(parents=True, exist_ok=True)
        about = orjson.loads(orjson.dumps(dict(about)))
        if resume and self._path.exists():
            self._read(about)
        else:
            self._path.write_bytes(orjson.dumps({"run": about}) + b"\n")

    def _read(self, about: Mapping[str, Any]) -> None:
        content = self._path.read_bytes()
        lines = content[
            : content.rfind(b"\n") + 1
        ].splitlines()  # a line cut in the middle was never finished
        before = orjson.loads(lines[0])["run"] if lines else {}
        if before != about:
            odd = ", ".join(k for k in sorted({*before, *about}) if before.get(k) != about.get(k))
            raise JournalError(
                f"{self._path.parent}: holds a run with another {odd}; give another --out, or leave --resume out"
            )
        for number, line in enumerate(lines[1:], 2):
            try:
                row = orjson.loads(line)
                self._done[row["case"]] = CaseResult.model_validate(row["result"])
            except (orjson.JSONDecodeError, KeyError, ValidationError) as error:
                raise JournalError(
                    f"{self._path}, line {number}: not a finished case ({type(error).__name__}); leave --resume out"
                ) from error
        self._path.write_bytes(b"".join(line + b"\n" for line in lines))

    def known(self, case: EvalCase) -> CaseResult | None:
        """The result of a case that was done before, unless it has changed or a solver failed on it."""
        found = self._done.get(digest(case))
        return None if found is None or found.failure is not None else found

    def add(self, case: EvalCase, result: CaseResult) -> None:
        """Write a finished case down."""
        line = orjson.dumps({"case": digest(case), "result": result.model_dump(mode="json")}) + b"\n"
        with self._lock, self._path.open("ab") as journal:
            journal.write(line)


def digest(case: EvalCase) -> str:
    """A case by its content."""
    said = orjson.dumps(case.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()[:32]
