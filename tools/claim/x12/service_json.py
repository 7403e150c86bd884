"""An 837P as the JSON from which AWS B2B Data Interchange builds the outbound file: the same segment tree, key by key.

The service owns the envelopes' control numbers. The keys follow its published style (``NM1-1000A_loop``, ``CLM_05_01``);
they were never confirmed with a live account: run ``aws b2bi test-conversion`` once before the first real file.
"""

from collections.abc import Iterable
from typing import Any

from tools.claim.errors import X12Error
from tools.claim.x12.interchange import Envelopes, Transaction
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop, build_tree

Json = dict[str, Any]
COMPOSITE = {
    "CLM": frozenset({5, 11}),
    "CTP": frozenset({5}),
    "HI": frozenset(range(1, 13)),
    "SV1": frozenset({1, 7}),
    "SVD": frozenset({3}),
}
"""Elements that are composites of components even when they hold one only (005010X222A1)."""


def service_json(text: str) -> Json:
    """The interchanges of an 837P text.

    Raises:
        X12Error: the text is no sound 837P: what would be wrong there must not be built anew here.
    """
    envelopes = Envelopes()
    interchanges: list[Json] = []
    seen: Segment | None = None
    for transaction in envelopes.transactions(text):
        if transaction.kind != "837" or transaction.gs is None:
            raise transaction.segments[0].error(f"transaction {transaction.kind} is no 837 in a group")
        if transaction.isa is not seen:
            seen = transaction.isa
            interchanges.append({**_elements(seen), "functional_groups": []})
        _into(interchanges[-1]["functional_groups"], transaction)
    if envelopes.errors:
        raise envelopes.errors[0]
    if not interchanges:
        raise X12Error("the file holds no 837 transaction")
    return {"interchanges": interchanges}


def _into(groups: list[Json], transaction: Transaction) -> None:
    head = _elements(transaction.gs) if transaction.gs else {}
    if not groups or {k: v for k, v in groups[-1].items() if k != "transactions"} != head:
        groups.append({**head, "transactions": []})
    root = build_tree(transaction.segments)
    start = root.segments.pop(0)
    groups[-1]["transactions"].append({**_elements(start), "segments": _inside(root)})


def _inside(loop: Loop) -> list[Json]:
    """A loop's own segments, then the loops below it, in the order of the file."""
    rows = [_elements(segment) for segment in loop.segments]
    return rows + [{f"{child.segments[0].id}-{child.id}_loop": _inside(child)} for child in loop.children]


def _elements(segment: Segment) -> Json:
    composites = COMPOSITE.get(segment.id, frozenset())
    return {
        f"{segment.id}_{n:02}": _components(f"{segment.id}_{n:02}", segment.parts(n))
        if n in composites
        else text
        for n, text in enumerate(segment.elements)
        if n and text
    }


def _components(key: str, parts: Iterable[str]) -> Json:
    return {f"{key}_{n:02}": part for n, part in enumerate(parts, 1) if part}
