"""Whether names, addresses and free text fit the elements they are written in."""

import re
from collections.abc import Iterator

from tools.claim.x12.charset import clean, unwritable
from tools.encounter import Address, Name

_STATE = re.compile(r"[A-Z]{2}\Z")
_ZIP = re.compile(r"\d{5}(\d{4})?\Z", re.ASCII)


def text_problems(what: str, text: str | None, limit: int) -> Iterator[str]:
    """Blank, too long for its element, or with characters X12 can not carry."""
    if text is None:
        return
    lost = unwritable(text)
    if lost:
        yield f"{what} has characters an 837P can not carry: {lost}"
    written = clean(text)
    if not written:
        yield f"{what} is blank"
    elif len(written) > limit:
        yield f"{what} has {len(written)} characters, at most {limit} fit"


def name_problems(what: str, name: Name, *, person: bool) -> Iterator[str]:
    """Lengths of NM103 to NM107."""
    if not person:
        yield from text_problems(f"{what} name", name.display, 60)
        return
    yield from text_problems(f"{what} last name", name.last, 60)
    for part, text, limit in (
        ("first name", name.first, 35),
        ("middle name", name.middle, 25),
        ("name suffix", name.suffix, 10),
    ):
        yield from text_problems(f"{what} {part}", text, limit)


def address_problems(what: str, address: Address | None) -> Iterator[str]:
    """N3 and N4: street, city, two-letter state, ZIP of 5 or 9 digits."""
    if address is None:
        yield f"{what} address is missing"
        return
    yield from text_problems(f"{what} street", address.line1, 55)
    yield from text_problems(f"{what} second address line", address.line2, 55)
    yield from text_problems(f"{what} city", address.city, 30)
    if len(clean(address.city)) == 1:
        yield f"{what} city must have at least 2 characters"
    if not _STATE.match(address.state):
        yield f"{what} state {address.state!r} is not a two-letter code"
    if not _ZIP.match(address.postal_code):
        yield f"{what} ZIP code must be 5 or 9 digits without a dash"
