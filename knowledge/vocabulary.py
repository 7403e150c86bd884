"""The clinical vocabulary: how people say it, and the code, drug class, test or site that is meant."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, cast, get_args

from knowledge.errors import TableError
from knowledge.wording import fold, normalise, words

__all__ = [
    "AnatomyTerm",
    "IntegralRow",
    "MedicationTerm",
    "ProblemTerm",
    "ServiceTerm",
    "TestTerm",
    "Vocabulary",
    "fold",
    "in_range",
    "normalise",
    "words",
]

ProblemKind = Literal[
    "disorder",
    "symptom",
    "finding",
    "injury",
    "status",
    "history",
    "family",
    "social",
    "encounter",
    "external",
]
Availability = Literal["rx", "otc", "either"]
TestKind = Literal["lab", "imaging", "ecg", "pulmonary", "pathology", "scale", "vision", "hearing", "other"]


_PROBLEM_KINDS = frozenset(get_args(ProblemKind))
_TEST_KINDS = frozenset(get_args(TestKind))
_AVAILABILITIES = frozenset(get_args(Availability))
_ICD_SHAPE = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemTerm:
    """One way to name a condition and its default code by the conventions of ICD-10-CM.

    ``code`` is a category (not billable) where side, site, episode or type decide. ``note`` says what a
    coder should know; the word ``caps`` in it marks an abbreviation that counts only in capitals, ``context``
    a term that counts only inside the story of an injury.
    """

    term: str
    code: str
    kind: ProblemKind
    note: str = ""

    @property
    def caps(self) -> bool:
        """Whether the term counts only when written in capitals ("ALL", "PE")."""
        return "caps" in self.note.split()


@dataclass(frozen=True, kw_only=True, slots=True)
class MedicationTerm:
    """A drug by generic or brand name.

    ``long_term`` is the Z79 code that reports its long-term use ("" when none does), ``treats`` the ICD-10-CM
    categories it is usually given for, ``high_risk`` that therapy with it needs intensive monitoring for
    toxicity (the sense of the E/M risk table), ``hcpcs`` the drug codes it is billed with when injected.
    """

    name: str
    generic: str
    drug_class: str
    availability: Availability
    long_term: str
    treats: tuple[str, ...]
    high_risk: bool
    hcpcs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TestTerm:
    """A laboratory test, image, tracing or scale and the procedure numbers it may be billed with."""

    term: str
    canonical: str
    kind: TestKind
    codes: tuple[str, ...]
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTerm:
    """A procedure that a practice performs and its candidate procedure numbers."""

    term: str
    canonical: str
    codes: tuple[str, ...]
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnatomyTerm:
    """A body part: its canonical site, and whether it exists on a left and a right side."""

    term: str
    site: str
    paired: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegralRow:
    """A symptom range routinely associated with a disease range (guideline section I.B.5)."""

    disease: str
    symptom: str
    note: str


def in_range(code: str, span: str) -> bool:
    """Tell whether a code lies in a range of categories or codes ("J00-J06", "R05", "E11.4-E11.6")."""
    low, high = _bounds(span)
    bare = code.replace(".", "")
    return low <= bare[: len(low)] and bare[: len(high)] <= high


@lru_cache(maxsize=4096)
def _bounds(span: str) -> tuple[str, str]:
    low, _, high = span.replace(".", "").partition("-")
    return low, high or low


class _Row(Protocol):
    """Any table row of this module."""


_RowT = TypeVar("_RowT")


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All terms, and indexes from the normalised term to its rows."""

    problems: tuple[ProblemTerm, ...]
    medications: tuple[MedicationTerm, ...]
    tests: tuple[TestTerm, ...]
    services: tuple[ServiceTerm, ...]
    anatomy: tuple[AnatomyTerm, ...]
    integral: tuple[IntegralRow, ...]
    problem_index: Mapping[str, tuple[ProblemTerm, ...]]
    medication_index: Mapping[str, tuple[MedicationTerm, ...]]
    test_index: Mapping[str, tuple[TestTerm, ...]]
    service_index: Mapping[str, tuple[ServiceTerm, ...]]
    anatomy_index: Mapping[str, tuple[AnatomyTerm, ...]]

    @classmethod
    def load(cls, data_dir: Path) -> "Vocabulary":
        """Read every CSV file of the folder.

        Raises:
            TableError: an unknown file or column, a bad value, or a row given twice (file, line, reason).
        """
        _refuse_strangers(data_dir)
        problems = _read(data_dir, "problems", _problem)
        medications = _read(data_dir, "medications", _medication)
        tests = _read(data_dir, "tests", _test)
        services = _read(data_dir, "services", _service)
        anatomy = _read(data_dir, "anatomy", _anatomy)
        return cls(
            problems=problems,
            medications=medications,
            tests=tests,
            services=services,
            anatomy=anatomy,
            integral=_read(data_dir, "integral", _integral),
            problem_index=_index(problems, lambda row: row.term),
            medication_index=_index(medications, lambda row: row.name),
            test_index=_index(tests, lambda row: row.term),
            service_index=_index(services, lambda row: row.term),
            anatomy_index=_index(anatomy, lambda row: row.term),
        )

    def with_learned(self, path: Path) -> "Vocabulary":
        """The vocabulary with a practice's own problem terms before the shipped ones, so that they win.

        Raises:
            TableError: the file is missing, or is not as a shipped file of problems is.
        """
        if not path.is_file():
            raise TableError(
                f"{path}: no learned terms there; make them with superbill train local, or unset SUPERBILL_LEARNED"
            )
        own = tuple(row for _, row in _rows(path, "problems", _problem))
        problems = (*own, *self.problems)
        return replace(self, problems=problems, problem_index=_index(problems, lambda row: row.term))

    def problem(self, term: str) -> tuple[ProblemTerm, ...]:
        """Return the rows of a problem term, best first; empty when the vocabulary lacks it."""
        return self.problem_index.get(normalise(term), ())

    def medication(self, name: str) -> tuple[MedicationTerm, ...]:
        """Return the rows of a generic or brand name; empty when the vocabulary lacks it."""
        return self.medication_index.get(normalise(name), ())

    def is_integral(self, symptom: str, disease: str) -> IntegralRow | None:
        """Return the row that makes a symptom code integral to a disease code (I.B.5), or None."""
        for row in self.integral:
            if in_range(disease, row.disease) and in_range(symptom, row.symptom):
                return row
        return None


def _problem(cells: Mapping[str, str]) -> ProblemTerm:
    kind = cells["kind"]
    if kind not in _PROBLEM_KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    if not _ICD_SHAPE.fullmatch(cells["code"]):
        raise ValueError(f"{cells['code']!r} is not written like an ICD-10-CM code")
    term = _lower(cells["term"])
    return ProblemTerm(term=term, code=cells["code"], kind=cast("ProblemKind", kind), note=cells["note"])


def _medication(cells: Mapping[str, str]) -> MedicationTerm:
    availability = cells["availability"]
    if availability not in _AVAILABILITIES:
        raise ValueError(f"unknown availability {availability!r}")
    return MedicationTerm(
        name=_lower(cells["name"]),
        generic=_lower(cells["generic"]),
        drug_class=_lower(cells["drug_class"]),
        availability=cast("Availability", availability),
        long_term=cells["long_term"],
        treats=_many(cells["treats"]),
        high_risk=_flag(cells["high_risk"]),
        hcpcs=_many(cells["hcpcs"]),
    )


def _test(cells: Mapping[str, str]) -> TestTerm:
    kind = cells["kind"]
    if kind not in _TEST_KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    return TestTerm(
        term=_lower(cells["term"]),
        canonical=_lower(cells["canonical"]),
        kind=cast("TestKind", kind),
        codes=_many(cells["codes"]),
        region=cells["region"],
    )


def _service(cells: Mapping[str, str]) -> ServiceTerm:
    term, canonical = _lower(cells["term"]), _lower(cells["canonical"])
    return ServiceTerm(
        term=term, canonical=canonical, codes=_many(cells["codes"]), kind=_lower(cells["kind"])
    )


def _anatomy(cells: Mapping[str, str]) -> AnatomyTerm:
    return AnatomyTerm(term=_lower(cells["term"]), site=_lower(cells["site"]), paired=_flag(cells["paired"]))


def _integral(cells: Mapping[str, str]) -> IntegralRow:
    return IntegralRow(disease=cells["disease"], symptom=cells["symptom"], note=cells["note"])


_COLUMNS: Mapping[str, type[object]] = MappingProxyType(
    {
        "problems": ProblemTerm,
        "medications": MedicationTerm,
        "tests": TestTerm,
        "services": ServiceTerm,
        "anatomy": AnatomyTerm,
        "integral": IntegralRow,
    }
)


def _family(path: Path) -> str:
    return path.stem.partition("_")[0]


def _refuse_strangers(folder: Path) -> None:
    for path in sorted(folder.glob("*.csv")):
        if _family(path) not in _COLUMNS:
            raise TableError(f"{path.name}: no table of the vocabulary has this name")


def _read(folder: Path, family: str, make: Callable[[Mapping[str, str]], _RowT]) -> tuple[_RowT, ...]:
    rows: list[_RowT] = []
    seen: set[_RowT] = set()
    paths = [path for path in sorted(folder.glob("*.csv")) if _family(path) == family]
    if not paths:
        raise TableError(f"{folder.name}: no file {family}*.csv")
    for path in paths:
        for line, row in _rows(path, family, make):
            if row in seen:
                raise TableError(f"{path.name}:{line}: row given twice")
            seen.add(row)
            rows.append(row)
    return tuple(rows)


def _rows(path: Path, family: str, make: Callable[[Mapping[str, str]], _RowT]) -> Iterator[tuple[int, _RowT]]:
    expected = [field.name for field in fields(_COLUMNS[family])]  # type: ignore[arg-type]  # all are dataclasses
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader, [])
        if header != expected:
            raise TableError(f"{path.name}:1: columns {','.join(header)} are not {','.join(expected)}")
        for cells in reader:
            if len(cells) != len(expected) or not cells[0]:
                raise TableError(f"{path.name}:{reader.line_num}: {len(cells)} cells, or an empty first cell")
            try:
                yield reader.line_num, make(dict(zip(header, cells, strict=True)))
            except ValueError as error:
                raise TableError(f"{path.name}:{reader.line_num}: {error}") from error


def _index(rows: Iterable[_RowT], term_of: Callable[[_RowT], str]) -> Mapping[str, tuple[_RowT, ...]]:
    table: dict[str, list[_RowT]] = {}
    for row in rows:
        table.setdefault(normalise(term_of(row)), []).append(row)
    return MappingProxyType({term: tuple(found) for term, found in table.items()})


def _lower(cell: str) -> str:
    if not cell or cell != cell.lower() or cell != cell.strip():
        raise ValueError(f"{cell!r} is empty, not lower case, or padded")
    return cell


def _many(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def _flag(cell: str) -> bool:
    if cell not in {"yes", "no"}:
        raise ValueError(f"{cell!r} is neither yes nor no")
    return cell == "yes"
