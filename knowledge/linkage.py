"""Does this diagnosis justify this procedure? Answered from tables, each verdict with its row (law 3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal

from knowledge.errors import TableError
from knowledge.patterns import Family, compile_family, plain
from knowledge.procedures import Procedure, ProcedureTable
from knowledge.records import Linkage, Source, Verdict
from knowledge.tables import EDITION, edition_folder, read_csv, unique

LINKAGE_EDITION: Final = f"{EDITION} starter"

Side = Literal["right", "left", "bilateral"]
Coverage = Callable[[str, str, date, str | None], Linkage | None]
"""(diagnosis, procedure, date of service, contractor) -> verdict of an article, or None where none speaks."""

_RIGHT: Final = frozenset({"RT", "E3", "E4", "F5", "F6", "F7", "F8", "F9", "T5", "T6", "T7", "T8", "T9"})
_LEFT: Final = frozenset({"LT", "E1", "E2", "FA", "F1", "F2", "F3", "F4", "TA", "T1", "T2", "T3", "T4"})


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkageRow:
    """One rule. ``verdict`` supports: adds a family of diagnoses; only: closes the list; never: excludes one.

    ``target`` is ``code:``, ``family:``, ``supply:`` (a supply of a body region), ``category:`` or ``any:*``.
    """

    id: str
    target: str
    verdict: Literal["supports", "only", "never"]
    diagnoses: tuple[str, ...]
    why: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _NamedSet:
    name: str
    diagnoses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sides:
    side: Side
    prefixes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientLimit:
    """Diagnoses of one sex (``kind`` sex) or of an age span in years (``kind`` age, "0-17" or "15-")."""

    kind: Literal["sex", "age"]
    value: str
    diagnoses: tuple[str, ...]


class Rulebook:
    """The rules of one table, found by target."""

    def __init__(self, name: str, rows: Iterable[LinkageRow], sets: Mapping[str, tuple[str, ...]]) -> None:
        self.name = name
        self._sets = sets
        self._by_target: dict[str, list[LinkageRow]] = {}
        for row in sorted(rows, key=lambda r: r.verdict != "never"):
            self._by_target.setdefault(row.target, []).append(row)
        self.family = cache(self._family)

    def rows(self, target: str) -> Sequence[LinkageRow]:
        """Return the rules of one target."""
        return self._by_target.get(target, ())

    @property
    def targets(self) -> frozenset[str]:
        """All targets with a rule."""
        return frozenset(self._by_target)

    def _family(self, row_id: str, tokens: tuple[str, ...]) -> Family:
        try:
            return compile_family(tokens, self._sets)
        except TableError as error:
            raise TableError(f"{self.name}, row {row_id}: {error}") from error

    def judge(self, code: str, targets: Sequence[str]) -> tuple[Verdict, LinkageRow] | None:
        """Judge a plain diagnosis code against the most specific rules first.

        Returns:
            The verdict and the row that gave it; None where no rule speaks of the procedure.
        """
        open_row: LinkageRow | None = None
        for target in targets:
            rows = self.rows(target)
            for row in rows:
                if code in self.family(row.id, row.diagnoses):
                    return ("not_supported" if row.verdict == "never" else "supported"), row
            closing = next((row for row in rows if row.verdict == "only"), None)
            if closing is not None:
                return "not_supported", closing
            open_row = open_row or next((row for row in rows if row.verdict == "supports"), None)
        return None if open_row is None else ("not_supported", open_row)


class LinkageTable:
    """Coverage articles, national rules, the starter table, then conflicts of side, sex and age.

    A conflict overrules a supporting family: a left-sided diagnosis never justifies a service on the right.
    """

    edition: Final = LINKAGE_EDITION

    def __init__(
        self,
        procedures: ProcedureTable,
        books: Sequence[Rulebook],
        sides: Mapping[str, Side],
        limits: Iterable[tuple[PatientLimit, Family]] = (),
        coverage: Coverage | None = None,
        contractor: str | None = None,
    ) -> None:
        self._procedures = procedures
        self.books = tuple(books)
        self._sides = sides
        self._limits = tuple(limits)
        self._coverage = coverage
        self._contractor = contractor
        self._limits_of = lru_cache(maxsize=8192)(self._find_limits)
        self.side = lru_cache(maxsize=8192)(self._side)

    @classmethod
    def load(cls, data_dir: Path, procedures: ProcedureTable | None = None) -> "LinkageTable":
        """Read the shipped rules.

        Raises:
            TableError: a file is missing or malformed, or a rule names an unknown set.
        """
        folder = edition_folder(data_dir)
        named = read_csv(folder / "linkage_sets.csv", _NamedSet)
        unique(folder / "linkage_sets.csv", (row.name for row in named))
        sets = {row.name: row.diagnoses for row in named}
        limits = read_csv(folder / "patient_limits.csv", PatientLimit)
        sides: dict[str, Side] = {}
        for row in read_csv(folder / "sides.csv", _Sides):
            sides.update(dict.fromkeys(row.prefixes, row.side))
        return cls(
            procedures or ProcedureTable.load(data_dir),
            [_book(folder, "linkage_national", sets), _book(folder, "linkage", sets)],
            sides,
            [(limit, compile_family(limit.diagnoses, sets)) for limit in limits],
        )

    def with_coverage(self, coverage: Coverage, contractor: str | None = None) -> "LinkageTable":
        """Return a table that asks imported coverage articles first; silent ones answer None.

        ``contractor`` is the practice's Medicare contractor, for look-ups that name none.
        """
        return LinkageTable(self._procedures, self.books, self._sides, self._limits, coverage, contractor)

    def covers(self, procedure: str) -> bool:
        """Whether any rule speaks of the procedure."""
        found = self._procedures.find(procedure)
        if found is None:
            return False
        return any(target in book.targets for book in self.books for target in _targets(found))

    def _side(self, diagnosis: str) -> Side | None:
        """Return the side of the body that the diagnosis code names, or None."""
        code = plain(diagnosis)
        found = (self._sides.get(code[:size]) for size in range(len(code), 2, -1))
        return next((side for side in found if side), None)

    def check(
        self,
        diagnosis: str,
        procedure: str,
        *,
        on: date,
        age: int | None = None,
        sex: str | None = None,
        modifiers: Sequence[str] = (),
        contractor: str | None = None,
    ) -> Linkage:
        """Judge one diagnosis for one procedure.

        Args:
            diagnosis: ICD-10-CM code, with or without dot.
            procedure: CPT or HCPCS code.
            on: date of service.
            age: of the patient in years, None when unknown.
            sex: "female" or "male"; anything else is not compared.
            modifiers: of the line; they tell the side, and KX waives the comparison of the patient's sex.
            contractor: the Medicare contractor whose coverage articles hold; None means the practice's own.

        Returns:
            ``supported``, ``not_supported`` or ``no_rule`` (never to be read as covered), with the row.
        """
        code = plain(diagnosis)
        found = self._procedures.find(procedure, on)
        if found is None:
            said = self._covered(diagnosis, procedure, on, contractor)
            if said is not None:
                return said
            why = f"{procedure} is unknown to the loaded procedure table"
            return _answer(
                diagnosis, procedure, "no_rule", why, Source(table="linkage", edition=self.edition)
            )
        told = sex if "KX" not in modifiers else None
        conflict = self._conflict(diagnosis, found, age, told, modifiers)
        if conflict is not None:
            return conflict
        return self._covered(diagnosis, procedure, on, contractor) or self._ruled(diagnosis, code, found)

    def _covered(self, diagnosis: str, procedure: str, on: date, contractor: str | None) -> Linkage | None:
        if self._coverage is None:
            return None
        return self._coverage(diagnosis, procedure, on, contractor or self._contractor)

    def _find_limits(self, code: str) -> tuple[str, tuple[tuple[int, int], ...]]:
        """Return the sex ("" for either) and the age spans that a diagnosis belongs to."""
        held = [limit for limit, family in self._limits if code in family]
        sex = next((limit.value for limit in held if limit.kind == "sex"), "")
        return sex, tuple(_span(limit.value) for limit in held if limit.kind == "age")

    def _ruled(self, diagnosis: str, code: str, procedure: Procedure) -> Linkage:
        targets = _targets(procedure)
        for book in self.books:
            judged = book.judge(code, ("any:*",)) or book.judge(code, targets)
            if judged is None:
                continue
            verdict, row = judged
            said = (
                f"{diagnosis}: {row.why}" if verdict == "supported" else _refusal(diagnosis, procedure, row)
            )
            source = Source(
                table=book.name, edition=self.edition, row=f"{row.id} {row.target} ({row.source})"
            )
            return _answer(diagnosis, procedure.code, verdict, said, source)
        why = f"no loaded rule speaks of {procedure.code} with {diagnosis}"
        source = Source(table="linkage", edition=self.edition)
        return _answer(diagnosis, procedure.code, "no_rule", why, source)

    def _conflict(
        self, diagnosis: str, procedure: Procedure, age: int | None, sex: str | None, modifiers: Sequence[str]
    ) -> Linkage | None:
        code = plain(diagnosis)
        found = (
            self._side_conflict(diagnosis, modifiers)
            or self._sex_conflict(code, procedure, sex)
            or self._age_conflict(code, procedure, age)
        )
        if found is None:
            return None
        why, table = found
        source = Source(table=table, edition=self.edition, row=diagnosis)
        return _answer(diagnosis, procedure.code, "not_supported", f"{diagnosis}: {why}", source)

    def _side_conflict(self, diagnosis: str, modifiers: Sequence[str]) -> tuple[str, str] | None:
        line = {"right"} if _RIGHT.intersection(modifiers) else set()
        line |= {"left"} if _LEFT.intersection(modifiers) else set()
        side = self.side(diagnosis)
        if len(line) != 1 or side not in {"right", "left"} or side in line:
            return None
        return f"the diagnosis is on the {side}, the service on the {line.pop()}", "sides"

    def _sex_conflict(self, code: str, procedure: Procedure, sex: str | None) -> tuple[str, str] | None:
        told = sex if sex in {"female", "male"} else ""
        known = [s for s in (self._limits_of(code)[0], procedure.sex, told) if s]
        if len(set(known)) < 2:
            return None
        return f"sex does not agree ({', '.join(known)})", "patient_limits"

    def _age_conflict(self, code: str, procedure: Procedure, age: int | None) -> tuple[str, str] | None:
        low, high = procedure.age_min or 0, procedure.age_max if procedure.age_max is not None else 200
        spans = [(low, high), *self._limits_of(code)[1]]
        if age is not None:
            spans.append((age, age))
        if max(low for low, _ in spans) <= min(high for _, high in spans):
            return None
        patient = "" if age is None else f", patient {age}"
        return f"the ages of diagnosis and procedure do not agree{patient}", "patient_limits"


def _book(folder: Path, name: str, sets: Mapping[str, tuple[str, ...]]) -> Rulebook:
    path = folder / f"{name}.csv"
    rows = read_csv(path, LinkageRow)
    unique(path, (row.id for row in rows))
    return Rulebook(name, rows, sets)


def _targets(procedure: Procedure) -> tuple[str, ...]:
    supply = (f"supply:{procedure.region}",) if procedure.category == "supply" and procedure.region else ()
    return (
        f"code:{procedure.code}",
        *supply,
        f"family:{procedure.family}",
        f"category:{procedure.category}",
    )


def _span(value: str) -> tuple[int, int]:
    low, _, high = value.partition("-")
    return int(low), int(high) if high else 200


def _refusal(diagnosis: str, procedure: Procedure, row: LinkageRow) -> str:
    if row.verdict == "never":
        return f"{diagnosis}: {row.why}"
    return f"{diagnosis} is not among the diagnoses that support {procedure.code} ({row.why})"


def _answer(diagnosis: str, procedure: str, verdict: Verdict, why: str, source: Source) -> Linkage:
    return Linkage(diagnosis=diagnosis, procedure=procedure, verdict=verdict, reason=why, source=source)
