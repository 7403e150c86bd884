"""The small tables of the FHIR side: payer kinds, filing codes, places, author roles, states."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from knowledge.errors import TableError
from tools.encounter import PayerKind

_FOLDER = Path(__file__).parent / "data"


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with exactly these columns.

    Raises:
        TableError: other columns, or a row with too few or too many cells.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise TableError(f"{path.name}, line 1: columns {reader.fieldnames} instead of {list(columns)}")
        for row in reader:
            if None in row or None in row.values():
                raise TableError(f"{path.name}, line {reader.line_num}: {len(columns)} cells are expected")
            yield reader.line_num, {key: cell.strip() for key, cell in row.items()}


def payer_kind_of(cell: str, where: str) -> PayerKind:
    """The cell as a payer kind.

    Raises:
        TableError: it is none.
    """
    for kind in get_args(PayerKind):
        if kind == cell:
            return kind  # type: ignore[no-any-return] # get_args is untyped
    raise TableError(f"{where}: '{cell}' is no payer kind")


_BASES: dict[str, Literal["code", "name"]] = {"code": "code", "name": "name"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PayerRule:
    """One sign of a payer's kind: a code of Coverage.type, or words in the payer's or plan's name."""

    kind: PayerKind
    filing_code: str
    basis: Literal["code", "name"]
    system: str
    pattern: re.Pattern[str]


@cache
def payer_rules(path: Path = _FOLDER / "payer_kinds.csv") -> tuple[PayerRule, ...]:
    """Signs of payer kinds in the order in which they are tried."""
    rules = []
    for line, row in _rows(path, ("basis", "system", "pattern", "payer_kind", "filing_code")):
        where = f"{path.name}, line {line}"
        if row["basis"] not in _BASES:
            raise TableError(f"{where}: basis '{row['basis']}' is neither 'code' nor 'name'")
        try:
            pattern = re.compile(row["pattern"], re.IGNORECASE)
        except re.error as fault:
            raise TableError(f"{where}: pattern: {fault}") from fault
        kind = payer_kind_of(row["payer_kind"], where)
        rules.append(
            PayerRule(
                kind=kind,
                filing_code=row["filing_code"],
                basis=_BASES[row["basis"]],
                system=row["system"],
                pattern=pattern,
            )
        )
    return tuple(rules)


@cache
def filing_codes(path: Path = _FOLDER / "filing_codes.csv") -> MappingProxyType[PayerKind, str]:
    """837P SBR09 of a payer kind when nothing more exact is known."""
    found = {
        payer_kind_of(row["payer_kind"], f"{path.name}, line {line}"): row["filing_code"]
        for line, row in _rows(path, ("payer_kind", "filing_code"))
    }
    return MappingProxyType(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceRule:
    """A sign of a place of service: an Encounter.class (``*`` any) with a Location type code or words."""

    encounter_class: str
    location_code: str
    location_words: re.Pattern[str] | None
    place: str


@cache
def place_rules(path: Path = _FOLDER / "places.csv") -> tuple[PlaceRule, ...]:
    """Signs of places of service in the order in which they are tried."""
    rules = []
    for line, row in _rows(path, ("encounter_class", "location_code", "location_words", "place")):
        if not re.fullmatch(r"\d\d", row["place"]):
            raise TableError(f"{path.name}, line {line}: '{row['place']}' is no 2-digit place of service")
        words = re.compile(row["location_words"], re.IGNORECASE) if row["location_words"] else None
        rules.append(
            PlaceRule(
                encounter_class=row["encounter_class"],
                location_code=row["location_code"],
                location_words=words,
                place=row["place"],
            )
        )
    return tuple(rules)


@cache
def staff_taxonomies(
    path: Path = _FOLDER / "author_roles.csv",
) -> tuple[tuple[str, Literal["provider", "staff"]], ...]:
    """NUCC prefixes, longest first, with whether such an author may establish a diagnosis."""
    roles: dict[str, Literal["provider", "staff"]] = {"provider": "provider", "staff": "staff"}
    found = []
    for line, row in _rows(path, ("taxonomy_prefix", "role", "who")):
        if row["role"] not in roles:
            raise TableError(
                f"{path.name}, line {line}: role '{row['role']}' is neither 'provider' nor 'staff'"
            )
        found.append((row["taxonomy_prefix"], roles[row["role"]]))
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


@cache
def state_codes(path: Path = _FOLDER / "states.csv") -> MappingProxyType[str, str]:
    """Lower-case state name or code -> postal code of two letters."""
    found: dict[str, str] = {}
    for _, row in _rows(path, ("code", "name")):
        found[row["code"].lower()] = row["code"]
        found[row["name"].lower()] = row["code"]
    return MappingProxyType(found)
