"""Importing an ICD-10-CM order file: one fiscal year becomes an edition that look-ups and search answer from.

The order file says which codes exist, which are billable, and their titles. Notes, sections and 7th characters come
from the shipped tabular list, for the places that both years have; the edition's source says so.
"""

import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from knowledge.errors import TableError
from knowledge.find.index import build_index
from knowledge.imported import Release, write_edition
from knowledge.sources.complete import refuse_part
from knowledge.sources.icd_order import OrderRow, read_order, year_of
from knowledge.sources.opened import open_text, sha256_of
from knowledge.sources.tabular_xml import ORDINALS, CodeRow, Tabular, read_tabular
from knowledge.store import INDEXES, Original, find_original, tabular_edition, write_tabular
from knowledge.store import SCHEMA as STORE_SCHEMA

LEAST: Final = 90_000
"""Fewest lines of a whole file (fiscal years 2024 to 2026 have 97,296 to 98,186)."""
_SAME_CODES: Final = 0.95
_SAME_TITLES: Final = 0.95


def import_order(path: Path, home: Path, *, original: Original | None = None, least: int = LEAST) -> Path:
    """Import one order file, all of it or nothing.

    Args:
        path: the official file, or a zip that holds it alone.
        home: the data folder.
        original: the tabular list that lends notes and sections; None means the imported one of the same year, or
            the shipped one.
        least: fewest lines of a whole file.

    Returns:
        The edition's file.

    Raises:
        TableError: damaged, not whole, of another year than its name says, shuffled or made up.
    """
    with open_text(path) as (name, text):
        year = year_of(name)
        if year is None:
            raise TableError(
                f"{name}: the fiscal year is told by the name only; keep it (icd10cm-order-2026.txt)"
            )
        rows = list(read_order(text, name))
    original = original or _kept(home, year) or find_original()
    refuse_part(len(rows), least, name, what="lines")
    tabular = read_tabular(original.path)
    _agrees(rows, tabular, year, name)
    merged = merge(rows, tabular, str(year))
    source = f"{name}; notes of {tabular.version} ({original.path.name})"
    return write_icd(home, merged, original, source, sha256_of([path]))


def write_icd(home: Path, tabular: Tabular, original: Original, source: str, sha256: str) -> Path:
    """Write an edition of ICD-10-CM, searchable; ``original`` is where its notes come from.

    Raises:
        TableError: the version of the tabular list is no fiscal year.
    """
    edition = tabular_edition(tabular, original)
    release = Release.of_fiscal_year(edition.table, int(tabular.version), source, sha256)

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(STORE_SCHEMA)
        write_tabular(connection, tabular, edition)
        build_index(connection, tabular, tabular.version)
        connection.executescript(INDEXES)
        return len(tabular.codes)

    return write_edition(home, release, fill)


def kept_path(home: Path, year: str) -> Path:
    """Where an imported tabular list is kept for the order file of its year."""
    return home / "originals" / f"icd10cm-tabular-{year}.xml"


def _kept(home: Path, year: int) -> Original | None:
    path = kept_path(home, str(year))
    return Original(path=path, sha256=sha256_of([path]), release=path.stem) if path.exists() else None


def _agrees(rows: Sequence[OrderRow], tabular: Tabular, year: int, name: str) -> None:
    """Hold the codes against those known: nearly all stay from year to year, and some change every year."""
    known = {row.code: row for row in tabular.codes}
    given = {row.code: row for row in rows}
    shared = given.keys() & known.keys()
    if len(shared) < _SAME_CODES * max(len(given), len(known)):
        raise TableError(
            f"{name}: only {len(shared):,} of {len(given):,} codes are known from {tabular.version}: "
            "cut off or made up?"
        )
    listed = [code for code in shared if known[code].listed]
    same = sum(_folded(known[code].display) == _folded(given[code].display) for code in listed)
    if same < _SAME_TITLES * len(listed):
        raise TableError(
            f"{name}: only {same:,} of {len(listed):,} titles are as known: shuffled or made up?"
        )
    equal = len(shared) == len(given) == len(known)
    if equal != (str(year) == tabular.version):
        raise TableError(
            f"{name}: its codes are {'' if equal else 'not '}those of {tabular.version}, "
            f"its name says {year}: mislabelled?"
        )


def _folded(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return " ".join(plain.lower().split())


def merge(rows: Sequence[OrderRow], tabular: Tabular, year: str) -> Tabular:
    """Put the codes of an order file in the place of those of a tabular list.

    Notes, sections and 7th characters are kept where their place still exists. Titles are the order file's.
    """
    known = {row.code: row for row in tabular.codes}
    codes = _rows(rows, known)
    held = {row.code for row in codes}
    places = {block for block, _, _ in tabular.sections} | {f"chapter {n}" for n, _ in tabular.chapters}
    return Tabular(
        version=year,
        codes=codes,
        notes=[note for note in tabular.notes if note.origin in held or note.origin in places],
        sevenths=[row for row in tabular.sevenths if row[0] in held],
        sections=tabular.sections,
        chapters=tabular.chapters,
    )


def _rows(rows: Sequence[OrderRow], known: Mapping[str, CodeRow]) -> list[CodeRow]:
    below: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        below[row.parent].append(row.code)
    out: list[CodeRow] = []
    place = next(iter(known.values()))
    for row in rows:
        place = known.get(row.code[:3], place)
        base = known.get(row.code)
        same = base is not None and _folded(base.display) == _folded(row.display)
        out.append(
            CodeRow(
                code=row.code,
                display=base.display if base is not None and same else row.display,
                billable=row.billable,
                parent=row.parent,
                chapter=place.chapter,
                block=place.block,
                needs=None if row.billable else _needs(row.code, below[row.code]),
                listed=base.listed if base is not None else len(row.code) < 8,
            )
        )
    return out


def _needs(code: str, children: Sequence[str]) -> str:
    """Say what makes a header billable, in the words of the tabular list."""
    if children and all(len(child) == 8 for child in children):
        chars = [child[-1] for child in children]
        if len(chars) == 1:
            return f"7th character: {chars[0]}"
        return f"7th character: {', '.join(chars[:-1])} or {chars[-1]}"
    return f"{ORDINALS[len(code.replace('.', '')) + 1]} character"
