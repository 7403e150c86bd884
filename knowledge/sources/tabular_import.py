"""Importing an ICD-10-CM tabular list (XML): notes, sections and 7th characters of its own fiscal year.

The order file says which codes exist; the tabular list says what stands at them. Whichever comes first, the edition of
the year is made of both: the official XML is kept beside the editions so that a later order file finds it.
"""

import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from knowledge.errors import TableError
from knowledge.imported import edition_of, edition_path
from knowledge.sources.complete import refuse_part
from knowledge.sources.format import Format, Into
from knowledge.sources.icd_import import kept_path, merge, write_icd
from knowledge.sources.icd_order import OrderRow
from knowledge.sources.opened import sha256_of
from knowledge.sources.tabular_xml import Tabular, read_tabular
from knowledge.store import Original, find_original
from knowledge.whole import written_whole

LEAST: Final = 90_000
"""Fewest codes of a whole list, generated ones included (fiscal years 2024 to 2026 have 97,296 to 98,262)."""
_SAME: Final = 0.95


def import_tabular(path: Path, home: Path, *, shipped: Original | None = None, least: int = LEAST) -> Path:
    """Import one tabular list; the order file of its year, where imported, keeps its say on which codes exist.

    Raises:
        TableError: damaged, not whole, of no fiscal year, or most codes are unknown: made up.
    """
    shipped = shipped or find_original()
    tabular = read_tabular(path)
    _whole(tabular, read_tabular(shipped.path), path.name, least)
    year = tabular.version
    original = Original(path=path, sha256=sha256_of([path]), release=path.stem)
    source, merged = path.name, tabular
    held = edition_path(home, "icd10cm", year)
    if held.exists() and "notes of" in (before := edition_of(held).source):
        order = before.split("; ")[0]
        merged, source = merge(_order_rows(held, year), tabular, year), f"{order}; notes of {path.name}"
    made = write_icd(home, merged, original, source, original.sha256)
    kept = kept_path(home, year)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(kept) as temporary:
        shutil.copyfile(path, temporary)
    return made


def _whole(tabular: Tabular, known: Tabular, name: str, least: int) -> None:
    if not re.fullmatch(r"20\d\d", tabular.version):
        raise TableError(f"{name}: its version {tabular.version!r} is no fiscal year")
    refuse_part(len(tabular.codes), least, name, what="codes", whole="list")
    titles = {row.code: row.display for row in known.codes}
    shared = [row for row in tabular.codes if row.code in titles]
    same = sum(titles[row.code].lower() == row.display.lower() for row in shared)
    if len(shared) < _SAME * len(tabular.codes) or same < _SAME * len(shared):
        raise TableError(
            f"{name}: only {same:,} of {len(tabular.codes):,} codes and titles are known from {known.version}: "
            "shuffled or made up?"
        )


def _order_rows(store: Path, year: str) -> list[OrderRow]:
    query = "SELECT code, display, billable, parent FROM icd_code WHERE edition = ? ORDER BY place"
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return [
            OrderRow(code=code, display=display, billable=bool(billable), parent=parent)
            for code, display, billable, parent in connection.execute(query, (year,))
        ]


def _load(paths: Sequence[Path], into: Into) -> Path:
    return import_tabular(paths[0], into.home)


TABULAR: Final = Format(
    name="ICD-10-CM tabular list", told=lambda head: "<ICD10CM.tabular" in head, load=_load
)
