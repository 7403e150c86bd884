"""What a coder knows of a procedure code: status, values, globals, limits, and a plain title of our own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Literal, Protocol

from knowledge.errors import TableError, UnknownCodeError
from knowledge.records import CodeSystem
from knowledge.tables import EDITION, edition_folder, read_csv, unique

PROCEDURE_EDITION: Final = f"{EDITION} starter"

FILES: Final = (
    "procedures.csv",
    "procedure_components.csv",
    "terminated.csv",
    "drug_units.csv",
    "vaccine_admin.csv",
)

EM_CATEGORIES: Final = frozenset(
    {
        "em_new",
        "em_established",
        "em_consult",
        "em_hospital",
        "em_emergency",
        "em_nursing",
        "em_home",
        "telehealth",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """One CPT or HCPCS code of the starter table.

    Figures are those of the Medicare physician fee schedule (relative value units as Decimal), NCCI unit
    limits (``mue`` with its adjudication indicator ``mai``: 1 per line, 2 per day by policy, 3 per day by
    clinical data). ``status`` is the schedule's: A active, X or E paid elsewhere or not at all, B bundled,
    I another code is used for Medicare, N not covered, R restricted, T injection, C and J priced by the
    carrier, M and P others; "" where the code is not in the schedule (most drugs and supplies). ``pctc``: 0
    physician service, 1 has professional and technical parts, 2 professional only, 3 technical only, 4
    whole test only, 5 incident-to, 6 laboratory reading, 9 does not apply. ``bilateral``: 0 not, 1 the 150
    percent rule, 2 already both sides, 3 paid per side, 9 does not apply. ``min_minutes`` and
    ``max_minutes`` are the documented minutes the code needs, both inclusive. ``side`` is "paired" where
    the part of the body comes in two or more (eyes, limbs, digits). ``region`` is the body region the code
    looks at or treats, for the linkage rules. ``clia`` is the complexity of a laboratory test; ``qw``
    whether a waived test of this code is reported with QW. ``requires`` are words of which a note that
    documents the service holds at least one.
    """

    code: str
    title: str
    category: str
    family: str
    region: str
    status: str
    work_rvu: Decimal
    pe_nonfac: Decimal
    pe_fac: Decimal
    mp: Decimal
    total_nonfacility: Decimal
    total_facility: Decimal
    nonfacility_na: bool
    facility_na: bool
    global_days: str
    pctc: str
    mult_proc: str
    bilateral: str
    assistant: str
    supervision: str
    mue: int | None
    mai: str
    add_on: bool
    min_minutes: int | None
    max_minutes: int | None
    age_min: int | None
    age_max: int | None
    sex: str
    side: str
    clia: str
    qw: bool
    requires: tuple[str, ...]

    @property
    def system(self) -> CodeSystem:
        """CPT for codes that start with a digit, HCPCS Level II for the others."""
        return CodeSystem.CPT if self.code[0].isdigit() else CodeSystem.HCPCS

    @property
    def edition(self) -> str:
        """The edition the figures belong to."""
        return PROCEDURE_EDITION

    @property
    def is_em(self) -> bool:
        """Whether it is an evaluation and management visit to which 24, 25 and 57 may belong."""
        return self.category in EM_CATEGORIES or self.category in {"preventive", "wellness"}

    @property
    def surgical(self) -> bool:
        """Whether it has a global period of 0, 10 or 90 days."""
        return self.global_days in {"000", "010", "090"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """The professional (26) or technical (TC) part of a procedure, or its interrupted form (53)."""

    code: str
    modifier: str
    status: str
    work_rvu: Decimal
    pe_nonfac: Decimal
    pe_fac: Decimal
    mp: Decimal
    total_nonfacility: Decimal
    total_facility: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminated:
    """A code that is no longer valid: its last valid day and what replaced it ("" where nothing did)."""

    code: str
    last_day: date
    successor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrugUnit:
    """How much of a drug one unit of its code is; ``up_to`` when any amount up to it is one unit."""

    code: str
    drug: str
    amount: Decimal
    unit: Literal["mg", "mcg", "unit", "mL", "dose", "IU", "system"]
    up_to: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class VaccineAdmin:
    """Which administration codes belong to a vaccine or antibody product.

    ``components`` counts the antigens for the per-component codes; ``medicare`` is the code Medicare Part B
    wants instead of ``codes`` ("" where it takes those or does not cover the product under Part B).
    """

    product: str
    route: Literal["injection", "oral", "nasal"]
    components: int
    codes: tuple[str, ...]
    medicare: str


class Beyond(Protocol):
    """Where codes are looked up that the starter lacks (``knowledge.beyond``)."""

    def find(self, code: str, on: date | None) -> Procedure | None:
        """Return the code as valid on the date, or None."""

    def terminated(self, code: str, on: date | None) -> Terminated | None:
        """Return when the code ended, where that is before the date."""

    def component(self, code: str, modifier: str, on: date | None) -> Component | None:
        """Return the values of its 26, TC or 53 row."""

    def titles(self) -> Iterable[tuple[str, str]]:
        """Codes and titles to search."""


class ProcedureTable:
    """The starter procedure table, and the imported files behind it.

    A code that neither holds is unknown, not invalid (law 1).
    """

    edition: Final = PROCEDURE_EDITION

    def __init__(
        self,
        rows: Iterable[Procedure],
        components: Iterable[Component] = (),
        terminated: Iterable[Terminated] = (),
        drug_units: Iterable[DrugUnit] = (),
        vaccine_admin: Iterable[VaccineAdmin] = (),
        beyond: Beyond | None = None,
    ) -> None:
        self._beyond = beyond
        self._rows = {row.code: row for row in rows}
        self._components = {(c.code, c.modifier): c for c in components}
        self._terminated = {t.code: t for t in terminated}
        self._drug_units = {d.code: d for d in drug_units}
        self._vaccine_admin = {v.product: v for v in vaccine_admin}

    @classmethod
    def load(cls, data_dir: Path) -> "ProcedureTable":
        """Read the shipped tables; the same unchanged folder is read once per process.

        Raises:
            TableError: a file is missing or malformed, or a code occurs twice.
        """
        folder = edition_folder(data_dir)
        stamps = tuple((folder / name).stat().st_mtime_ns for name in FILES if (folder / name).exists())
        return _shared(folder, stamps)

    @classmethod
    def read(cls, folder: Path) -> "ProcedureTable":
        """Read the tables of one edition folder.

        Raises:
            TableError: a file is missing or malformed, or a code occurs twice.
        """
        rows = read_csv(folder / "procedures.csv", Procedure)
        unique(folder / "procedures.csv", (r.code for r in rows))
        components = read_csv(folder / "procedure_components.csv", Component)
        known = {r.code for r in rows}
        stray = [c.code for c in components if c.code not in known]
        if stray:
            raise TableError(f"procedure_components.csv: {stray[0]} is not in procedures.csv")
        return cls(
            rows,
            components,
            read_csv(folder / "terminated.csv", Terminated),
            read_csv(folder / "drug_units.csv", DrugUnit),
            read_csv(folder / "vaccine_admin.csv", VaccineAdmin),
        )

    def with_imported(self, beyond: Beyond) -> "ProcedureTable":
        """Return a table that looks codes it lacks up in imported files."""
        return ProcedureTable(
            self._rows.values(),
            self._components.values(),
            self._terminated.values(),
            self._drug_units.values(),
            self._vaccine_admin.values(),
            beyond,
        )

    def titles_beyond(self) -> Iterable[tuple[str, str]]:
        """Codes and titles of the imported files that the starter lacks."""
        if self._beyond is None:
            return ()
        return ((code, title) for code, title in self._beyond.titles() if code not in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """All codes of the table, in order."""
        return tuple(self._rows)

    def find(self, code: str, on: date | None = None) -> Procedure | None:
        """Return the procedure, or None where the table does not hold it or it is not valid on the date."""
        ended = self._terminated.get(code)
        if ended is not None and (on is None or on > ended.last_day):
            return None
        found = self._rows.get(code)
        if found is None and ended is None and self._beyond is not None:
            return self._beyond.find(code, on)
        return found

    def get(self, code: str, on: date | None = None) -> Procedure:
        """Return the procedure.

        Raises:
            UnknownCodeError: the code ended before the date (the message says what replaced it), or the
            starter table does not hold it (which does not mean that it is invalid).
        """
        found = self.find(code, on)
        if found is not None:
            return found
        ended = self.terminated(code, on)
        if ended is not None:
            instead = f"; use {ended.successor}" if ended.successor else ""
            raise UnknownCodeError(f"{code} was valid until {ended.last_day}{instead}")
        raise UnknownCodeError(
            f"{code} is unknown to the loaded procedure table ({PROCEDURE_EDITION}, partial)"
        )

    def terminated(self, code: str, on: date | None = None) -> Terminated | None:
        """Return when a code ended and what replaced it, or None.

        Of a code beyond the starter only an end before ``on`` is told.
        """
        found = self._terminated.get(code)
        if found is None and code not in self._rows and self._beyond is not None:
            return self._beyond.terminated(code, on)
        return found

    def in_category(self, category: str) -> tuple[Procedure, ...]:
        """Return all procedures of one category, in code-table order."""
        return tuple(row for row in self._rows.values() if row.category == category)

    def in_family(self, family: str) -> tuple[Procedure, ...]:
        """Return all procedures of one family, in code-table order."""
        return tuple(row for row in self._rows.values() if row.family == family)

    def component(self, code: str, modifier: str, on: date | None = None) -> Component | None:
        """Return the values of the 26, TC or 53 row, or None where the schedule has none."""
        found = self._components.get((code, modifier))
        if found is None and code not in self._rows and self._beyond is not None:
            return self._beyond.component(code, modifier, on)
        return found

    def drug_unit(self, code: str) -> DrugUnit | None:
        """Return the unit size of a drug code, or None."""
        return self._drug_units.get(code)

    def vaccine_admin(self, product: str) -> VaccineAdmin | None:
        """Return how giving this product is reported, or None."""
        return self._vaccine_admin.get(product)


@lru_cache(maxsize=4)
def _shared(folder: Path, stamps: tuple[int, ...]) -> ProcedureTable:
    return ProcedureTable.read(folder)
