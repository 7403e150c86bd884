"""The ICD-10-CM indexes (XML of CDC/NCHS) as plain rows: Alphabetic Index, external causes, neoplasms, drugs.

All four share the root ``ICD10CM.index``; what they are is told by their title, or by the headings of their columns.
A title is mixed content: text, a non-essential modifier (``nemod``) and text after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from xml.sax import SAXException

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, parse

from knowledge.errors import TableError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # noqa: TID251 - the type only; parsing is defusedxml's

Kind = Literal["index", "external", "neoplasm", "drug"]

ROOT: Final = "ICD10CM.index"
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "neoplasm": ("primary", "secondary", "in_situ", "benign", "uncertain", "unspecified"),
    "drug": ("accidental", "self_harm", "assault", "undetermined", "adverse_effect", "underdosing"),
}
_HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "neoplasm": (
        "malignant primary",
        "malignant secondary",
        "ca in situ",
        "benign",
        "uncertain",
        "unspecified",
    ),
    "drug": ("accidental", "self-harm", "assault", "undetermined", "adverse effect", "underdosing"),
}
_TITLES: Final[dict[str, Kind]] = {"diseases and injuries": "index", "external cause": "external"}
_CODE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?(?:\.?-)?")
_EMPTY_CELLS: Final = frozenset({"-", "--"})
_FIRST_CELL: Final = 2
_KNOWN: Final = frozenset(
    {"title", "code", "see", "seeAlso", "seecat", "subcat", "manif", "cell", "term", "warning"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexRow:
    """One entry of an index.

    ``path`` is the chain of titles from the main term down to the entry, brackets of non-essential modifiers kept.
    ``code`` keeps a trailing dash (a code that needs more characters), ``""`` where there is none. ``manifestation`` is
    what the file says there: a second code, or words. ``cells`` holds the six codes of a table in the order of ``COLUMNS``, empty for the two indexes of words.
    """

    number: int
    level: int
    path: tuple[str, ...]
    code: str = ""
    manifestation: str = ""
    see: str = ""
    see_also: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFile:
    """A whole index: what it is, the fiscal year it names, and its rows in the order of the file."""

    kind: Kind
    version: str
    rows: tuple[IndexRow, ...]


def read_index(path: Path) -> IndexFile:
    """Read one of the four index files.

    Raises:
        TableError: not an index of ICD-10-CM, not whole, or an entry that can not be read (file, entry, reason).
    """
    try:
        root = parse(path, forbid_dtd=True).getroot()
    except (ParseError, SAXException, DefusedXmlException, UnicodeDecodeError) as error:
        raise TableError(f"{path.name}: not readable as XML, or cut off: {error}") from error
    if root is None:
        raise TableError(f"{path.name}: holds no element")
    return index_of(root, path.name)


def index_of(root: "Element", name: str) -> IndexFile:
    """Read a parsed index.

    Raises:
        TableError: as ``read_index``.
    """
    kind = kind_of(root, name)
    version = " ".join((root.findtext("version") or "").split())
    if not re.fullmatch(r"20\d\d", version):
        raise TableError(f"{name}: version {version!r} is not a fiscal year")
    return IndexFile(kind=kind, version=version, rows=tuple(_Walk(kind, name).rows(root)))


def kind_of(root: "Element", name: str) -> Kind:
    """Tell which index a file is, by its title or the headings of its columns.

    Raises:
        TableError: neither says it, or the columns stand in another order than the table's.
    """
    if root.tag != ROOT:
        raise TableError(f"{name}: the root is {root.tag}, not {ROOT}: this is no index of ICD-10-CM")
    heads = {head.get("col", ""): _flat(head) for head in root.iterfind("indexHeading/head")}
    if heads:
        return _table_of(heads, name)
    title = " ".join((root.findtext("title") or "").lower().split())
    for part, kind in _TITLES.items():
        if part in title:
            return kind
    raise TableError(
        f"{name}: title {title!r} names neither the index of diseases nor that of external causes"
    )


def _table_of(heads: dict[str, str], name: str) -> Kind:
    for kind, wanted in _HEADINGS.items():
        found = [heads.get(str(col), "") for col in range(_FIRST_CELL, _FIRST_CELL + len(wanted))]
        agree = sum(want in have for want, have in zip(wanted, found, strict=True))
        if agree == len(wanted):
            return "neoplasm" if kind == "neoplasm" else "drug"
        if agree:
            raise TableError(f"{name}: the columns are not those of the {kind} table in their order: {found}")
    raise TableError(
        f"{name}: headings {list(heads.values())} are of neither the neoplasm nor the drug table"
    )


class _Walk:
    """Walks the entries of one file; numbers them and checks each."""

    def __init__(self, kind: Kind, name: str) -> None:
        self._kind = kind
        self._name = name
        self._number = 0

    def rows(self, root: "Element") -> Iterator[IndexRow]:
        letters = root.findall("letter")
        if not letters:
            raise TableError(f"{self._name}: holds no letter")
        seen: list[str] = []
        for letter in letters:
            title = _flat(letter.find("title"))
            if title in seen or (seen and title < seen[-1]):
                raise TableError(
                    f"{self._name}: letter {title!r} comes after {seen[-1]!r}: not in order, or twice"
                )
            seen.append(title)
            for main in letter.iterfind("mainTerm"):
                yield from self._entry(main, (), title)

    def _entry(self, element: "Element", above: tuple[str, ...], letter: str) -> Iterator[IndexRow]:
        title = _spaced(element.find("title"))
        path = (*above, title)
        where = f"{self._name}: {' > '.join(path)!r} (letter {letter})"
        if not title:
            raise TableError(f"{where}: an entry without a title")
        if element.tag == "term" and element.get("level") != str(len(above)):
            raise TableError(f"{where}: level {element.get('level')} stands at depth {len(above)}")
        strange = {child.tag for child in element} - _KNOWN
        if strange:
            raise TableError(f"{where}: unknown element {', '.join(sorted(strange))}")
        self._number += 1
        yield self._row(element, path, where)
        for child in element.iterfind("term"):
            yield from self._entry(child, path, letter)

    def _row(self, element: "Element", path: tuple[str, ...], where: str) -> IndexRow:
        code = element.findtext("code") or element.findtext("subcat") or element.findtext("seecat") or ""
        return IndexRow(
            number=self._number,
            level=len(path) - 1,
            path=path,
            code=_code(code, where),
            manifestation=_spaced(element.find("manif")).strip("[] "),
            see=_spaced(element.find("see")),
            see_also=_spaced(element.find("seeAlso")),
            cells=self._cells(element, where),
        )

    def _cells(self, element: "Element", where: str) -> tuple[str, ...]:
        cells = element.findall("cell")
        if self._kind not in COLUMNS:
            if cells:
                raise TableError(f"{where}: columns of codes in an index of words")
            return ()
        out = [""] * len(COLUMNS[self._kind])
        for cell in cells:
            place = int(cell.get("col", "0")) - _FIRST_CELL if cell.get("col", "0").isdigit() else -1
            if not 0 <= place < len(out):
                raise TableError(f"{where}: column {cell.get('col')} does not exist")
            text = _spaced(cell)
            out[place] = "" if text in _EMPTY_CELLS else _code(text, where)
        if self._kind == "drug" and any(out):
            _check_intents(out, where)
        return tuple(out)


def _check_intents(cells: list[str], where: str) -> None:
    """A code of the drug table carries its column as last digit, 1 accidental to 6 underdosing (T36-T65)."""
    for place, code in enumerate(cells, 1):
        bare = code.rstrip("-").replace(".", "")
        if len(bare) == 6 and bare.startswith("T") and bare[5] != str(place):
            raise TableError(f"{where}: {code} stands in column {place + 1}: columns are shifted")


def _code(text: str, where: str) -> str:
    text = text.strip()
    if text and not _CODE.fullmatch(text):
        raise TableError(f"{where}: {text!r} is not a code")
    return text


def _spaced(element: "Element | None") -> str:
    """All text of an element, a blank before a bracket that follows a word."""
    if element is None:
        return ""
    parts = [element.text or ""]
    for child in element:
        parts += [" ", "".join(child.itertext()), child.tail or ""]
    return " ".join("".join(parts).split())


def _flat(element: "Element | None") -> str:
    return "" if element is None else " ".join("".join(element.itertext()).lower().split())
