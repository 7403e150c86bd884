"""The search index of one edition: every title and term of the tabular list, as stems and postings."""

import re
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from knowledge.errors import TableError
from knowledge.find.words import SEARCH_DATA, Token, read_rows, stem, tokens
from knowledge.ranges import parse_refs

if TYPE_CHECKING:
    from knowledge.sources.tabular_xml import CodeRow, NoteRow, Tabular

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS icd_term (
  edition TEXT NOT NULL, id INTEGER NOT NULL, code TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL,
  stems TEXT NOT NULL, PRIMARY KEY (edition, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS icd_posting (
  edition TEXT NOT NULL, stem TEXT NOT NULL, terms BLOB NOT NULL, PRIMARY KEY (edition, stem)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS icd_text USING fts5(
  text, code UNINDEXED, edition UNINDEXED, tokenize = 'porter unicode61');
CREATE TABLE IF NOT EXISTS icd_weight (edition TEXT PRIMARY KEY, weights BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS icd_side (
  edition TEXT NOT NULL, family TEXT NOT NULL, side TEXT NOT NULL, code TEXT NOT NULL,
  PRIMARY KEY (edition, family, side)) WITHOUT ROWID;
"""
SIDES: Final = ("right", "left", "bilateral", "unspecified")
_CROSS_REFERENCES: Final = frozenset({"excludes1", "excludes2"})

WEIGHTS_FILE: Final = SEARCH_DATA / "weights.csv"


@dataclass(frozen=True, slots=True)
class Term:
    """One way to say a code: ``source`` is title, inclusion, includes or reference."""

    code: str
    source: str
    text: str
    stems: tuple[Token, ...]


class Rarity:
    """How much a stem says: rare ones much, common and neutral ones little."""

    def __init__(self, counts: Mapping[str, int], total: int) -> None:
        self.counts = counts
        self._log_total = log(total + 1)
        self._memo: dict[str, float] = {}
        self._factors = word_weights()

    def weight(self, stem: str) -> float:
        """Weigh a stem of a query, 0..1; a stem that no term holds weighs as a rare one."""
        found = self._memo.get(stem)
        if found is None:
            found = 1.0 - log(self.counts.get(stem, 0) + 1) / self._log_total * 0.8
            found = self._memo[stem] = found * self._factors.get(stem, (1.0, 1.0))[0]
        return found

    def doc_weight(self, encoded: str) -> float:
        """Weigh an encoded token of a term by how much it narrows the term."""
        if encoded[0] == "?":
            return self.weight(encoded[1:]) * 0.1
        if encoded[0] == "~":
            return self.weight(encoded[1:]) * 0.2
        return self.weight(encoded) * self._factors.get(encoded, (1.0, 1.0))[1]


@lru_cache(maxsize=1)
def word_weights(path: Path = WEIGHTS_FILE) -> Mapping[str, tuple[float, float]]:
    """Load how much words count: stem -> (factor of its weight, further factor where nobody asked for it).

    Raises:
        TableError: other columns, a factor that is no number, or a word given twice (file, line, reason).
    """
    out: dict[str, tuple[float, float]] = {}
    for line, (word, weight, unasked) in read_rows(path, ("word", "weight", "unasked")):
        try:
            factors = float(weight), float(unasked)
        except ValueError as error:
            raise TableError(f"{path.name}:{line}: {error}") from error
        if stem(word) in out:
            raise TableError(f"{path.name}:{line}: {word} is given twice")
        out[stem(word)] = factors
    return MappingProxyType(out)


def build_index(connection: sqlite3.Connection, tabular: "Tabular", edition: str) -> None:
    """Write terms, postings and sided families of one edition."""
    connection.executescript(SCHEMA)
    families = sided_families(tabular.codes)
    rows = [
        (edition, family, side, code) for family, sides in families.items() for side, code in sides.items()
    ]
    connection.executemany("INSERT INTO icd_side VALUES (?, ?, ?, ?)", rows)
    terms = list(collect(tabular, families))
    write_terms(connection, terms, edition)
    connection.executemany(
        "INSERT INTO icd_text VALUES (?, ?, ?)", [(term.text, term.code, edition) for term in terms]
    )


def collect(tabular: "Tabular", families: dict[str, dict[str, str]]) -> Iterator[Term]:
    """Yield every term of a tabular list; the codes of a sided family share one title."""
    family_of = {code: family for family, sides in families.items() for code in sides.values()}
    listed = {row.code for row in tabular.codes if row.listed}
    for row in tabular.codes:
        family = family_of.get(row.code)
        if row.listed and family in {None, row.code}:
            stems = tokens(row.display) if family is None else _without_sides(row.display)
            yield Term(row.code, "title", row.display, stems)
    for note in tabular.notes:
        yield from _from_note(note, listed)


def _from_note(note: "NoteRow", listed: set[str]) -> Iterator[Term]:
    if note.kind == "inclusion_terms":
        yield Term(note.origin, "inclusion", note.text, tokens(note.text))
    elif note.kind == "includes" and note.origin in listed and not note.text.endswith(":"):
        yield Term(note.origin, "includes", note.text, tokens(note.text))
    elif note.kind in _CROSS_REFERENCES:
        refs = parse_refs(note.text)
        if len(refs) == 1 and refs[0].low == refs[0].high and not refs[0].part and refs[0].exact:
            bare = refs[0].low
            code = f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare
            text = re.sub(r"\s*\([^()]*\)\s*$", "", note.text)
            if code in listed and text:
                yield Term(code, "reference", text, tokens(text))


def write_terms(
    connection: sqlite3.Connection, terms: Iterable[Term], edition: str, rarity: Rarity | None = None
) -> None:
    """Write terms and their postings; a negated stem has a posting of its own, marked ``~``.

    Terms are weighed by ``rarity``; None means by how rare their stems are among themselves.
    """
    postings: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    seen: set[tuple[str, tuple[Token, ...]]] = set()
    rows: list[tuple[str, int, str, str, str, str]] = []
    for term in terms:
        if not term.stems or (term.code, term.stems) in seen:
            continue
        seen.add((term.code, term.stems))
        number = len(rows)
        rows.append((edition, number, term.code, term.source, term.text, " ".join(map(encode, term.stems))))
        for token in term.stems:
            postings[f"~{token.stem}" if token.negated else token.stem].append(number)
    connection.executemany("INSERT INTO icd_term VALUES (?, ?, ?, ?, ?, ?)", rows)
    blobs = ((edition, stem, numbers.tobytes()) for stem, numbers in sorted(postings.items()))
    connection.executemany("INSERT INTO icd_posting VALUES (?, ?, ?)", blobs)
    rarity = rarity or Rarity({stem: len(numbers) for stem, numbers in postings.items()}, len(rows))
    weights = array("f", (sum(map(rarity.doc_weight, row[5].split())) for row in rows))
    connection.execute("INSERT INTO icd_weight VALUES (?, ?)", (edition, weights.tobytes()))


def encode(token: Token) -> str:
    """Write a token as one word: ``?stem`` optional, ``~stem`` negated."""
    return f"{'~' if token.negated else '?' if token.optional else ''}{token.stem}"


def sided_families(codes: Iterable["CodeRow"]) -> dict[str, dict[str, str]]:
    """Group sibling codes that differ in the side only: representative code -> side -> code.

    The representative is the code of the unspecified side, or the first one where there is none.
    """
    groups: defaultdict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = defaultdict(list)
    for row in codes:
        side = side_of(row.display)
        if row.listed and side:
            key = tuple(sorted(token.stem for token in _without_sides(row.display)))
            groups[row.parent, key].append((side, row.code))
    out: dict[str, dict[str, str]] = {}
    for members in groups.values():
        sides = dict(members)
        if len(sides) == len(members) and {"right", "left"} & set(sides) and len(sides) > 1:
            out[sides.get("unspecified", members[0][1])] = sides
    _attach_bilateral(out, groups)
    return out


def _attach_bilateral(
    families: dict[str, dict[str, str]],
    groups: Mapping[tuple[str, tuple[str, ...]], list[tuple[str, str]]],
) -> None:
    """Add a bilateral code whose title leaves out the organ ("..., bilateral" beside "..., right eye")."""
    family_of = {code: family for family, sides in families.items() for code in sides.values()}
    keys: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
    for (parent, stems), members in groups.items():
        if members[0][1] in family_of:
            keys[parent][family_of[members[0][1]]] = set(stems)
    for (parent, stems), members in groups.items():
        side, code = members[0]
        if len(members) > 1 or side != "bilateral":
            continue
        fits = [f for f, key in keys[parent].items() if set(stems) < key and len(key) - len(stems) == 1]
        if len(fits) == 1 and "bilateral" not in families[fits[0]]:
            families[fits[0]]["bilateral"] = code


def side_of(title: str) -> str | None:
    """Read the side out of a title; None where it names none, or two."""
    words = set(re.findall(r"\w+", title.lower()))
    named = [side for side in SIDES if side in words]
    if "unspecified" in named and len(named) > 1:
        named.remove("unspecified")
    return named[0] if len(named) == 1 else None


def _without_sides(title: str) -> tuple[Token, ...]:
    return tuple(token for token in tokens(title) if token.stem not in SIDES_STEMS)


SIDES_STEMS: Final = frozenset(token.stem for side in SIDES for token in tokens(side))
