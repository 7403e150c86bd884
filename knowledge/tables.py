"""The one strict reader of shipped CSV and TOML tables: a file not exactly as described is refused."""

import csv
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar, get_type_hints

from knowledge.errors import TableError

EDITION: Final = "2026"


class RowType(Protocol):
    """Any dataclass: its field names are the columns, its annotations say how a cell is read."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=RowType)


def edition_folder(data_dir: Path) -> Path:
    """Return the folder of the shipped edition, given that folder or the one above it."""
    inner = data_dir / EDITION
    return inner if inner.is_dir() else data_dir


def read_csv(path: Path, row: type[R]) -> tuple[R, ...]:
    """Read a table whose header is exactly the fields of ``row``, in order.

    Leading lines that start with ``#`` tell where the figures come from and are skipped.
    Cells: text, whole numbers, decimals, ISO dates, ``yes``/``no``; several values are parted by ``|``;
    an empty cell is None where the field allows it, an empty tuple for lists, "" for text.

    Args:
        path: the file.
        row: a dataclass of str, int, bool, Decimal, date, tuple[str, ...] or "X | None" fields.

    Raises:
        TableError: no such file, another header, a row too short or long, or a cell that can not be read.
    """
    names = [field.name for field in fields(row)]
    converters = _converters(row)
    out: list[R] = []
    for line, cells in _records(path, names):
        try:
            values = {n: c(v) for n, c, v in zip(names, converters, cells, strict=True)}
            out.append(row(**values))
        except (ValueError, InvalidOperation) as error:
            raise TableError(f"{path.name}, line {line}: {_say(error, cells)}") from error
    return tuple(out)


def read_toml(path: Path, *, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Read a TOML file whose top-level keys are exactly the required ones and some of the optional ones.

    Raises:
        TableError: no such file, not TOML, a key missing or unknown.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TableError(f"{path.name}: {error}") from error
    missing = set(required) - content.keys()
    unknown = content.keys() - set(required) - set(optional)
    if missing or unknown:
        raise TableError(f"{path.name}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    return content


def unique(path: Path, keys: Iterable[object]) -> None:
    """Refuse a table in which a key occurs twice.

    Raises:
        TableError: naming the key.
    """
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            raise TableError(f"{path.name}: {key} occurs twice")
        seen.add(key)


def _records(path: Path, names: list[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path.name}: {error}") from error
    skip = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(lines[skip:], strict=True)
    header = next(reader, [])
    if header != names:
        raise TableError(f"{path.name}, line {skip + 1}: columns are {header}, expected {names}")
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise TableError(f"{path.name}, line {skip + reader.line_num}: {error}") from error
        if cells is None:
            return
        if len(cells) != len(names):
            raise TableError(
                f"{path.name}, line {skip + reader.line_num}: {len(cells)} cells, expected {len(names)}"
            )
        yield skip + reader.line_num, cells


@lru_cache(maxsize=64)
def _converters(row: type[RowType]) -> tuple[Callable[[str], object], ...]:
    hints = get_type_hints(row)
    return tuple(_converter(hints[field.name]) for field in fields(row))


def _converter(hint: object) -> Callable[[str], object]:
    for kind, convert in _CONVERT:
        if hint == kind:
            return convert
        if hint == kind | None:
            return lambda cell, convert=convert: convert(cell) if cell else None  # type: ignore[misc]
    if hint == tuple[str, ...]:
        return lambda cell: tuple(cell.split("|")) if cell else ()
    return lambda cell: cell


def _yes(cell: str) -> bool:
    if cell not in {"yes", "no"}:
        raise ValueError(f"{cell!r} is neither yes nor no")
    return cell == "yes"


def _say(error: Exception, cells: list[str]) -> str:
    what = "a number can not be read" if isinstance(error, InvalidOperation) else str(error)
    return f"{what} (row {cells[0]!r})"


_CONVERT: Final[tuple[tuple[Any, Callable[[str], object]], ...]] = (
    (int, int),
    (bool, _yes),
    (Decimal, lru_cache(maxsize=8192)(Decimal)),
    (date, date.fromisoformat),
)
