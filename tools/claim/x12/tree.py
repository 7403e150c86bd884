"""The loops of one 837P transaction: which loop each segment opens, and what nobody asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.claim.x12.segments import Segment

_NM1: dict[str, dict[str, str]] = {
    "ST": {"41": "1000A", "40": "1000B"},
    "2000A": {"85": "2010AA", "87": "2010AB", "PE": "2010AC"},
    "2000B": {"IL": "2010BA", "PR": "2010BB"},
    "2000C": {"QC": "2010CA"},
    "2300": {
        "DN": "2310A", "P3": "2310A", "82": "2310B", "77": "2310C", "DQ": "2310D", "PW": "2310E",
        "45": "2310F",
    },
    "2320": {
        "IL": "2330A", "PR": "2330B", "DN": "2330C", "P3": "2330C", "82": "2330D", "77": "2330E",
        "DQ": "2330F",         "85": "2330G",
    },
    "2400": {
        "82": "2420A", "QB": "2420B", "77": "2420C", "DQ": "2420D", "DK": "2420E", "DN": "2420F",
        "P3": "2420F",         "PW": "2420G", "45": "2420H",
    },
}  # fmt: skip
"""Level -> entity code of NM1 -> loop (005010X222A1)."""
_LEVELS = {"20": ("2000A", "ST"), "22": ("2000B", "2000A"), "23": ("2000C", "2000B")}
_OPENERS = {
    "SBR": ("2320", "2300"),
    "LX": ("2400", "2300"),
    "LIN": ("2410", "2400"),
    "SVD": ("2430", "2400"),
    "LQ": ("2440", "2400"),
}
_CLAIM_PARENTS = ("2000C", "2000B")


_MODELLED: dict[str, frozenset[int]] = {
    "AMT": frozenset({1, 2}),
    "BHT": frozenset({1, 2, 3, 4, 5, 6}),
    "CAS": frozenset(range(1, 20)),
    "CLM": frozenset({1, 2, 5, 6, 7, 8, 9, 11, 12, 20}),
    "CTP": frozenset({4, 5}),
    "DMG": frozenset({1, 2, 3}),
    "DTP": frozenset({1, 2, 3}),
    "HI": frozenset(range(1, 13)),
    "HL": frozenset({1, 2, 3, 4}),
    "LIN": frozenset({2, 3}),
    "LX": frozenset({1}),
    "MOA": frozenset({3, 4, 5, 6, 7}),
    "N3": frozenset({1, 2}),
    "N4": frozenset({1, 2, 3}),
    "NM1": frozenset({1, 2, 3, 4, 5, 7, 8, 9}),
    "NTE": frozenset({1, 2}),
    "OI": frozenset({3, 6}),
    "PAT": frozenset({1}),
    "PER": frozenset({1, 2, 3, 4}),
    "PRV": frozenset({1, 2, 3}),
    "PS1": frozenset({1, 2}),
    "PWK": frozenset({1, 2, 5, 6}),
    "REF": frozenset({1, 2}),
    "SBR": frozenset({1, 2, 3, 4, 5, 9}),
    "ST": frozenset({1, 2, 3}),
    "SV1": frozenset({1, 2, 3, 4, 5, 7, 9, 11, 12}),
    "SVD": frozenset({1, 2, 3, 5}),
}
"""Elements the claim object has a place for; whatever else is filled is kept and reported."""
_UNMODELLED = {
    name: tuple(n for n in range(1, max(known) + 1) if n not in known) for name, known in _MODELLED.items()
}
_LAST_MODELLED = {name: max(known) for name, known in _MODELLED.items()}


@dataclass(slots=True)
class Loop:
    """One loop: its own segments that nobody has taken yet, and the loops below it.

    ``partial`` holds taken segments of which some element has no place in the claim object; ``label`` is the
    claim id of a 2300 loop.
    """

    id: str
    segments: list[Segment]
    children: list["Loop"] = field(default_factory=list)
    partial: list[tuple[Segment, str]] = field(default_factory=list)
    label: str = ""

    def take(self, segment_id: str, *qualifiers: str) -> Segment | None:
        """Remove and return the first segment of this kind (element 1 one of ``qualifiers``), if any."""
        for index, segment in enumerate(self.segments):
            elements = segment.elements
            if elements[0] == segment_id and (
                not qualifiers or (len(elements) > 1 and elements[1] in qualifiers)
            ):
                self._check(segment)
                return self.segments.pop(index)
        return None

    def _check(self, segment: Segment) -> None:
        elements = segment.elements
        name, size = elements[0], len(elements)
        extra = [n for n in _UNMODELLED[name] if n < size and elements[n]]
        extra += [n for n in range(_LAST_MODELLED[name] + 1, size) if elements[n]]
        if extra:
            self.partial.append(
                (segment, f"element {', '.join(map(str, extra))} has no place in the claim object")
            )

    def doubt(self, segment: Segment, reason: str) -> None:
        """Report a taken segment whose meaning is not carried in full."""
        self.partial.append((segment, reason))

    def take_all(self, segment_id: str, *qualifiers: str) -> list[Segment]:
        """Remove and return every segment of this kind."""
        found = []
        while (segment := self.take(segment_id, *qualifiers)) is not None:
            found.append(segment)
        return found

    def value(self, segment_id: str, qualifier: str, index: int = 2) -> str | None:
        """Element ``index`` of the segment with this qualifier, None when absent."""
        segment = self.take(segment_id, qualifier)
        return segment.get(index) or None if segment else None

    def keep(self, segment: Segment) -> None:
        """Put a segment back among those nobody has modelled."""
        self.segments.append(segment)

    def child(self, *ids: str) -> "Loop | None":
        """The first loop below with one of these ids."""
        return next((loop for loop in self.children if loop.id in ids), None)

    def each(self, *ids: str) -> Iterator["Loop"]:
        """All loops directly below with one of these ids."""
        return (loop for loop in self.children if loop.id in ids)


def build_tree(segments: Iterable[Segment]) -> Loop:
    """The loops of the segments of one transaction, ST first and without SE.

    Raises:
        X12Error: a claim, line or level stands outside the loop it belongs to.
    """
    iterator = iter(segments)
    stack = [Loop("ST", [next(iterator)])]
    for segment in iterator:
        target = _opened(segment, stack)
        if target is None:
            stack[-1].segments.append(segment)
            continue
        loop_id, parents = target
        while len(stack) > 1 and stack[-1].id not in parents:
            stack.pop()
        if stack[-1].id not in parents:
            raise segment.error(f"opens loop {loop_id} outside {' or '.join(parents)}")
        loop = Loop(loop_id, [segment])
        stack[-1].children.append(loop)
        stack.append(loop)
    return stack[0]


def _opened(segment: Segment, stack: list[Loop]) -> tuple[str, tuple[str, ...]] | None:
    name = segment.elements[0]
    if name == "NM1":
        return _opened_by_name(segment, stack)
    if name == "HL":
        level = _LEVELS.get(segment.get(3))
        if level is None:
            raise segment.error(f"hierarchical level {segment.get(3)!r} is not 20, 22 or 23")
        return level[0], (level[1],)
    if name == "CLM":
        return "2300", _CLAIM_PARENTS
    if name in _OPENERS and not (name == "SBR" and not _inside(stack, "2300")):
        loop_id, parent = _OPENERS[name]
        return loop_id, (parent,)
    return None


def _opened_by_name(segment: Segment, stack: list[Loop]) -> tuple[str, tuple[str, ...]]:
    level = next(loop.id for loop in reversed(stack) if loop.id in _NM1)
    return _NM1[level].get(segment.get(1), "NM1"), (level,)


def _inside(stack: list[Loop], loop_id: str) -> bool:
    return any(loop.id == loop_id for loop in stack)
