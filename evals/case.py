"""Eval cases: one documented encounter with what is right about it (CONTRACT, "Eval case")."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.records import Record


class CaseError(Exception):
    """A case file can not be read: the message names file, line and reason."""


class GoldIcd(Record):
    """Diagnoses: ``must`` are required, ``may`` are acceptable too, ``first`` is the first-listed (None: unscored).

    ``sequence``, where given, is the right order of codes on the claim; only the order of pairs that the answer holds
    is scored.
    """

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    first: str | None = None
    sequence: tuple[str, ...] | None = None

    @property
    def acceptable(self) -> frozenset[str]:
        """Every code that is not wrong: ``may`` includes ``must`` even where the file forgot to say so."""
        return frozenset(self.may) | frozenset(self.must)


class GoldEm(Record):
    """The problem-oriented visit: any of these codes is right.

    ``problems``, ``data`` and ``risk`` name the acceptable levels of the elements of decision making; an element that
    is not named is unscored. ``modifiers`` are those of the visit's line (own cases only): empty means that none may stand, absent
    that they are unscored.
    """

    codes: tuple[str, ...] = Field(min_length=1)
    problems: tuple[str, ...] | None = None
    data: tuple[str, ...] | None = None
    risk: tuple[str, ...] | None = None
    modifiers: tuple[str, ...] | None = None


class GoldLine(Record):
    """A service line; with ``must`` false it is neither required nor wrong.

    Its modifiers are scored where it lists some; with ``plain`` (own cases only) none may stand on it.
    """

    code: str
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    must: bool = True
    plain: bool = False


class Gold(Record):
    """What is right. A key that is missing is unscored for the case, never zero; ``em: null`` is an answer.

    Attributes:
        evidence: by code, passages of the note; the code's evidence has to touch one of them.
        rejected: codes that a careful coder considers and turns down with a reason.
        queries: each a set of words that one query to the provider has to hold; empty: nothing is to be asked.
        opportunities: each a set of words (the code, what is documented, what is missing) that one opportunity has to
            hold; empty: none is to be shown.
    """

    icd10: GoldIcd | None = None
    em: GoldEm | None = None
    lines: tuple[GoldLine, ...] | None = None
    links: dict[str, tuple[str, ...]] | None = None
    must_not: tuple[str, ...] | None = None
    evidence: dict[str, tuple[str, ...]] | None = None
    rejected: tuple[str, ...] | None = None
    queries: tuple[tuple[str, ...], ...] | None = None
    opportunities: tuple[tuple[str, ...], ...] | None = None

    @property
    def scores_em(self) -> bool:
        """Whether the case says anything about the problem-oriented visit (also that there is none)."""
        return "em" in self.model_fields_set


class EvalCase(BaseModel):
    """A note with its context and gold; ``guideline`` or ``sections`` name what makes it right, ``remarks`` are free.

    ``specialty`` and ``dataset`` group cases in a summary; ``bundle`` is the whole encounter where a case was read from
    FHIR and not from a note with its context.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    note: str = Field(min_length=1)
    context: dict[str, Any]
    gold: Gold
    title: str = ""
    specialty: str = ""
    dataset: str = ""
    bundle: dict[str, Any] | None = None
    guideline: str = ""
    sections: tuple[str, ...] = ()
    remarks: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SolvedCase:
    """What a solver answers.

    Attributes:
        coding: the result in the shape of coding.json.
        seconds: wall time of the encounter.
        usage: ``input_tokens``, ``output_tokens``, ``cost_usd`` as far as the model counts them.
        documents: text of every document that evidence may cite, by its id; the case's note answers for others.
        steps: what happened on the way, one JSON object a step (the trace of an agent), saved as the trajectory.
    """

    coding: Mapping[str, Any]
    seconds: float
    usage: Mapping[str, float] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = ()


class BrokenSolverError(Exception):
    """A solver broke on the way; ``__cause__`` is the fault, ``steps`` what had happened until then."""

    def __init__(self, steps: Sequence[Mapping[str, Any]] = ()) -> None:
        """Keep the steps for the trajectory."""
        super().__init__("the solver broke")
        self.steps = tuple(steps)


Solver = Callable[[EvalCase], SolvedCase]


def load_cases(path: Path) -> tuple[EvalCase, ...]:
    """Read a JSONL file of cases, or every ``*.jsonl`` of a folder in the order of their names.

    Raises:
        CaseError: nothing there, a line that is not a case, or an id given twice.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    cases: dict[str, EvalCase] = {}
    for file in files:
        for number, line in enumerate(_lines(file), 1):
            if not line.strip():
                continue
            case = _case(line, f"{file.name}, line {number}", file.stem)
            if case.id in cases:
                raise CaseError(f"{file.name}, line {number}: id {case.id!r} is given twice")
            cases[case.id] = case
    if not cases:
        raise CaseError(f"{path.name}: holds no case")
    return tuple(cases.values())


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError as fault:
        raise CaseError(f"{file.name}: can not be read ({fault.strerror})") from fault


def _case(line: bytes, where: str, dataset: str) -> EvalCase:
    try:
        case = EvalCase.model_validate(orjson.loads(line))
        return case if case.dataset else case.model_copy(update={"dataset": dataset})
    except orjson.JSONDecodeError as fault:
        raise CaseError(f"{where}: broken JSON ({fault.msg})") from fault
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CaseError(f"{where}: {place}: {first['msg']}") from fault
