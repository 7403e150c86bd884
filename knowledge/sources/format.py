"""What a format of official files is: how its files are told by their content, and how they are loaded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.edits import EditTables
from knowledge.procedures import ProcedureTable
from knowledge.store import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Into:
    """Where imports go, and the shipped tables that true files agree with."""

    home: Path
    edits: EditTables
    procedures: ProcedureTable
    progress: Progress | None = None

    def tell(self, what: str, done: int = 0, total: int = 1) -> None:
        """Move the progress bar, where there is one."""
        if self.progress is not None:
            self.progress(what, done, total)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One kind of official file.

    Attributes:
        name: what a person calls it.
        told: whether the first characters of a text are of this format.
        load: imports the files of one edition, returns the edition's file when it is in place; raises TableError.
        together: whether all files of the format make one edition (the parts of the pair edits); else each makes its
            own.
    """

    name: str
    told: Callable[[str], bool]
    load: Callable[[Sequence[Path], Into], Path]
    together: bool = False
