"""The claim as it would go out: the 837P by segment, the CMS-1500 as page images. Nothing is written or sent."""

import io
from dataclasses import dataclass
from threading import Lock
from typing import Final

from tools.claim.model import Claim

_PDFIUM: Final = Lock()  # the library is not safe in several threads
_SCALE: Final = 1.5

_KINDS: Final = {
    "envelope": ("ISA", "GS", "ST", "BHT", "SE", "GE", "IEA"),
    "party": ("NM1", "N3", "N4", "PER", "PRV", "DMG", "HL", "SBR", "PAT", "OI"),
    "claim": ("CLM", "AMT", "REF", "PWK", "CN1", "K3", "NTE", "CR1", "CR2", "CRC", "CAS", "MOA"),
    "diagnosis": ("HI",),
    "line": ("LX", "SV1", "SV5", "LIN", "CTP", "SVD", "PS1", "MEA"),
    "date": ("DTP",),
}
_KIND_OF: Final = {name: kind for kind, names in _KINDS.items() for name in names}


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment: its name, its elements, and the family it is coloured by."""

    name: str
    elements: tuple[str, ...]
    kind: str


def segments(text: str) -> tuple[Segment, ...]:
    """The segments of an 837P with our own delimiters (``*`` and ``~``)."""
    found = (piece.strip().split("*") for piece in text.split("~") if piece.strip())
    return tuple(
        Segment(name=name, elements=tuple(rest), kind=_KIND_OF.get(name, "claim")) for name, *rest in found
    )


def draw(claim: Claim, phone: str | None) -> tuple[Segment, ...]:
    """The claim's 837P under control number 1 (a preview takes no number).

    Raises:
        ClaimError: the claim lacks what the form needs.
    """
    from agent.outputs import render_one

    return segments(render_one([claim], "837", 1, phone).decode("ascii"))


def pages(claim: Claim) -> int:
    """How many CMS-1500 pages the claim takes.

    Raises:
        ClaimError: the form has no room for it.
    """
    from tools.claim.cms1500 import check_room, pages_of

    check_room(claim)
    return len(pages_of(claim, "continued"))


def page_image(claim: Claim, number: int) -> bytes:
    """Page ``number`` (from 0) of the CMS-1500 as PNG.

    Raises:
        ClaimError: the form has no room for the claim.
        IndexError: there is no such page.
    """
    import pypdfium2
    from PIL.Image import Quantize

    from tools.claim.cms1500 import render_cms1500

    pdf = render_cms1500(claim)
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            if not 0 <= number < len(document):
                raise IndexError(number)
            picture = document[number].render(scale=_SCALE).to_pil()
        finally:
            document.close()
    held = io.BytesIO()
    picture.quantize(32, Quantize.FASTOCTREE).save(
        held, "PNG", compress_level=4
    )  # a seventh of the default method's time
    return held.getvalue()
