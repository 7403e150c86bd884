"""Procedure codes beyond the starter table, from the imported relative values, HCPCS and licensed CPT files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from knowledge.editions import day_number, numbered_day
from knowledge.edits import Pick
from knowledge.procedures import Component, Procedure, Terminated

VALUES: Final = "mpfs_values"
HCPCS: Final = "hcpcs"
LICENSED: Final = "cpt_licensed"
MUE: Final = "ncci_mue"
_VALUES: Final = """
SELECT status, work, pe_nonfac, pe_fac, mp, total_nonfac, total_fac, nonfac_na, fac_na, global_days, pctc, mult_proc,
  bilateral, assistant, supervision FROM mpfs_values WHERE code = ? AND modifier = ?
"""
_NOTHING: Final = ("", "0", "0", "0", "0", "0", "0", 0, 0, "", "", "", "", "", "")
_HCPCS: Final = "SELECT long, first, last FROM hcpcs WHERE code = ? AND kind = 'code'"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedProcedure(Procedure):
    """A code of an imported file. It has no category, family or region of ours, and no title where CPT is unlicensed."""

    release: str

    @property
    def edition(self) -> str:
        """The imported edition that holds the code."""
        return self.release


class BeyondStarter:
    """The codes that the starter lacks; each look-up answers from the imported editions of the date."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self.find = lru_cache(maxsize=8192)(self._find)

    def _find(self, code: str, on: date | None) -> ImportedProcedure | None:
        """Return the code, or None where no imported file holds it or it is not valid on the date."""
        values, release = self._row(VALUES, _VALUES, (code, ""), on)
        title, known = self._title(code, on)
        if values is None and not known:
            return None
        if known and self.terminated(code, on) is not None:
            return None
        return _procedure(code, title, values or _NOTHING, release or known, self._limit(code, on))

    def terminated(self, code: str, on: date | None) -> Terminated | None:
        """The last valid day of a HCPCS code that has ended before the date, or None."""
        row, _ = self._row(HCPCS, _HCPCS, (code,), on)
        if row is None or day_number(on) <= row[2]:
            return None
        return Terminated(code=code, last_day=numbered_day(row[2]), successor="")

    def component(self, code: str, modifier: str, on: date | None) -> Component | None:
        """The values of the 26, TC or 53 row, or None."""
        row, _ = self._row(VALUES, _VALUES, (code, modifier), on)
        if row is None or not modifier:
            return None
        work, nonfac, fac, mp, total_nonfac, total_fac = (Decimal(str(cell)) for cell in row[1:7])
        return Component(
            code=code, modifier=modifier, status=str(row[0]), work_rvu=work, pe_nonfac=nonfac, pe_fac=fac, mp=mp,
            total_nonfacility=total_nonfac, total_facility=total_fac,
        )  # fmt: skip

    def titles(self) -> Iterator[tuple[str, str]]:
        """Codes and titles of the newest HCPCS and licensed CPT editions."""
        for table, query in (
            (HCPCS, "SELECT code, long FROM hcpcs WHERE kind = 'code' AND last = 99991231 ORDER BY code"),
            (LICENSED, "SELECT code, long FROM cpt ORDER BY code"),
        ):
            picked = self._pick(table, None)
            if picked is not None:
                yield from picked[1].rows(query)

    def _title(self, code: str, on: date | None) -> tuple[str, str]:
        """Title and edition of a HCPCS or licensed CPT code; ("", "") where neither file holds it."""
        if code[:1].isdigit():
            row, release = self._row(LICENSED, "SELECT long FROM cpt WHERE code = ?", (code,), on)
        else:
            row, release = self._row(HCPCS, _HCPCS, (code,), on)
        return (str(row[0]), release) if row is not None else ("", "")

    def _limit(self, code: str, on: date | None) -> tuple[int, str] | None:
        row, _ = self._row(MUE, "SELECT mue, mai FROM ncci_mue WHERE code = ?", (code,), on)
        return None if row is None else (row[0], str(row[1]))

    def _row(
        self, table: str, query: str, key: tuple[object, ...], on: date | None
    ) -> tuple[tuple[Any, ...] | None, str]:
        picked = self._pick(table, on)
        found = picked[1].rows(query, key) if picked is not None else []
        return (found[0], picked[0]) if picked is not None and found else (None, "")


def _procedure(
    code: str, title: str, values: tuple[Any, ...], release: str, limit: tuple[int, str] | None
) -> ImportedProcedure:
    status, *figures = values[:7]
    work, nonfac, fac, mp, total_nonfac, total_fac = (Decimal(str(cell)) for cell in figures)
    global_days, pctc, mult_proc, bilateral, assistant, supervision = (str(cell) for cell in values[9:])
    return ImportedProcedure(
        code=code, title=title, category="", family="", region="", status=str(status), work_rvu=work,
        pe_nonfac=nonfac, pe_fac=fac, mp=mp, total_nonfacility=total_nonfac, total_facility=total_fac,
        nonfacility_na=bool(values[7]), facility_na=bool(values[8]), global_days=global_days, pctc=pctc,
        mult_proc=mult_proc, bilateral=bilateral, assistant=assistant, supervision=supervision,
        mue=limit[0] if limit else None, mai=limit[1] if limit else "", add_on=global_days == "ZZZ",
        min_minutes=None, max_minutes=None, age_min=None, age_max=None, sex="", side="", clia="", qw=False,
        requires=(), release=release,
    )  # fmt: skip
