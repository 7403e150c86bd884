"""X12 syntax: delimiters, segments, and a tokeniser that streams."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from tools.claim.errors import X12Error

_ISA_FIELDS = 16
_ISA_LIMIT = 300
_SLICE = 1 << 13
_BLANKS = " \t\r\n\x00\x1a\ufeff"
_ODD = frozenset("\x00\x1a\ufeff")


class Delimiters(NamedTuple):
    """The four separators of an interchange."""

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    repetition: str = "^"


DEFAULT = Delimiters()


class Segment(NamedTuple):
    """One segment: its 1-based position in the file and its elements, the id first."""

    position: int
    elements: list[str]
    delimiters: Delimiters = DEFAULT

    @property
    def id(self) -> str:
        """The segment identifier, such as ``NM1``."""
        return self.elements[0]

    def get(self, index: int) -> str:
        """Element ``index`` (1-based as in the guide), empty when absent."""
        return self.elements[index] if index < len(self.elements) else ""

    def parts(self, index: int) -> list[str]:
        """The components of a composite element."""
        return self.get(index).split(self.delimiters.component)

    def error(self, reason: str) -> X12Error:
        """An error at this segment."""
        return X12Error(reason, self.id, self.position)

    @property
    def text(self) -> str:
        """The segment as it would be written with the default element separator."""
        return "*".join(self.elements)


def tokenise(chunks: str | Iterable[str]) -> Iterator[Segment]:
    """All segments of a file, in order, in flat memory when ``chunks`` is a stream.

    Each ISA sets the delimiters anew; text before the first ISA (mail headers, prose) is skipped.

    Raises:
        X12Error: no ISA, or an ISA whose delimiters can not be found.
    """
    for batch in segment_batches(chunks):
        yield from batch


def segment_batches(chunks: str | Iterable[str]) -> Iterator[list[Segment]]:
    """The segments of :func:`tokenise` by the chunk they came in: a list costs less than a step for each.

    Raises:
        X12Error: no ISA, or an ISA whose delimiters can not be found.
    """
    buffer = ""
    delimiters: Delimiters | None = None
    position = 0
    for last, chunk in _with_last(_slices(chunks) if isinstance(chunks, str) else chunks):
        buffer += chunk
        while buffer:
            header = delimiters is None
            if delimiters is None:
                start = _find_isa(buffer)
                if start < 0 or (len(buffer) - start < _ISA_LIMIT and not last):
                    break
                buffer = buffer[start:]
                delimiters = sniff(buffer)
            pieces, buffer = _cut(buffer, delimiters, header=header, last=last)
            batch = _segments(pieces, delimiters, position)
            position += len(batch)
            yield batch
            if not _starts_isa(buffer):
                break
            delimiters = None
    if position == 0:
        raise X12Error("no ISA segment found; an X12 file starts with ISA")


def _segments(pieces: list[str], delimiters: Delimiters, position: int) -> list[Segment]:
    element = delimiters.element
    texts = filter(None, map(_bare, pieces))
    return [_make((n, text.split(element), delimiters)) for n, text in enumerate(texts, position + 1)]


_make = partial(tuple.__new__, Segment)


def _bare(piece: str) -> str:
    text = piece.strip()
    return text.strip(_BLANKS) if text and (text[0] in _ODD or text[-1] in _ODD) else text


def sniff(text: str) -> Delimiters:
    """The delimiters of the interchange that starts at the beginning of ``text``.

    Reads 16 elements rather than 106 characters, so that a padded-wrong ISA is read too.

    Raises:
        X12Error: the ISA is cut short.
    """
    element = text[3:4]
    fields = text[:_ISA_LIMIT].split(element) if element else []
    if len(fields) <= _ISA_FIELDS or len(fields[_ISA_FIELDS]) < 2:
        raise X12Error(
            "the interchange header is cut short; 16 elements and a terminator are needed", "ISA", 1
        )
    component, segment = fields[_ISA_FIELDS][0], fields[_ISA_FIELDS][1]
    if component.isalnum() or segment.isalnum():
        raise X12Error("ISA16 and the segment terminator can not be letters or digits", "ISA", 1)
    repetition = fields[11] if len(fields[11]) == 1 and not fields[11].isalnum() else ""
    return Delimiters(element, component, segment, repetition)


def _find_isa(buffer: str) -> int:
    found = re.search(r"ISA[^A-Za-z0-9\s]", buffer)
    return found.start() if found else -1


def _starts_isa(text: str) -> bool:
    head = text.lstrip(_BLANKS)[:4]
    return len(head) == 4 and head.startswith("ISA") and not head[3].isalnum()


def _cut(buffer: str, delimiters: Delimiters, *, header: bool, last: bool) -> tuple[list[str], str]:
    """The whole segments at the front of ``buffer``, up to the next ISA, and what is left."""
    ending = delimiters.segment
    found = _after(ending).search(buffer, buffer.find(ending) if header else 0)
    if found:
        return buffer[: found.start()].split(ending), buffer[found.start() + 1 :]
    pieces = buffer.split(ending)
    if last:
        return pieces, ""
    return pieces[:-1], pieces[-1]


@lru_cache(maxsize=16)
def _after(ending: str) -> re.Pattern[str]:
    """A segment terminator that an interchange header follows."""
    return re.compile(f"{re.escape(ending)}[{_BLANKS}]*ISA[^A-Za-z0-9]")


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), _SLICE):
        yield text[start : start + _SLICE]


def _with_last(chunks: Iterable[str]) -> Iterator[tuple[bool, str]]:
    previous: str | None = None
    for chunk in chunks:
        if previous is not None:
            yield False, previous
        previous = chunk
    yield True, previous or ""
