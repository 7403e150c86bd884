"""Everything the bookshelf knows of a code, as plain values for people, tools and the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from knowledge.icd10cm import IcdCode, IcdNote, dotted
from knowledge.vocabulary import in_range

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.procedures import Procedure

System = Literal["icd10cm", "cpt", "hcpcs"]
Json = Mapping[str, object]

NOTE_KINDS: Final = (
    "includes",
    "inclusion_terms",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional",
    "code_also",
    "notes",
    "seventh_note",
)
_CHILDREN_SHOWN: Final = 30


def describe(shelf: "Bookshelf", code: str, on: date | None = None, system: System | None = None) -> Json:
    """Describe a code of any system.

    Args:
        shelf: the opened bookshelf.
        code: ICD-10-CM with or without its dot, CPT or HCPCS.
        on: date of service; None means the newest edition.
        system: the code set; None tries ICD-10-CM first, then the procedure table ("J1885" is both in form).

    Returns:
        A mapping with ``found``; when False, ``why`` says what the loaded table can and can not tell.
    """
    if system in {None, "icd10cm"}:
        found = shelf.icd.find(code, on)
        if found is not None:
            return _icd(shelf, found, on)
        if system == "icd10cm":
            why = f"{dotted(code)} is not in ICD-10-CM {shelf.icd.edition(on)}"
            return {"code": dotted(code), "system": "ICD-10-CM", "found": False, "why": why}
    return _procedure(shelf, code.strip().upper(), on)


def _icd(shelf: "Bookshelf", found: IcdCode, on: date | None) -> Json:
    notes = shelf.icd.notes(found.code, on)
    block, block_title = shelf.icd.section(found.code, on)
    mismatch = on is not None and shelf.editions.choose("icd10cm", on).mismatch
    children = shelf.icd.children(found.code, on)
    return {
        "code": found.code,
        "system": "ICD-10-CM",
        "found": True,
        "display": found.display,
        "billable": found.billable,
        "needs": found.needs,
        "edition": found.edition,
        "edition_mismatch": mismatch,
        "chapter": {"number": found.chapter, "title": shelf.icd.chapter_title(found.chapter, on)},
        "section": {"id": block, "title": block_title},
        "path": [f"{one.code} {one.display}" for one in reversed(shelf.icd.ancestors(found.code, on))],
        "children": [f"{one.code} {one.display}" for one in children[:_CHILDREN_SHOWN]],
        "children_left_out": max(0, len(children) - _CHILDREN_SHOWN),
        "seventh": dict(notes.seventh),
        "chronic": shelf.chronic.is_chronic(found.code),
        "integral": [row.symptom for row in shelf.vocabulary.integral if in_range(found.code, row.disease)],
        "notes": {kind: _lines(getattr(notes, kind)) for kind in NOTE_KINDS if getattr(notes, kind)},
    }


def _lines(notes: Iterable[IcdNote]) -> list[Json]:
    return [
        {
            "text": f"{note.lead} {note.text}" if note.lead else note.text,
            "origin": note.origin,
            "codes": [str(ref) for ref in note.refs],
        }
        for note in notes
    ]


def _procedure(shelf: "Bookshelf", code: str, on: date | None) -> Json:
    table = shelf.procedures
    found = table.find(code, on)
    if found is None:
        ended = table.terminated(code)
        if ended is not None and (on is None or on > ended.last_day):
            instead = f"; use {ended.successor}" if ended.successor else ""
            why = f"{code} was valid until {ended.last_day}{instead}"
        else:
            why = f"{code} is unknown to the loaded procedure table (edition {table.edition}, partial)"
        return {"code": code, "system": None, "found": False, "why": why}
    return {
        "code": found.code,
        "system": str(found.system),
        "found": True,
        "display": found.title,
        "billable": True,
        "needs": None,
        "edition": found.edition,
        **_figures(found),
        "components": _components(shelf, found, on),
        "add_on_to": list(shelf.edits.add_on_primaries(code, on) or ()),
        "drug_unit": _drug_unit(shelf, code),
    }


def _figures(found: "Procedure") -> dict[str, object]:
    left_out = {"code", "title", "edition"}
    return {f.name: _plain(getattr(found, f.name)) for f in fields(found) if f.name not in left_out}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _components(shelf: "Bookshelf", found: "Procedure", on: date | None) -> list[Json]:
    rows = ((m, shelf.procedures.component(found.code, m, on)) for m in ("26", "TC", "53"))
    return [
        {"modifier": modifier, "work_rvu": str(row.work_rvu), "total_nonfacility": str(row.total_nonfacility)}
        for modifier, row in rows
        if row is not None
    ]


def _drug_unit(shelf: "Bookshelf", code: str) -> Json | None:
    unit = shelf.procedures.drug_unit(code)
    if unit is None:
        return None
    return {"drug": unit.drug, "amount": str(unit.amount), "unit": unit.unit, "up_to": unit.up_to}
