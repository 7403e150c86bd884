"""The ICD-10-CM tabular list (XML of CDC/NCHS) as plain rows, with its generated 7th-character codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax import SAXException

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, parse

from knowledge.errors import TableError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # noqa: TID251 - the type only; parsing is defusedxml's

NOTE_KINDS: Final = {
    "includes": "includes",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional",
    "codeAlso": "code_also",
    "inclusionTerm": "inclusion_terms",
    "notes": "notes",
    "sevenChrNote": "seventh_note",
}
ORDINALS: Final = {4: "4th", 5: "5th", 6: "6th", 7: "7th", 8: "8th"}
_IMPOSSIBLE: Final = re.compile(
    r"7th characters ([A-Z])(?: and ([A-Z]))? do not apply to codes in category (\w{3})"
    r" with 6th character (.*)"
)
_CODE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeRow:
    """One header or billable code. ``parent`` is empty for a category."""

    code: str
    display: str
    billable: bool
    parent: str
    chapter: int
    block: str
    needs: str | None
    listed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRow:
    """One line of an instruction note at the place that carries it (code, section id or ``chapter N``)."""

    origin: str
    kind: str
    seq: int
    text: str
    lead: str


@dataclass(kw_only=True, slots=True)
class Tabular:
    """Everything one tabular file says, in tabular order."""

    version: str = ""
    codes: list[CodeRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    sevenths: list[tuple[str, str, str]] = field(default_factory=list)
    sections: list[tuple[str, str, int]] = field(default_factory=list)
    chapters: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a ``diag`` stands: chapter, section and the 7th characters in force."""

    chapter: int
    block: str
    sevenths: tuple[tuple[str, str], ...] = ()


def read_tabular(path: Path) -> Tabular:
    """Read one tabular XML file.

    Args:
        path: the file, in the layout of icd-10-cm-tabular.xsd.

    Returns:
        All chapters, sections, codes (generated 7-character ones included), notes and 7th characters.

    Raises:
        TableError: the file is no tabular list, or a part of it can not be read.
    """
    try:
        root = parse(str(path)).getroot()
    except (ParseError, SAXException, DefusedXmlException, UnicodeDecodeError) as error:
        raise TableError(f"{path.name}: not readable as XML ({error})") from error
    if root is None or root.tag != "ICD10CM.tabular":
        raise TableError(f"{path.name}: not an ICD-10-CM tabular list")
    return _Reader(path.name).read(root)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._out = Tabular()
        self._impossible: list[tuple[str, str, str]] = []
        self._seen: set[str] = set()

    def read(self, root: "Element") -> Tabular:
        self._out.version = _text(root, "version")
        for element in root.iterfind("chapter"):
            self._chapter(element)
        if not self._out.codes:
            raise TableError(f"{self._name}: holds no codes")
        return self._out

    def _chapter(self, element: "Element") -> None:
        number = _text(element, "name")
        if not number.isdigit():
            raise TableError(f"{self._name}: chapter number {number!r} is not a number")
        self._out.chapters.append((int(number), _text(element, "desc")))
        self._notes(element, f"chapter {number}")
        for section in element.iterfind("section"):
            block = section.get("id", "")
            self._out.sections.append((block, _text(section, "desc"), int(number)))
            self._notes(section, block)
            place = _Place(int(number), block)
            for diag in section.iterfind("diag"):
                self._diag(diag, "", place)

    def _diag(self, element: "Element", parent: str, place: _Place) -> None:
        code = self._name_of(element)
        if parent and not (code.startswith(parent) and len(code) > len(parent)):
            raise TableError(f"{self._name}: {code} can not stand below {parent}")
        own = _sevenths(element)
        if own:
            place = _Place(place.chapter, place.block, own)
            self._out.sevenths.extend((code, char, meaning) for char, meaning in own)
        self._notes(element, code)
        children = element.findall("diag")
        self._add(code, _text(element, "desc"), parent, place, children)
        for child in children:
            self._diag(child, code, place)
        if not children and place.sevenths:
            self._generate(code, _text(element, "desc"), place)

    def _name_of(self, element: "Element") -> str:
        code = _text(element, "name")
        if not _CODE.fullmatch(code):
            raise TableError(f"{self._name}: {code!r} is not the form of an ICD-10-CM code")
        if code in self._seen:
            raise TableError(f"{self._name}: {code} occurs twice")
        self._seen.add(code)
        return code

    def _add(self, code: str, display: str, parent: str, place: _Place, children: list["Element"]) -> None:
        needs = None
        if children:
            needs = f"{ORDINALS[len(code.replace('.', '')) + 1]} character"
        elif place.sevenths:
            needs = f"7th character: {_listing([char for char, _ in place.sevenths])}"
        self._row(code, display, parent, place, needs=needs, listed=True)

    def _generate(self, code: str, display: str, place: _Place) -> None:
        stem = code.replace(".", "").ljust(6, "X")
        for char, meaning in place.sevenths:
            if self._is_impossible(stem, char):
                continue
            full = f"{stem[:3]}.{stem[3:]}{char}"
            self._row(full, f"{display}, {meaning}", code, place, needs=None, listed=False)

    def _row(
        self, code: str, display: str, parent: str, place: _Place, *, needs: str | None, listed: bool
    ) -> None:
        self._out.codes.append(
            CodeRow(
                code=code,
                display=display,
                billable=needs is None,
                parent=parent,
                chapter=place.chapter,
                block=place.block,
                needs=needs,
                listed=listed,
            )
        )

    def _is_impossible(self, stem: str, char: str) -> bool:
        return any(
            stem.startswith(category) and stem[5] in sixths and char in chars
            for category, sixths, chars in self._impossible
        )

    def _notes(self, element: "Element", origin: str) -> None:
        for tag, kind in NOTE_KINDS.items():
            for block in element.iterfind(tag):
                for seq, lead, text in _lines(block):
                    self._out.notes.append(NoteRow(origin=origin, kind=kind, seq=seq, text=text, lead=lead))
                    self._remember_impossible(text)

    def _remember_impossible(self, text: str) -> None:
        found = _IMPOSSIBLE.match(text)
        if found:
            sixths = "".join(re.findall(r"(?:^|or )([0-9A-Z])(?= - |$)", found[4]))
            self._impossible.append((found[3], sixths, found[1] + (found[2] or "")))


def _text(element: "Element", tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _sevenths(element: "Element") -> tuple[tuple[str, str], ...]:
    return tuple(
        (extension.get("char", ""), " ".join((extension.text or "").split()))
        for extension in element.iterfind("sevenChrDef/extension")
    )


def _lines(block: "Element") -> Iterator[tuple[int, str, str]]:
    """Yield (position, lead-in, text); a first line that ends in a colon leads in those after it."""
    lead = ""
    for seq, note in enumerate(block.iterfind("note")):
        text = " ".join("".join(note.itertext()).split())
        yield seq, lead, text
        if text.endswith(":"):
            lead = text


def _listing(chars: list[str]) -> str:
    return chars[0] if len(chars) == 1 else f"{', '.join(chars[:-1])} or {chars[-1]}"
