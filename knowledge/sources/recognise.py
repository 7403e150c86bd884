"""Which format a file belongs to, told by its content; each is imported, refused or passed over, with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from knowledge.bookshelf import DATA
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.procedures import ProcedureTable
from knowledge.sources.archive import unpacked
from knowledge.sources.format import Format, Into
from knowledge.sources.formats import FORMATS, format_of
from knowledge.sources.opened import head_of
from knowledge.store import Progress
from knowledge.tables import read_csv

NOT_IMPORTED: Final = "is none of the official files that can be imported"
State = Literal["imported", "refused", "passed over"]
_Member = tuple[Path, str]
"""A file to import, and how it is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one file, or of the files that make one edition together.

    Attributes:
        files: the files as given (with the archive a member came from).
        state: imported; refused, as damaged or not what it says; or passed over, as nothing to import.
        reason: why it was refused or passed over, "" where it was imported.
        format: its format, "" where it has none.
        path: the edition's file, None where there is none.
    """

    files: tuple[str, ...]
    state: State
    reason: str = ""
    format: str = ""
    path: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _NoTable:
    """What is known to be no table of ours: a text that its beginning holds, and why it is passed over."""

    holds: str
    why: str


def import_files(
    paths: Sequence[Path], home: Path, known: EditTables, progress: Progress | None = None
) -> Iterator[Path]:
    """Import official files; yields each edition's file when it is in place.

    All files are recognised before the first is imported.

    Raises:
        TableError: a file is of no known format, or its import is refused; editions yielded before stay.
    """
    into = Into(home=home, edits=known, procedures=ProcedureTable.load(DATA), progress=progress)
    with TemporaryDirectory() as folder:
        found = [(path, _wanted(path)) for given in paths for path in unpacked(given, Path(folder))]
        for one in FORMATS:
            members = dict.fromkeys((path, path.name) for path, found_format in found if found_format is one)
            for group in _editions(one, list(members)):
                yield _load(one, group, into)


def import_folder(
    folders: Sequence[Path], home: Path, known: EditTables, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Import what folders hold, at any depth; a file that is refused or is no table does not stop the others.

    Args:
        folders: folders or files.
        home: the data folder.
        known: the shipped edits, which true NCCI files agree with.
        progress: called with (what, done, total).
    """
    into = Into(home=home, edits=known, procedures=ProcedureTable.load(DATA), progress=progress)
    given = [path for folder in folders for path in files_in(folder)]
    with TemporaryDirectory() as folder:
        sorted_out: dict[str, list[_Member]] = {one.name: [] for one in FORMATS}
        for path in given:
            yield from _sort(path, Path(folder), sorted_out)
        for one in FORMATS:
            yield from _load_all(one, sorted_out[one.name], into)


def files_in(folder: Path) -> list[Path]:
    """The files of a folder and of those below it, hidden ones left out; a file is itself."""
    if not folder.is_dir():
        return [folder]
    found = (p for p in folder.rglob("*") if p.is_file())
    return sorted(p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts))


def _wanted(path: Path) -> Format:
    """The format of a file that a person named; why it has none, where that is known."""
    head = head_of(path)[1]
    found = format_of(head)
    if found is None:
        known = _no_table(path.name, head)
        raise TableError(f"{known}; nothing is imported" if known else f"{path.name}: {NOT_IMPORTED}")
    return found


def _sort(path: Path, folder: Path, into: dict[str, list[_Member]]) -> Iterator[Outcome]:
    """Put a file, or what its archive holds, to its format; yields what is put to none."""
    try:
        members = list(unpacked(path, folder / str(len(list(folder.iterdir())))))
    except TableError as error:
        yield Outcome(files=(str(path),), state="refused", reason=str(error))
        return
    for member in members:
        shown = str(path) if member == path else f"{path} > {member.name}"
        try:
            found = _told(member)
        except TableError as error:
            yield Outcome(files=(shown,), state="refused", reason=str(error))
            continue
        if isinstance(found, str):
            yield Outcome(files=(shown,), state="passed over", reason=found)
        else:
            into[found.name].append((member, shown))


def _told(path: Path) -> Format | str:
    """The format of a file found in a folder, or why it is passed over: an excerpt by its name, or no table of ours."""
    name = path.name
    if "excerpt" in name.lower():
        return f"{name}: says by its name that it is an excerpt; an edition is made of whole files"
    head = head_of(path)[1]
    return format_of(head) or _no_table(name, head) or f"{name}: {NOT_IMPORTED}"


def _no_table(name: str, head: str) -> str | None:
    """Why a file of no format is no table of ours, where its content is known; None otherwise."""
    known = read_csv(DATA / "sources" / "no_tables.csv", _NoTable)
    return next((f"{name}: {row.why}" for row in known if row.holds in head), None)


def _load_all(one: Format, members: Sequence[_Member], into: Into) -> Iterator[Outcome]:
    for group in _editions(one, members):
        shown = tuple(name for _, name in group)
        try:
            made = _load(one, group, into)
        except TableError as error:
            yield Outcome(files=shown, state="refused", reason=str(error), format=one.name)
        else:
            yield Outcome(files=shown, state="imported", format=one.name, path=made)


def _editions(one: Format, members: Sequence[_Member]) -> list[list[_Member]]:
    """The files of each edition, in the order of loading.

    What others change comes first (an index before its addenda); of a text and its PDF, the PDF stays.
    """
    if one.together:
        return [list(members)] if members else []
    rank = {".xml": 0, ".pdf": 2}
    return [[member] for member in sorted(members, key=lambda m: rank.get(m[0].suffix.lower(), 1))]


def _load(one: Format, group: Sequence[_Member], into: Into) -> Path:
    paths = [path for path, _ in group]
    what = f"{one.name} {paths[0].name}"
    into.tell(what)
    try:
        return one.load(paths, into)
    finally:
        into.tell(what, 1)
