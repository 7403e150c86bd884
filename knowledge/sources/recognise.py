"""Which importer a file belongs to, told by its content; files of one table are imported together."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from knowledge.bookshelf import DATA
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.procedures import ProcedureTable
from knowledge.sources.fee_import import import_values, is_values
from knowledge.sources.icd_import import import_order
from knowledge.sources.icd_order import is_order
from knowledge.sources.index_import import import_index
from knowledge.sources.ncci_import import import_ncci, table_of
from knowledge.sources.opened import head_of
from knowledge.store import Progress


def import_files(
    paths: Sequence[Path], home: Path, known: EditTables, progress: Progress | None = None
) -> Iterator[Path]:
    """Import official files; yields each edition's file when it is in place.

    The parts of the pair edits are taken together. All files are recognised before the first is imported.

    Args:
        paths: the files, of any tables.
        home: the data folder.
        known: the shipped edits, which true NCCI files agree with.
        progress: called with (what, done, total).

    Raises:
        TableError: a file is of no known table, or its import is refused; editions yielded before stay.
    """
    kinds = {path: _kind(path) for path in dict.fromkeys(paths)}
    pairs = [path for path, kind in kinds.items() if kind == "ncci_ptp"]
    for path, kind in kinds.items():
        if kind == "icd10cm":
            if progress is not None:
                progress(f"ICD-10-CM {path.name}", 0, 1)
            yield import_order(path, home)
        elif kind == "values":
            yield import_values(path, home, ProcedureTable.load(DATA))
        elif kind == "index":
            yield import_index(path, home).path
        elif kind != "ncci_ptp":
            yield import_ncci([path], home, known, progress=progress)
    if pairs:
        yield import_ncci(pairs, home, known, progress=progress)


def _kind(path: Path) -> str:
    table = table_of(path)
    if table is not None:
        return table
    if is_values(path):
        return "values"
    _, head = head_of(path)
    if is_order(head):
        return "icd10cm"
    start = head.removeprefix("\xef\xbb\xbf")
    if "<ICD10CM.index" in start or "ICD-10-CM INDEX TO DISEASES" in start.upper():
        return "index"
    raise TableError(f"{path.name}: is none of the official files that can be imported")
