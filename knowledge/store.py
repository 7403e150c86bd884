"""The knowledge store: one SQLite file built from the official data, opened read-only afterwards."""

import hashlib
import sqlite3
import threading
import weakref
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from csv import reader
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from knowledge.editions import fiscal_year
from knowledge.errors import TableError
from knowledge.records import Edition
from knowledge.whole import written_whole

if TYPE_CHECKING:
    from knowledge.sources.tabular_xml import Tabular

HERE: Final = Path(__file__).parent
BUILDERS: Final = ("store.py", "sources/tabular_xml.py", "find/index.py", "find/words.py", "ranges.py")
PACKAGE: Final = "simple_icd_10_cm"
Progress = Callable[[str, int, int], None]

SCHEMA: Final = """
CREATE TABLE edition (
  name TEXT NOT NULL, edition TEXT NOT NULL, effective_from TEXT NOT NULL, effective_to TEXT,
  rows INTEGER NOT NULL, complete INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL,
  licence TEXT NOT NULL, PRIMARY KEY (name, edition)) WITHOUT ROWID;
CREATE TABLE icd_code (
  edition TEXT NOT NULL, code TEXT NOT NULL, display TEXT NOT NULL, billable INTEGER NOT NULL,
  parent TEXT NOT NULL, chapter INTEGER NOT NULL, block TEXT NOT NULL, needs TEXT, place INTEGER NOT NULL,
  PRIMARY KEY (edition, code)) WITHOUT ROWID;
CREATE TABLE icd_place (
  edition TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, PRIMARY KEY (edition, id)) WITHOUT ROWID;
CREATE TABLE icd_note (
  edition TEXT NOT NULL, origin TEXT NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
  lead TEXT NOT NULL, PRIMARY KEY (edition, origin, place)) WITHOUT ROWID;
CREATE TABLE icd_seventh (
  edition TEXT NOT NULL, origin TEXT NOT NULL, place INTEGER NOT NULL, char TEXT NOT NULL,
  meaning TEXT NOT NULL, PRIMARY KEY (edition, origin, place)) WITHOUT ROWID;
"""
INDEXES: Final = """
CREATE INDEX icd_code_parent ON icd_code (edition, parent, place);
CREATE INDEX icd_side_code ON icd_side (edition, code);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """An official file inside an installed package, and its checksum as the package records it."""

    path: Path
    sha256: str
    release: str


class Store:
    """Read-only access to a built store, safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, self._connection.close)

    def rows(self, query: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one query and return all its rows."""
        with self._lock:
            return self._connection.execute(query, arguments).fetchall()

    def editions(self) -> tuple[Edition, ...]:
        """List the editions that the store holds."""
        names = (
            "table",
            "edition",
            "effective_from",
            "effective_to",
            "rows",
            "complete",
            "source",
            "sha256",
            "licence",
        )
        rows = self.rows("SELECT * FROM edition ORDER BY name, effective_from")
        return tuple(Edition.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    def close(self) -> None:
        """Close the connection; the store can not be used afterwards."""
        self._finalizer()


def find_original() -> Original:
    """Locate the ICD-10-CM tabular list inside the installed package, without importing it.

    Raises:
        TableError: the package or its data file is missing.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise TableError(f"package {PACKAGE} is not installed: it brings the ICD-10-CM tabular list")
    folder = Path(spec.origin).parent
    found = sorted((folder / "data").glob("icd10*tabular*.xml"))
    if len(found) != 1:
        raise TableError(f"{folder / 'data'}: expected one tabular XML file, found {len(found)}")
    return Original(path=found[0], sha256=_recorded(found[0], folder), release=found[0].stem)


def _recorded(path: Path, folder: Path) -> str:
    """Read the file's sha256 from the package's RECORD, so that opening does not read the file."""
    name = path.relative_to(folder.parent).as_posix()
    for record in folder.parent.glob(f"{PACKAGE}-*.dist-info/RECORD"):
        with record.open(encoding="utf-8", newline="") as lines:
            for row in reader(lines):
                if row[0] == name and row[1].startswith("sha256="):
                    return urlsafe_b64decode(row[1].removeprefix("sha256=") + "=").hex()
    return file_sha256(path)


def file_sha256(path: Path) -> str:
    """Compute the sha256 of a file, in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def store_path(home: Path, original: Original) -> Path:
    """Name the store file: it changes with the official file, the word tables and the code that builds it."""
    total = hashlib.sha256(original.sha256.encode())
    for part in (*(HERE / name for name in BUILDERS), *sorted((HERE / "data" / "search").glob("*.csv"))):
        total.update(part.read_bytes())
    digest = total.hexdigest()
    return home / f"knowledge-{digest[:16]}.sqlite"


def open_store(home: Path, progress: Progress | None = None) -> Store:
    """Open the store in ``home``, building it first where it is missing.

    The build goes to a file of its own that is then renamed, so that two processes may build at once and an
    interrupted build leaves nothing that could be opened.

    Args:
        home: the data folder; made when missing.
        progress: called with (what, done, total) while building.

    Raises:
        TableError: the official file is missing, damaged or unreadable.
    """
    original = find_original()
    path = store_path(home, original)
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as temporary:
            _build(temporary, original, progress or _silent)
    return Store(path)


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


def _build(path: Path, original: Original, progress: Progress) -> None:
    from knowledge.find.index import build_index
    from knowledge.sources.tabular_xml import read_tabular

    progress("Reading the tabular list", 0, 4)
    if file_sha256(original.path) != original.sha256:
        raise TableError(f"{original.path.name}: differs from the file that the package recorded")
    tabular = read_tabular(original.path)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        progress("Writing codes and notes", 1, 4)
        edition = tabular_edition(tabular, original)
        write_tabular(connection, tabular, edition)
        progress("Building the search index", 2, 4)
        build_index(connection, tabular, edition.edition)
        progress("Finishing", 3, 4)
        connection.executescript(INDEXES + "ANALYZE;")
        connection.commit()
    progress("Ready", 4, 4)


def tabular_edition(tabular: "Tabular", original: Original) -> Edition:
    """Derive the edition of a tabular list: the US fiscal year it names, October to September."""
    if not tabular.version.isdigit():
        raise TableError(f"{original.path.name}: version {tabular.version!r} is not a fiscal year")
    begins, ends = fiscal_year(int(tabular.version))
    return Edition(
        table="icd10cm",
        edition=tabular.version,
        effective_from=begins,
        effective_to=ends,
        rows=len(tabular.codes),
        complete=True,
        source=f"CDC/NCHS {original.path.name}",
        sha256=original.sha256,
        licence="US Government work (NCHS/CMS); ICD-10 is copyright of the WHO",
    )


def write_tabular(connection: sqlite3.Connection, tabular: "Tabular", edition: Edition) -> None:
    """Write one edition of the tabular list."""
    name = edition.edition
    values = list(edition.model_dump(mode="json").values())
    connection.execute("INSERT INTO edition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    codes = (
        (name, c.code, c.display, c.billable, c.parent, c.chapter, c.block, c.needs, place)
        for place, c in enumerate(tabular.codes)
    )
    connection.executemany("INSERT INTO icd_code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", codes)
    places = [(name, f"chapter {number}", title) for number, title in tabular.chapters]
    places += [(name, block, title) for block, title, _chapter in tabular.sections]
    connection.executemany("INSERT INTO icd_place VALUES (?, ?, ?)", places)
    notes = ((name, n.origin, place, n.kind, n.text, n.lead) for place, n in enumerate(tabular.notes))
    connection.executemany("INSERT INTO icd_note VALUES (?, ?, ?, ?, ?, ?)", notes)
    sevenths = ((name, *row) for row in _numbered(tabular.sevenths))
    connection.executemany("INSERT INTO icd_seventh VALUES (?, ?, ?, ?, ?)", sevenths)


def _numbered(sevenths: list[tuple[str, str, str]]) -> Iterator[tuple[str, int, str, str]]:
    for place, (origin, char, meaning) in enumerate(sevenths):
        yield origin, place, char, meaning
