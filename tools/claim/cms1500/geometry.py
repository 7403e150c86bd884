"""Where everything stands on the form: 66 lines of 12 pt, 80 columns of 7.2 pt, letter paper."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from knowledge.errors import TableError

_FOLDER = Path(__file__).parent / "data"
COLUMN = 7.2
"""Width of a column in points: 10 characters an inch."""
PAGE = (612.0, 792.0)
_LEFT, _TOP, _LINE = 22.0, 770.0, 12.0
_Row = TypeVar("_Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One place for data: its box, line and column (1-based), width in characters."""

    field: str
    box: str
    line: int
    column: int
    width: int
    kind: Literal["text", "check"]
    align: Literal["left", "right"]

    @property
    def x(self) -> float:
        """Left edge in points from the left of the page."""
        return _LEFT + COLUMN * (self.column - 1)

    @property
    def y(self) -> float:
        """Baseline in points from the bottom of the page."""
        return _TOP - _LINE * self.line


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A line, dashed line, shaded area or small box of the form, in points."""

    kind: Literal["line", "thick", "dash", "shade", "box"]
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A printed caption: its left end and baseline, size in points."""

    x: float
    y: float
    size: float
    style: Literal["plain", "bold", "turned"]
    text: str


@cache
def form_fields() -> dict[str, Field]:
    """Every field by name.

    Raises:
        TableError: fields.csv is malformed.
    """
    rows = _read("fields.csv", Field)
    return {row.field: row for row in rows}


@cache
def form_rules() -> tuple[Rule, ...]:
    """Every line and area of the form."""
    return tuple(_read("rules.csv", Rule))


@cache
def form_labels() -> tuple[Label, ...]:
    """Every caption of the form."""
    return tuple(_read("labels.csv", Label))


def _read(name: str, row_type: Callable[..., _Row]) -> Iterator[_Row]:
    types = {f.name: f.type for f in fields(row_type)}  # type: ignore[arg-type]  # a dataclass, per the callers
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != list(types):
            raise TableError(f"{name}: columns are {reader.fieldnames}, expected {list(types)}")
        for number, row in enumerate(reader, 2):
            try:
                yield row_type(**{key: _value(types[key], text) for key, text in row.items()})
            except (KeyError, TypeError, ValueError) as error:
                raise TableError(f"{name} line {number}: {error}") from None


def _value(kind: object, text: str) -> str | int | float:
    if kind is int:
        return int(text)
    if kind is float:
        return float(text)
    allowed: tuple[str, ...] = getattr(kind, "__args__", ())
    if allowed and text not in allowed:
        raise ValueError(f"{text!r} is not one of {', '.join(allowed)}")
    return text
