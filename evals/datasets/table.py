"""A CSV of visits in the manner of ACI-BENCH: a note a row, with columns of codes where there are some.

Columns, by any of their names: ``id`` (``encounter_id``), ``note`` (``clinical_note``, ``full_note``); codes in
``icd10`` (``icd``, ``dx``, ``diagnoses``), ``icd10_may``, ``first``, ``em``, ``cpt`` (``procedures``, ``lines``; with modifiers
as 73610-RT), ``must_not``; context in ``age`` (``patient_age``), ``sex`` (``gender``, ``patient_gender``), ``date_of_service``
(``date``), ``payer``, ``new_patient``, ``place_of_service``; ``specialty``; ``dataset``. Codes are separated by ``;`` ``,`` ``|``
or space. A column that is missing, or an empty cell, is unscored; ``none`` says that nothing is right.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import ValidationError

from evals.case import CaseError, EvalCase

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "encounter_id"),
    "note": ("note", "clinical_note", "full_note"),
    "icd10": ("icd10", "icd10cm", "icd", "dx", "diagnoses"),
    "icd10_may": ("icd10_may", "may"),
    "first": ("first", "first_listed"),
    "em": ("em", "e/m"),
    "cpt": ("cpt", "procedures", "lines"),
    "must_not": ("must_not",),
    "age": ("age", "patient_age"),
    "sex": ("sex", "gender", "patient_gender"),
    "date_of_service": ("date_of_service", "date"),
    "payer": ("payer",),
    "new_patient": ("new_patient",),
    "place_of_service": ("place_of_service", "pos"),
    "specialty": ("specialty",),
    "dataset": ("dataset",),
}
_FLAGS = {
    "true": True,
    "yes": True,
    "new": True,
    "1": True,
    "false": False,
    "no": False,
    "established": False,
    "0": False,
}
_SEXES = {"m": "male", "f": "female"}
Row = Mapping[str, str]


def load_table(path: Path, context: Path | None = None) -> tuple[EvalCase, ...]:
    """Read the rows of a CSV as cases.

    Raises:
        CaseError: no note column, a row without note or date, a cell of the wrong kind, or an id given twice.
    """
    beside = _beside(context)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaseError(f"{path.name}: can not be read ({type(error).__name__})") from error
    if not rows or "note" not in _columns(rows[0]).values():
        raise CaseError(f"{path.name}: needs rows and a column note (or {', '.join(NAMES['note'][1:])})")
    columns = _columns(rows[0])
    cases: dict[str, EvalCase] = {}
    for number, raw in enumerate(rows, 2):
        row = {columns[k]: (v or "").strip() for k, v in raw.items() if k in columns}
        case = _case(row, beside, path, number)
        if case.id in cases:
            raise CaseError(f"{path.name}, line {number}: id {case.id!r} is given twice")
        cases[case.id] = case
    return tuple(cases.values())


def _beside(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        said = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise CaseError(f"{path.name}: no JSON that can be read ({type(error).__name__})") from error
    if not isinstance(said, dict):
        raise CaseError(f"{path.name}: not a JSON object of context keys")
    return said


def _columns(row: Mapping[str, Any]) -> dict[str, str]:
    """Our name of each column of the file that we understand."""
    ours = {alias: name for name, aliases in NAMES.items() for alias in aliases}
    return {column: ours[plain] for column in row if column and (plain := column.strip().lower()) in ours}


def _case(row: Row, beside: Mapping[str, Any], path: Path, number: int) -> EvalCase:
    where = f"{path.name}, line {number}"
    try:
        context = {**beside, **_context(row)}
        if "date_of_service" not in context:
            raise CaseError(f"{where}: no date_of_service; give the column, or --context with it")
        return EvalCase(
            id=row.get("id") or f"{path.stem}-{number - 1}",
            note=row.get("note", ""),
            context=context,
            gold=_gold(row),
            specialty=row.get("specialty", ""),
            dataset=row.get("dataset") or path.stem,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CaseError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise CaseError(f"{where}: {error}") from error


def _context(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {k: row[k] for k in ("date_of_service", "payer", "place_of_service") if row.get(k)}
    if row.get("age"):
        said["age"] = int(float(row["age"]))
    if row.get("sex"):
        said["sex"] = _SEXES.get(row["sex"].lower(), row["sex"].lower())
    if row.get("new_patient"):
        flag = row["new_patient"].lower()
        if flag not in _FLAGS:
            raise ValueError(f"new_patient is {flag!r}, not yes or no")
        said["new_patient"] = _FLAGS[flag]
    return said


def _gold(row: Row) -> dict[str, Any]:
    gold: dict[str, Any] = {}
    if row.get("icd10"):
        must = _codes(row["icd10"])
        gold["icd10"] = {
            "must": must,
            "may": [*must, *_codes(row.get("icd10_may", ""))],
            "first": row.get("first") or None,
        }
    if row.get("em"):
        codes = _codes(row["em"])
        gold["em"] = {"codes": codes} if codes else None
    if row.get("cpt"):
        gold["lines"] = [
            {"code": c, "modifiers": m.split("-") if m else []}
            for c, _, m in (x.partition("-") for x in _codes(row["cpt"]))
        ]
    if row.get("must_not"):
        gold["must_not"] = _codes(row["must_not"])
    return gold


def _codes(cell: str) -> list[str]:
    found = [
        code for code in re.split(r"[\s;,|]+", cell.strip("[]").replace("'", "").replace('"', "")) if code
    ]
    return [] if [c.lower() for c in found] == ["none"] else found
