"""Importing the official ICD-10-CM guidelines: the PDF, or its text, becomes an edition of sections by id."""

import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from knowledge.errors import TableError
from knowledge.guidelines import load_digest
from knowledge.imported import Release, write_edition
from knowledge.sources.complete import refuse_part
from knowledge.sources.format import Format, Into
from knowledge.sources.guideline_text import Section, cut, span_of
from knowledge.sources.opened import open_text, sha256_of

TABLE: Final = "icd10cm_guidelines"
LEAST: Final = 400
"""Fewest sections of a whole text (fiscal years 2025 and 2026 have 484 to 490)."""
_AGREE: Final = 0.9
_SCHEMA: Final = """
CREATE TABLE section (place INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL);
"""


def import_guidelines(path: Path, home: Path, *, least: int = LEAST) -> Path:
    """Import one set of official guidelines; its title page tells when it is in force.

    Raises:
        TableError: not the guidelines, cut off, or not in agreement with the sections that the digest knows.
    """
    with open_text(path) as (name, lines):
        text = _decoded(lines.read())
    span = span_of(text)
    if span is None:
        raise TableError(f"{name}: the title page is not that of the official guidelines")
    first, last = span
    sections = cut(text, name)
    refuse_part(len(sections), least, name, what="sections", whole="text")
    _agree(sections, first, name)
    year = first.year + (first.month >= 10)

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(_SCHEMA)
        rows = ((n, s.id, s.title, s.text) for n, s in enumerate(sections))
        connection.executemany("INSERT INTO section VALUES (?, ?, ?, ?)", rows)
        return len(sections)

    release = Release(
        table=TABLE,
        edition=str(year) if first.month == 10 else f"{year}-{first.month:02}",
        effective_from=first,
        effective_to=last,
        source=name,
        sha256=sha256_of([path]),
    )
    return write_edition(home, release, fill)


def _decoded(text: str) -> str:
    """Text files of the guidelines are UTF-8; they were opened as Latin-1, which loses nothing."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _agree(sections: Sequence[Section], first: date, name: str) -> None:
    """Hold the ids against those of the digest; what the digest numbers for other years is left aside."""
    held = {section.id for section in sections}
    if len(held) < len(sections):
        raise TableError(f"{name}: a section id occurs twice: pages shuffled or pasted together?")
    asked = {
        s.id for s in load_digest() if s.in_force(first) and s.id.split(".")[0] in {"I", "II", "III", "IV"}
    }
    found = len(asked & held)
    if found < _AGREE * len(asked):
        raise TableError(
            f"{name}: only {found} of {len(asked)} known sections are in it: shuffled or made up?"
        )


def _load(paths: Sequence[Path], into: Into) -> Path:
    return import_guidelines(paths[0], into.home)


GUIDELINES: Final = Format(
    name="official ICD-10-CM guidelines",
    told=lambda head: span_of(_decoded(head)) is not None,
    load=_load,
)
