"""The check's own tables on services: exclusive pairs, places, regions, modalities, what a note must say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tools.checks.tables import DATA, CueGroup, groups, read_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class ExclusiveRow:
    """Two groups of procedure codes of which one excludes the other; modifiers in ``unless`` lift it."""

    id: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    unless: tuple[str, ...]
    why: str

    def holds(self, a: str, b: str) -> bool:
        """Whether the first code is of the first group and the second of the second."""
        return _within(a, self.first) and _within(b, self.second)


def _within(code: str, spans: tuple[str, ...]) -> bool:
    return any(low <= code <= (high or low) for low, _, high in (span.partition("-") for span in spans))


@lru_cache(maxsize=65536)
def exclusive_rows(a: str, b: str) -> tuple[ExclusiveRow, ...]:
    """Return the rows by which two codes exclude each other, whichever comes first."""
    return tuple(row for row in exclusives() if row.holds(a, b) or row.holds(b, a))


@lru_cache(maxsize=1)
def exclusives() -> tuple[ExclusiveRow, ...]:
    """Return the services that exclude each other."""

    def make(cells: Mapping[str, str]) -> ExclusiveRow:
        def many(key: str) -> tuple[str, ...]:
            return tuple(cells[key].split("|")) if cells[key] else ()

        return ExclusiveRow(
            id=cells["id"],
            first=many("first"),
            second=many("second"),
            unless=many("unless"),
            why=cells["why"],
        )

    return read_rows(DATA / "exclusives.csv", ("id", "first", "second", "unless", "why"), make)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceRule:
    """Places a category or family of services is billed from ("only"), or never from ("not")."""

    selector: str
    only: bool
    places: frozenset[str]
    why: str

    def allows(self, place: str) -> bool:
        """Whether the service may be billed from the place."""
        return (place in self.places) is self.only


@lru_cache(maxsize=1)
def _place_rules() -> Mapping[str, PlaceRule]:
    def make(cells: Mapping[str, str]) -> PlaceRule:
        if cells["rule"] not in {"only", "not"}:
            raise ValueError(f"unknown rule {cells['rule']!r}")
        places = frozenset(cells["places"].split("|"))
        return PlaceRule(
            selector=cells["selector"], only=cells["rule"] == "only", places=places, why=cells["why"]
        )

    rows = read_rows(DATA / "place_rules.csv", ("selector", "rule", "places", "why"), make)
    return {row.selector: row for row in rows}


def place_rule(category: str, family: str) -> PlaceRule | None:
    """Return the place rule of a service, its family first, None when any place will do."""
    return _place_rules().get(family) or _place_rules().get(category)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceCue:
    """What a note must say of a service: every group, each as done."""

    selector: str
    groups: tuple[CueGroup, ...]


@lru_cache(maxsize=1)
def _service_cues() -> Mapping[str, ServiceCue]:
    def make(cells: Mapping[str, str]) -> ServiceCue:
        return ServiceCue(selector=cells["selector"], groups=groups(cells["cues"]))

    return {row.selector: row for row in read_rows(DATA / "service_cues.csv", ("selector", "cues"), make)}


def service_cue(code: str, family: str, category: str) -> ServiceCue | None:
    """Return what a note must say of a service: the row of its code, family or category, None when there is none."""
    rows = _service_cues()
    return rows.get(code) or rows.get(f"family:{family}") or rows.get(f"category:{category}")


@lru_cache(maxsize=1)
def regions() -> Mapping[str, re.Pattern[str]]:
    """Return the words by which people name a body region of the procedure table."""
    rows = read_rows(DATA / "regions.csv", ("region", "words"), dict)
    return {row["region"]: re.compile(rf"(?<![a-z0-9])(?:{row['words']})") for row in rows}


@lru_cache(maxsize=1)
def modalities() -> Mapping[str, re.Pattern[str]]:
    """Return the words by which people name a kind of imaging."""
    rows = read_rows(DATA / "modalities.csv", ("modality", "words"), dict)
    return {row["modality"]: re.compile(rf"(?<![a-z0-9])(?:{row['words']})(?![a-z0-9])") for row in rows}
