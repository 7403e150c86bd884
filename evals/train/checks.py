"""The export's own checks over what it is about to write; each stops it with one line that names no one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from evals.train.anonymise import Anonymiser
from evals.train.identifiers import Identifiers
from evals.train.leaks import Index, Leak
from evals.train.records import Example, TrainError

_TOKEN: Final = re.compile(r"[\w@.+-]*\d[\w@.+-]*")
_SHOWN: Final = 5


def texts(example: Example) -> list[str]:
    """Every text of an example that can hold words of a record."""
    codings = [*([example.chosen] if example.chosen else []), *example.rejected]
    said = [example.note]
    for coding in codings:
        said += [d.quote for d in coding.diagnoses] + [x.quote for x in coding.lines]
        said += [r.reason for r in coding.rejected] + list(coding.queries)
    return said


def no_identifiers(
    examples: Sequence[Example],
    anonymisers: Mapping[str, Anonymiser],
    everyone: Iterable[Identifiers],
    planted: Sequence[str] = (),
) -> None:
    """Stop where an identifier survives: of the patient, a number of any patient, or a string that was planted.

    Args:
        examples: about to be written.
        anonymisers: of each patient, by the example's patient.
        everyone: the identifiers of all patients.
        planted: strings that the caller put into the records to see them gone.

    Raises:
        TrainError: one survives; the kinds and the examples' keyed ids are named, never the text.
    """
    numbers = {_plain(n) for known in everyone for n in known.numbers}
    lowered = [p.lower() for p in planted if p.strip()]
    found: dict[str, set[str]] = {}
    for one in examples:
        for text in texts(one):
            kinds = set(anonymisers[one.patient].survivors(text))
            if any(_plain(t) in numbers for t in _TOKEN.findall(text)):
                kinds.add("number of a patient")
            if any(p in text.lower() for p in lowered):
                kinds.add("planted identifier")
            if kinds:
                found.setdefault(one.id, set()).update(kinds)
    if found:
        kinds_said = ", ".join(sorted({k for kinds in found.values() for k in kinds}))
        raise TrainError(
            f"identifiers survive in {len(found)} examples ({kinds_said}): {_some(found)}; nothing was exported. Take "
            "the encounters out or report the form"
        )


def leaks(examples: Sequence[Example], index: Index) -> list[Leak]:
    """The examples that share their wording with a case of an eval set."""
    found = (index.leak(one.id, one.note) for one in examples)
    return [leak for leak in found if leak is not None]


def no_leaks(found: Sequence[Leak]) -> None:
    """Stop where an example leaks.

    Raises:
        TrainError: some do; examples and eval cases are named.
    """
    if found:
        pairs = ", ".join(f"{x.example} = {x.case} ({x.share:.0%})" for x in found[:_SHOWN])
        raise TrainError(
            f"{len(found)} examples share their wording with an eval case: {pairs}; nothing was exported. Take them out, or "
            "give --drop-leaks"
        )


def planted_of(path: Path | None) -> tuple[str, ...]:
    """The strings of a file, one a line.

    Raises:
        TrainError: it can not be read.
    """
    if path is None:
        return ()
    try:
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(
            f"{path}: can not be read ({type(error).__name__}); give one string a line"
        ) from error


def _some(found: Mapping[str, object]) -> str:
    named = sorted(found)[:_SHOWN]
    return ", ".join(named) + (" ..." if len(found) > _SHOWN else "")


def _plain(said: str) -> str:
    return re.sub(r"\W", "", said).upper()
