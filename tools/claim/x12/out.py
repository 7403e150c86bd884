"""The growing X12 output: elements in, segments out, trailing separators never."""

from tools.claim.x12.segments import DEFAULT


class SegmentWriter:
    """Collects segments; ``count`` is how many there are."""

    def __init__(self) -> None:
        self._segments: list[str] = []

    @property
    def count(self) -> int:
        """Segments written so far."""
        return len(self._segments)

    def add(self, *elements: str) -> None:
        """Append a segment; empty elements at its end are left off."""
        self._segments.append(DEFAULT.element.join(elements).rstrip(DEFAULT.element))

    def raw(self, segment: str) -> None:
        """Append a segment exactly as given (the fixed-width ISA)."""
        self._segments.append(segment)

    def text(self) -> str:
        """The file, one segment a line."""
        return "".join(f"{segment}{DEFAULT.segment}\n" for segment in self._segments)


def composite(*parts: str) -> str:
    """The parts of a composite element; empty ones at its end are left off."""
    return DEFAULT.component.join(parts).rstrip(DEFAULT.component)
