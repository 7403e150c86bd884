"""An 837 or 835 transaction cut into pieces that can be read one after the other, so that none has to fit in memory.

A piece ends before a claim, a subscriber or a billing provider; the next one begins with the levels above it.
"""

from itertools import takewhile

from tools.claim.x12.segments import Segment

_DEEPER = {"20": ("20", "22", "23"), "22": ("22", "23"), "23": ("23",)}


CUT = {"837", "835"}
"""The transactions that may be cut."""


def can_cut_before(segment: Segment) -> bool:
    """Whether a piece may end before this segment.

    Not before a dependent (HL*23): whether the subscriber is the patient shows only with the dependents beside
    the subscriber.
    """
    name = segment.elements[0]
    return name in {"CLM", "CLP"} or (name == "HL" and segment.get(3) in {"20", "22"})


def levels_above(body: list[Segment], cut: Segment) -> list[Segment]:
    """The segments of ``body`` that ``cut`` stands under: transaction head, provider, subscriber, patient.

    Of an 835: what stands before its first claim.
    """
    if cut.elements[0] == "CLP":
        return list(takewhile(lambda segment: segment.elements[0] != "CLP", body))
    levels: dict[str, list[Segment]] = {"": []}
    current: list[Segment] | None = levels[""]
    for segment in body:
        name = segment.elements[0]
        if name == "CLM":
            current = None
        elif name == "HL":
            level = segment.get(3)
            for gone in _DEEPER.get(level, ()):
                levels.pop(gone, None)
            current = levels.setdefault(level, [])
        if current is not None:
            current.append(segment)
    if cut.elements[0] == "HL":
        for gone in _DEEPER[cut.get(3)]:
            levels.pop(gone, None)
    return [segment for level in levels.values() for segment in level]
