"""Strict loading of the CSV tables beside this package, once per process."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from knowledge.errors import TableError
from tools.text.tokens import key

DATA = Path(__file__).parent / "data"


def rows(name: str, columns: tuple[str, ...], *, folder: Path = DATA) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a table.

    Raises:
        TableError: the file lacks or has other columns than named, or a row has too few or too many cells.
    """
    path = folder / name
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != columns:
            msg = f"{name} line 1: columns must be {', '.join(columns)}"
            raise TableError(msg)
        for row in reader:
            if None in row or None in row.values() or not row[columns[0]].strip():
                msg = f"{name} line {reader.line_num}: wrong number of cells or empty first cell"
                raise TableError(msg)
            yield reader.line_num, {key: value.strip() for key, value in row.items()}


def one_of(value: str, allowed: frozenset[str], name: str, line: int) -> str:
    """Return ``value`` if it is allowed.

    Raises:
        TableError: it is not.
    """
    if value not in allowed:
        msg = f"{name} line {line}: {value!r} is not one of {', '.join(sorted(allowed))}"
        raise TableError(msg)
    return value


@cache
def mapping(name: str, columns: tuple[str, str]) -> dict[str, str]:
    """Return a two-column table as a mapping of its first column to its second.

    Raises:
        TableError: malformed, or a key occurs twice.
    """
    found: dict[str, str] = {}
    for line, row in rows(name, columns):
        key = row[columns[0]]
        if key in found:
            msg = f"{name} line {line}: {key!r} occurs twice"
            raise TableError(msg)
        found[key] = row[columns[1]]
    return found


@cache
def word_set(name: str) -> frozenset[str]:
    """Return a set of words in normal form from ``words.csv``.

    Raises:
        TableError: the table has no such set.
    """
    words = mapping("words.csv", ("set", "words")).get(name)
    if words is None:
        msg = f"words.csv: no set {name!r}"
        raise TableError(msg)
    return frozenset(key(words))
