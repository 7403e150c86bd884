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
            members = list(dict.fromkeys(path for path, found_format in found if found_format is one))
            if members:
                into.tell(one.name)
                yield from one.load(members, into)
                into.tell(one.name, 1)


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
        sorted_out: dict[str, list[tuple[Path, str]]] = {one.name: [] for one in FORMATS}
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
    reason = _no_table(path)
    if reason is not None:
        raise TableError(f"{reason}; nothing is imported")
    return _format_of(path)


def _format_of(path: Path) -> Format:
    found = format_of(head_of(path)[1])
    if found is None:
        raise TableError(f"{path.name}: {NOT_IMPORTED}")
    return found


def _sort(path: Path, folder: Path, into: dict[str, list[tuple[Path, str]]]) -> Iterator[Outcome]:
    """Put a file, or what its archive holds, to its format; yields what is put to none."""
    try:
        members = list(unpacked(path, folder / str(len(list(folder.iterdir())))))
    except TableError as error:
        yield Outcome(files=(str(path),), state="refused", reason=str(error))
        return
    for member in members:
        shown = str(path) if member == path else f"{path} > {member.name}"
        reason = _passed_over(member)
        if reason is not None:
            yield Outcome(files=(shown,), state="passed over", reason=reason)
            continue
        try:
            found = _format_of(member)
        except TableError as error:
            state: State = "passed over" if str(error).endswith(NOT_IMPORTED) else "refused"
            yield Outcome(files=(shown,), state=state, reason=str(error))
            continue
        into[found.name].append((member, shown))


def _passed_over(path: Path) -> str | None:
    """Why a file is not even tried: it says itself that it is an excerpt, or is known to be no table."""
    if "excerpt" in path.name.lower():
        return f"{path.name}: says by its name that it is an excerpt; an edition is made of whole files"
    return _no_table(path)


def _no_table(path: Path) -> str | None:
    """Why a file is no table of ours, where its content is known; None otherwise."""
    try:
        head = head_of(path)[1]
    except TableError:
        return None
    if format_of(head) is not None:
        return None
    known = read_csv(DATA / "sources" / "no_tables.csv", _NoTable)
    return next((f"{path.name}: {row.why}" for row in known if row.holds in head), None)


def _load_all(one: Format, members: Sequence[tuple[Path, str]], into: Into) -> Iterator[Outcome]:
    groups = [list(members)] if one.together and members else [[member] for member in _ordered(members)]
    for group in groups:
        shown = tuple(name for _, name in group)
        into.tell(one.name)
        try:
            for path in one.load([member for member, _ in group], into):
                yield Outcome(files=shown, state="imported", format=one.name, path=path)
        except TableError as error:
            yield Outcome(files=shown, state="refused", reason=str(error), format=one.name)
        into.tell(one.name, 1)


def _ordered(members: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """What others change comes first (an index before its addenda); of a text and its PDF, the PDF stays."""
    rank = {".xml": 0, ".pdf": 2}
    return sorted(members, key=lambda member: rank.get(member[0].suffix.lower(), 1))
