"""Envelopes of any X12 file: interchanges, groups, transactions; do their counts and numbers agree?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.claim.errors import X12Error
from tools.claim.x12.pieces import CUT, can_cut_before, levels_above
from tools.claim.x12.segments import Segment, segment_batches


@dataclass(slots=True)
class Transaction:
    """One ST..SE with the ISA and GS around it, or a piece of it.

    Segments before position ``fresh`` repeat the levels above a later piece; an earlier piece has them too.
    ``more`` says that another piece follows.
    """

    isa: Segment
    gs: Segment | None
    segments: list[Segment]
    fresh: int = 0
    more: bool = False

    @property
    def kind(self) -> str:
        """ST01: 837, 835, 999, 277."""
        return self.segments[0].get(1)

    @property
    def version(self) -> str:
        """ST03, or GS08 where ST has none."""
        return self.segments[0].get(3) or (self.gs.get(8) if self.gs else "")


@dataclass(slots=True)
class Envelopes:
    """Walks the envelopes of a file and notes what does not agree.

    After :meth:`transactions` is used up: ``interchanges``, ``acknowledgments`` (TA1 segments), ``errors``
    and ``stray`` (segments outside any transaction). With ``most``, an 837 or 835 of more segments comes in pieces.
    """

    most: int | None = None
    interchanges: int = 0
    count: int = 0
    errors: list[X12Error] = field(default_factory=list)
    acknowledgments: list[Segment] = field(default_factory=list)
    stray: list[Segment] = field(default_factory=list)
    _isa: Segment | None = None
    _gs: Segment | None = None
    _open: list[Segment] | None = None
    _groups: int = 0
    _in_group: int = 0
    _given: int = 0
    _fresh: int = 0

    def transactions(self, chunks: str | Iterable[str]) -> Iterator[Transaction]:
        """Every transaction of the file, one at a time.

        Raises:
            X12Error: the file has no readable interchange header.
        """
        for batch in segment_batches(chunks):
            for segment in batch:
                if self._open is not None and segment.elements[0] not in _ENVELOPE:
                    if self.most and len(self._open) >= self.most and can_cut_before(segment):
                        yield from self._cut(segment)
                    self._open.append(segment)
                    continue
                done = self._envelope(segment)
                if done:
                    yield done
        if self._open is not None:
            self._fault(self._open[0], "the transaction has no SE; the file is cut short")
        if self._gs is not None:
            self._fault(self._gs, "the group has no GE; the file is cut short")
        if self._isa is not None:
            self._fault(self._isa, "the interchange has no IEA; the file is cut short")

    def _cut(self, segment: Segment) -> Iterator[Transaction]:
        """The piece that ends before ``segment``; what is open then begins with the levels above it."""
        body = self._open
        if not body or self._isa is None or body[0].get(1) not in CUT:
            return
        yield Transaction(self._isa, self._gs, body, self._fresh, more=True)
        above = levels_above(body, segment)
        self._given += len(body) - len(above)
        self._open, self._fresh = above, segment.position

    def _fault(self, segment: Segment, reason: str) -> None:
        self.errors.append(segment.error(reason))

    def _envelope(self, segment: Segment) -> Transaction | None:
        match segment.elements[0]:
            case "ISA":
                self._start_interchange(segment)
            case "GS":
                self._start_group(segment)
            case "ST":
                self._start_transaction(segment)
            case "SE":
                return self._end_transaction(segment)
            case "GE":
                self._end_group(segment)
            case "IEA":
                self._end_interchange(segment)
            case "TA1":
                self.acknowledgments.append(segment)
            case _:
                self.stray.append(segment)
                self._fault(segment, "stands outside any transaction")
        return None

    def _start_interchange(self, segment: Segment) -> None:
        if self._isa is not None:
            self._fault(self._isa, "the interchange has no IEA")
        self.interchanges += 1
        self._isa, self._gs, self._open, self._groups = segment, None, None, 0
        if len(segment.elements) != 17:
            self._fault(segment, f"has {len(segment.elements) - 1} elements instead of 16")

    def _start_group(self, segment: Segment) -> None:
        if self._isa is None:
            self._fault(segment, "stands outside an interchange")
        if self._gs is not None:
            self._fault(self._gs, "the group has no GE")
        self._gs, self._in_group = segment, 0
        self._groups += 1

    def _start_transaction(self, segment: Segment) -> None:
        if self._open is not None:
            self._fault(self._open[0], "the transaction has no SE")
        if self._gs is None:
            self._fault(segment, "stands outside a group (GS)")
        self._open, self._given, self._fresh = [segment], 0, 0

    def _end_transaction(self, segment: Segment) -> Transaction | None:
        body = self._open
        if body is None or self._isa is None:
            self._fault(segment, "ends a transaction that never began")
            return None
        self._open = None
        self.count += 1
        self._in_group += 1
        size = self._given + len(body) + 1
        if segment.get(1).lstrip("0") != str(size):
            self._fault(segment, f"counts {segment.get(1)} segments, there are {size}")
        if segment.get(2).lstrip("0") != body[0].get(2).lstrip("0"):
            self._fault(segment, f"control number {segment.get(2)!r} is not that of ST, {body[0].get(2)!r}")
        return Transaction(self._isa, self._gs, body, self._fresh)

    def _end_group(self, segment: Segment) -> None:
        if self._open is not None:
            self._fault(self._open[0], "the transaction has no SE")
            self._open = None
        if self._gs is None:
            self._fault(segment, "ends a group that never began")
            return
        if segment.get(1).lstrip("0") != str(self._in_group):
            self._fault(segment, f"counts {segment.get(1)} transactions, there are {self._in_group}")
        if segment.get(2).lstrip("0") != self._gs.get(6).lstrip("0"):
            self._fault(segment, f"control number {segment.get(2)!r} is not that of GS, {self._gs.get(6)!r}")
        self._gs = None

    def _end_interchange(self, segment: Segment) -> None:
        if self._gs is not None:
            self._fault(self._gs, "the group has no GE")
        if self._isa is None:
            self._fault(segment, "ends an interchange that never began")
            return
        if segment.get(1).lstrip("0") not in {str(self._groups), "" if not self._groups else "-"}:
            self._fault(segment, f"counts {segment.get(1)} groups, there are {self._groups}")
        if segment.get(2).lstrip("0") != self._isa.get(13).lstrip("0"):
            self._fault(
                segment, f"control number {segment.get(2)!r} is not that of ISA, {self._isa.get(13)!r}"
            )
        self._isa, self._gs, self._open = None, None, None


_ENVELOPE = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA"})
