"""What a line is worth by the Medicare physician fee schedule: values, geography, conversion factor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final, Literal

from knowledge.edits import Pick, nothing_imported
from knowledge.errors import EditionError
from knowledge.localities import Localities, Locality
from knowledge.procedures import PROCEDURE_EDITION, Component, Procedure, ProcedureTable
from knowledge.records import Record, Source
from knowledge.tables import edition_folder, read_csv

CENT: Final = Decimal("0.01")
ONE: Final = Decimal(1)

_SHARES: Final = {
    "80": Decimal("0.16"),
    "81": Decimal("0.16"),
    "82": Decimal("0.16"),
    "AS": Decimal("0.136"),
    "62": Decimal("0.625"),
}

VALUES_TABLE: Final = "mpfs_values"
_VALUES: Final = (
    "SELECT status, work, pe_nonfac, pe_fac, mp, factor, bilateral, nonfac_na FROM mpfs_values"
    " WHERE code = ? AND modifier = ?"
)

Basis = Literal["schedule", "indicative", "none"]


class Fee(Record):
    """The value of one unit of a code with its modifiers, in US dollars.

    ``basis`` "schedule": work, practice expense and malpractice values times their geographic indices times
    the conversion factor; "indicative": the schedule does not price the code (laboratory, drugs, supplies)
    and an amount of our own stands in; "none": nothing is known and ``amount`` is None. ``work`` and
    ``total`` are relative value units before geography.
    """

    code: str
    modifiers: tuple[str, ...] = ()
    amount: Decimal | None
    work: Decimal
    total: Decimal
    conversion_factor: Decimal
    facility: bool
    locality: str | None
    basis: Basis
    note: str = ""
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionFactor:
    """Dollars per relative value unit in a span of dates."""

    name: str
    factor: Decimal
    effective_from: date
    effective_to: date


@dataclass(frozen=True, kw_only=True, slots=True)
class IndicativeAmount:
    """Our own amount for a code, family or category that the schedule does not price."""

    scope: Literal["code", "family", "category"]
    key: str
    amount: Decimal


class FeeSchedule:
    """Amounts by code, modifiers, setting and locality."""

    edition: Final = PROCEDURE_EDITION

    def __init__(
        self,
        procedures: ProcedureTable,
        localities: Localities,
        factors: Iterable[ConversionFactor],
        indicative: Iterable[IndicativeAmount] = (),
        pick: Pick = nothing_imported,
    ) -> None:
        self._pick = pick
        self._procedures = procedures
        self.localities = localities
        self._factors = tuple(factors)
        self._indicative = {(row.scope, row.key): row.amount for row in indicative}

    @classmethod
    def load(
        cls, data_dir: Path, procedures: ProcedureTable | None = None, pick: Pick = nothing_imported
    ) -> "FeeSchedule":
        """Read the shipped schedule; pass the procedure table when it is loaded already.

        ``pick`` finds the imported relative values that price the codes the shipped table lacks.

        Raises:
            TableError: a file is missing or malformed.
        """
        folder = edition_folder(data_dir)
        return cls(
            procedures or ProcedureTable.load(data_dir),
            Localities(read_csv(folder / "gpci.csv", Locality), pick),
            read_csv(folder / "conversion_factors.csv", ConversionFactor),
            read_csv(folder / "indicative_amounts.csv", IndicativeAmount),
            pick,
        )

    def conversion_factor(self, on: date, name: str = "non_qpp") -> ConversionFactor:
        """Return the factor in force on a date, else the nearest one loaded.

        Raises:
            EditionError: no factor of that name is loaded.
        """
        named = [row for row in self._factors if row.name == name]
        if not named:
            raise EditionError(f"no conversion factor {name} is loaded")
        in_force = [row for row in named if row.effective_from <= on <= row.effective_to]
        return in_force[0] if in_force else min(named, key=lambda row: abs((row.effective_from - on).days))

    def amount(
        self,
        code: str,
        modifiers: Sequence[str] = (),
        *,
        facility: bool = False,
        locality: str | None = None,
        on: date,
    ) -> Fee:
        """Price one unit.

        26, TC and 53 take their own row of the schedule; 50 is 150 percent where the code allows it
        (bilateral indicator 1) and 200 percent where each side is paid (3); 80, 81, 82, AS and 62 take
        their share (Medicare Claims Processing Manual, chapter 12, section 20.4).

        Args:
            code: CPT or HCPCS code.
            modifiers: of the line.
            facility: whether the place of service is paid as a facility.
            locality: "MAC-number" or state; None for national amounts.
            on: date of service.

        Raises:
            UnknownCodeError: the code or the locality is not in the loaded tables.
        """
        place = None if locality is None else self.localities.get(locality, on)
        beyond = self._beyond(code, modifiers, facility=facility, place=place, on=on)
        if beyond is not None:
            return beyond
        procedure = self._procedures.get(code, on)
        factor = self.conversion_factor(on)
        row = self._row(procedure, modifiers, on)
        expense = row.pe_fac if facility else row.pe_nonfac
        value = _value(row.work_rvu, expense, row.mp, place) * factor.factor
        value *= _share(procedure.bilateral, modifiers)
        total = row.total_facility if facility else row.total_nonfacility
        amount, basis = self._priced(procedure, value)
        used = [m for m in modifiers if m in {"26", "TC", "53"}]
        return Fee(
            code=code,
            modifiers=tuple(modifiers),
            amount=amount,
            work=row.work_rvu,
            total=total,
            conversion_factor=factor.factor,
            facility=facility,
            locality=None if place is None else place.key,
            basis=basis,
            note=_note(procedure, facility, basis),
            source=Source(
                table="mpfs" if basis == "schedule" else "indicative_amounts",
                edition=PROCEDURE_EDITION,
                row="-".join([code, *used]),
            ),
        )

    def _beyond(
        self, code: str, modifiers: Sequence[str], *, facility: bool, place: Locality | None, on: date
    ) -> Fee | None:
        """Price a code the shipped table does not hold from the imported values, or return None."""
        known = self._procedures.find(code, on)
        if (known is not None and known.edition == PROCEDURE_EDITION) or self._procedures.terminated(
            code, on
        ):
            return None
        imported = self._pick(VALUES_TABLE, on)
        if imported is None:
            return None
        edition, table = imported
        used = next((m for m in modifiers if m in {"26", "TC", "53"}), "")
        found = table.rows(_VALUES, (code, used)) or table.rows(_VALUES, (code, ""))
        return _imported_fee(code, modifiers, found[0], edition, facility, place) if found else None

    def _row(self, procedure: Procedure, modifiers: Sequence[str], on: date) -> Procedure | Component:
        for modifier in modifiers:
            component = self._procedures.component(procedure.code, modifier, on)
            if component is not None:
                return component
        return procedure

    def _priced(self, procedure: Procedure, value: Decimal) -> tuple[Decimal | None, Basis]:
        if value > 0:
            return value.quantize(CENT, ROUND_HALF_UP), "schedule"
        if procedure.status == "B":
            return None, "none"
        for key in (
            ("code", procedure.code),
            ("family", procedure.family),
            ("category", procedure.category),
        ):
            if key in self._indicative:
                return self._indicative[key], "indicative"
        return None, "none"


def _imported_fee(
    code: str,
    modifiers: Sequence[str],
    row: tuple[str | int, ...],
    edition: str,
    facility: bool,
    place: Locality | None,
) -> Fee:
    status, bilateral, absent = str(row[0]), str(row[6]), bool(row[7])
    work, nonfacility, in_facility, malpractice, factor = (Decimal(str(v)) for v in row[1:6])
    expense = in_facility if facility else nonfacility
    value = _value(work, expense, malpractice, place) * factor * _share(bilateral, modifiers)
    priced = value > 0 and status != "B"
    unpriced = "the imported schedule does not price this code"
    return Fee(
        code=code,
        modifiers=tuple(modifiers),
        amount=value.quantize(CENT, ROUND_HALF_UP) if priced else None,
        work=work,
        total=work + expense + malpractice,
        conversion_factor=factor,
        facility=facility,
        locality=None if place is None else place.key,
        basis="schedule" if priced else "none",
        note=_unpaid(status, absent, facility) if priced else unpriced,
        source=Source(table=VALUES_TABLE, edition=edition, row=code),
    )


def _value(work: Decimal, expense: Decimal, malpractice: Decimal, place: Locality | None) -> Decimal:
    if place is None:
        return work + expense + malpractice
    return work * place.work + expense * place.pe + malpractice * place.mp


def _share(bilateral: str, modifiers: Sequence[str]) -> Decimal:
    share = ONE
    if "50" in modifiers:
        share = {"1": Decimal("1.5"), "3": Decimal(2)}.get(bilateral, ONE)
    for modifier in modifiers:
        share *= _SHARES.get(modifier, ONE)
    return share


def _note(procedure: Procedure, facility: bool, basis: Basis) -> str:
    if procedure.status == "B":
        return "bundled: Medicare pays it with other services"
    if basis == "indicative":
        return "the physician fee schedule does not price this code; an amount of our own stands in"
    if basis == "none":
        return "no amount is known"
    return _unpaid(procedure.status, procedure.nonfacility_na, facility)


def _unpaid(status: str, absent_outside: bool, facility: bool) -> str:
    """Why Medicare does not pay a code that has a value; "" where it does."""
    if absent_outside and not facility:
        return "not usually done outside a facility; Medicare does not pay it there"
    if status in {"N", "I", "E", "X"}:
        return f"status {status}: Medicare does not pay this code; the values are for other payers"
    return ""
