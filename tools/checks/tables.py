"""The check's own tables: readers, diagnosis cues, title words, code limits, order, pairs."""

import csv
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from knowledge.errors import TableError
from knowledge.vocabulary import in_range
from tools.checks.stems import tokens

DATA = Path(__file__).parent / "data"
EDITION = "2026"
RowT = TypeVar("RowT")


@dataclass(frozen=True, kw_only=True, slots=True)
class CueGroup:
    """Alternatives of which one must be said: terms as stems, or patterns over the lower-cased text."""

    terms: tuple[frozenset[str], ...]
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DxCue:
    """What establishes codes that no term names: every group must be said.

    ``only`` rows decide alone, ``also`` rows add to the terms of the tables, and under ``title_word`` rows any one
    word of the code's title will do.
    """

    codes: str
    mode: str
    groups: tuple[CueGroup, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TitleWords:
    """Stems of filler words and of body sites in code titles."""

    filler: frozenset[str]
    sites: frozenset[str]
    kin: Mapping[str, frozenset[str]]
    vague: frozenset[str]


def read_rows(
    path: Path, columns: tuple[str, ...], make: Callable[[Mapping[str, str]], RowT]
) -> tuple[RowT, ...]:
    """Read a CSV file with exactly these columns.

    Raises:
        TableError: a wrong header, a ragged row or a bad value; names file, line and reason.
    """
    rows: list[RowT] = []
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(line for line in handle if not line.startswith("#"))
        if tuple(next(reader, ())) != columns:
            raise TableError(f"{path.name}:1: the columns must be {','.join(columns)}")
        for cells in reader:
            if len(cells) != len(columns):
                raise TableError(f"{path.name}:{reader.line_num}: {len(cells)} cells, {len(columns)} wanted")
            try:
                rows.append(make(dict(zip(columns, cells, strict=True))))
            except (ValueError, re.error) as error:
                raise TableError(f"{path.name}:{reader.line_num}: {error}") from error
    return tuple(rows)


def groups(cell: str) -> tuple[CueGroup, ...]:
    """Read cue groups: alternatives parted by ``|``, groups by ``&``, ``/.../`` for a pattern.

    Raises:
        ValueError: a group is empty.
    """
    return tuple(_group(part) for part in cell.split(" & "))


def _group(part: str) -> CueGroup:
    terms: list[frozenset[str]] = []
    patterns: list[re.Pattern[str]] = []
    for alternative in re.findall(r"/[^/]+/|[^|/]+", part):
        text = alternative.strip()
        if text.startswith("/"):
            patterns.append(re.compile(text.strip("/")))
        elif text:
            terms.append(frozenset(t.stem for t in tokens(text.lower())))
    if not terms and not patterns:
        raise ValueError(f"an empty group in {part!r}")
    return CueGroup(terms=tuple(terms), patterns=tuple(patterns))


@lru_cache(maxsize=65536)
def within(code: str, spans: tuple[str, ...]) -> bool:
    """Whether a diagnosis code lies in any of several ranges ("J00-J06", "R05")."""
    return any(in_range(code, span) for span in spans)


@lru_cache(maxsize=1)
def dx_cues() -> tuple[DxCue, ...]:
    """Return the rows of ``dx_cues.csv``."""

    def make(cells: Mapping[str, str]) -> DxCue:
        if cells["mode"] not in {"only", "also", "title_word"}:
            raise ValueError(f"unknown mode {cells['mode']!r}")
        return DxCue(codes=cells["codes"], mode=cells["mode"], groups=groups(cells["cues"]))

    return read_rows(DATA / "dx_cues.csv", ("codes", "mode", "cues"), make)


@lru_cache(maxsize=1)
def title_words() -> TitleWords:
    """Return the word lists of ``title_words.toml``."""
    raw = tomllib.loads((DATA / "title_words.toml").read_text(encoding="utf-8"))
    families = [_stems(family) for family in raw["kin"]]
    sites = _stems(raw["sites"]).union(*families)
    kin = {site: frozenset().union(*(f for f in families if site in f)) for site in sites}
    return TitleWords(filler=_stems(raw["filler"]), sites=sites, kin=kin, vague=_stems(raw["vague"]))


def _stems(words: list[str]) -> frozenset[str]:
    return frozenset(t.stem for word in words for t in tokens(word))


@dataclass(frozen=True, kw_only=True, slots=True)
class DxLimit:
    """Ages (years, both ends included) or sex a code range is for, or that it is a manifestation."""

    codes: str
    kind: str
    age_min: int | None
    age_max: int | None
    sex: str


@dataclass(frozen=True, kw_only=True)
class DxLimits:
    """The rows of ``dx_limits.csv``, found by the first three characters of a code."""

    rows: Mapping[str, tuple[DxLimit, ...]]

    def age(self, code: str) -> DxLimit | None:
        """The age row of a code, None when it fits any age."""
        return self._find(code, "age")

    def sex(self, code: str) -> DxLimit | None:
        """The sex row of a code, None when it fits both."""
        return self._find(code, "sex")

    def manifestation(self, code: str) -> bool:
        """Whether a code is a manifestation that is never first-listed."""
        return self._find(code, "manifestation") is not None

    def _find(self, code: str, kind: str) -> DxLimit | None:
        rows = (*self.rows.get(code[:3], ()), *self.rows.get(code[:1], ()))
        return next((row for row in rows if row.kind == kind and in_range(code, row.codes)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """Codes that are only secondary, a mere status, or only first-listed."""

    kind: str
    codes: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PairRow:
    """Two groups of codes that contradict each other or that one combination code replaces."""

    kind: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    unless: tuple[str, ...]
    instead: str
    why: str


@lru_cache(maxsize=1)
def dx_limits() -> DxLimits:
    """Return the age, sex and manifestation limits."""

    def make(cells: Mapping[str, str]) -> DxLimit:
        if cells["kind"] not in {"age", "sex", "manifestation"}:
            raise ValueError(f"unknown kind {cells['kind']!r}")
        low, high = cells["age_min"], cells["age_max"]
        return DxLimit(
            codes=cells["codes"],
            kind=cells["kind"],
            age_min=int(low) if low else None,
            age_max=int(high) if high else None,
            sex=cells["sex"],
        )

    found: dict[str, list[DxLimit]] = {}
    for row in read_rows(DATA / "dx_limits.csv", ("codes", "kind", "age_min", "age_max", "sex"), make):
        low, _, high = row.codes.partition("-")
        key = low[:3] if not high or low[:3] == high[:3] else low[:1]
        found.setdefault(key if len(low) >= 3 else low[:1], []).append(row)
    return DxLimits(rows={key: tuple(rows) for key, rows in found.items()})


@lru_cache(maxsize=1)
def _dx_order() -> tuple[OrderRow, ...]:
    columns = ("kind", "codes", "why")
    return read_rows(DATA / "dx_order.csv", columns, lambda cells: OrderRow(**cells))


@lru_cache(maxsize=8192)
def dx_order(kind: str, code: str) -> OrderRow | None:
    """Return the order row of a kind that holds a code, None when there is none."""
    spans = [row for row in _dx_order() if row.kind == kind and in_range(code, row.codes)]
    spared = any(in_range(code, row.codes) for row in _dx_order() if row.kind == f"not_{kind}")
    return spans[0] if spans and not spared else None


@lru_cache(maxsize=1)
def dx_pairs() -> tuple[PairRow, ...]:
    """Return the contradictions and combinations."""

    def make(cells: Mapping[str, str]) -> PairRow:
        many = {
            key: tuple(cells[key].split("|")) if cells[key] else () for key in ("first", "second", "unless")
        }
        if not many["first"] or not many["second"]:
            raise ValueError("a pair needs both sides")
        return PairRow(kind=cells["kind"], instead=cells["instead"], why=cells["why"], **many)

    return read_rows(DATA / "dx_pairs.csv", ("kind", "first", "second", "unless", "instead", "why"), make)
