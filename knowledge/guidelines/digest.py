"""The guideline digest: strict loader of the sections, written in our own words, from TOML files."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from knowledge.errors import TableError

DIGEST_DIR = Path(__file__).parent / "digest"

_ID = re.compile(r"^[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9_]+)*$")
_Row = dict[str, object]
_HEADER = {"source", "effective_from", "effective_to", "topics", "section"}
_REQUIRED = {"id", "title", "text"}
_OPTIONAL = {"source", "effective_from", "effective_to", "topics", "keywords"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GuidelineSection:
    """One section of a guideline as it reads in one period.

    Attributes:
        id: the official section id (``I.C.9.a.2``, ``NCCI.I.D``), or ours where the publication numbers none
            (``EM.time``).
        title: short heading, our words.
        text: what the section asks for, our words.
        topics: broad subjects, for browsing.
        keywords: words coders use for it that the text does not hold; searched, never shown as the rule.
        effective_from: first day on which this wording holds.
        effective_to: last day, or None while no end is known.
        source: the publication it digests.
        official: whether ``title`` and ``text`` are the publication's own, imported, and not our words.
    """

    id: str
    title: str
    text: str
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    source: str
    official: bool = False

    def in_force(self, on: date) -> bool:
        """True when this wording holds on the day."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)

    @property
    def version(self) -> str:
        """Key of this wording: the id, its first day, and whether it is the official one."""
        return f"{self.id}@{self.effective_from.isoformat()}{'#official' if self.official else ''}"


def load_digest(folder: Path = DIGEST_DIR) -> tuple[GuidelineSection, ...]:
    """Read every ``*.toml`` of a folder, in file order.

    Raises:
        TableError: a file is missing, malformed, holds an unknown key or a bad value, or two wordings of one
            section overlap in time.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise TableError(f"{folder}: no guideline digest (*.toml) here")
    sections = tuple(section for file in files for section in _read_file(file))
    _refuse_overlaps(sections)
    return sections


def _read_file(file: Path) -> list[GuidelineSection]:
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError(f"{file.name}: not readable as TOML: {error}") from error
    unknown = set(raw) - _HEADER
    if unknown:
        raise TableError(f"{file.name}: unknown key {sorted(unknown)[0]!r} in the header")
    rows = raw.pop("section", None)
    if not isinstance(rows, list) or not rows:
        raise TableError(f"{file.name}: holds no [[section]]")
    return [_read_section(file, number, raw, row) for number, row in enumerate(rows, start=1)]


def _read_section(file: Path, number: int, header: _Row, row: _Row) -> GuidelineSection:
    where = f"{file.name}, section {number} ({row.get('id', 'no id')})"
    if missing := _REQUIRED - set(row):
        raise TableError(f"{where}: {sorted(missing)[0]} is missing")
    if unknown := set(row) - _REQUIRED - _OPTIONAL:
        raise TableError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    merged = {**header, **row}
    start, end = _day(where, merged, "effective_from"), _day(where, merged, "effective_to")
    if start is None or (end is not None and end < start):
        raise TableError(f"{where}: needs effective_from, and effective_to not before it")
    section_id = _text(where, merged, "id")
    if not _ID.match(section_id):
        raise TableError(f"{where}: the id is not well-formed")
    return GuidelineSection(
        id=section_id,
        title=_text(where, merged, "title"),
        text=_text(where, merged, "text"),
        topics=_list(where, merged, "topics"),
        keywords=_list(where, merged, "keywords"),
        effective_from=start,
        effective_to=end,
        source=_text(where, merged, "source"),
    )


def _text(where: str, row: _Row, key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TableError(f"{where}: {key} must be a text")
    return " ".join(value.split())


def _list(where: str, row: _Row, key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise TableError(f"{where}: {key} must be a list of texts")
    return tuple(value)


def _day(where: str, row: _Row, key: str) -> date | None:
    value = row.get(key)
    if value is None or value == "":
        return None
    if type(value) is not date:
        raise TableError(f"{where}: {key} must be a date such as 2025-10-01")
    return value


def _refuse_overlaps(sections: tuple[GuidelineSection, ...]) -> None:
    by_id: dict[str, list[GuidelineSection]] = {}
    for section in sections:
        by_id.setdefault(section.id, []).append(section)
    for section_id, versions in by_id.items():
        ordered = sorted(versions, key=lambda s: s.effective_from)
        for earlier, later in pairwise(ordered):
            if earlier.in_force(later.effective_from):
                raise TableError(f"{section_id}: two wordings hold on {later.effective_from.isoformat()}")
