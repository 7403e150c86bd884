"""Elements -> dates, amounts, names and addresses, with errors that name the segment."""

from datetime import date
from decimal import Decimal

from tools.claim.money import read_number
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop
from tools.encounter import Address, Name, Person, Provider


def amount(segment: Segment, index: int) -> Decimal:
    """The decimal number in element ``index``.

    Raises:
        X12Error: it is missing or no number.
    """
    try:
        return read_number(segment.get(index))
    except ValueError as error:
        raise segment.error(f"element {index}: {error}") from None


def day(segment: Segment, text: str) -> date:
    """A CCYYMMDD date.

    Raises:
        X12Error: there is no such day.
    """
    try:
        if len(text) != 8:
            raise ValueError
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise segment.error(f"{text!r} is no date CCYYMMDD") from None


def period(segment: Segment) -> tuple[date, date]:
    """First and last day of a DTP segment (D8 or RD8)."""
    text = segment.get(3)
    if segment.get(2) == "RD8":
        start, _, end = text.partition("-")
        return day(segment, start), day(segment, end)
    return day(segment, text), day(segment, text)


def read_name(segment: Segment) -> Name:
    """NM103 to NM107."""
    return Name(
        last=segment.get(3),
        first=segment.get(4) or None,
        middle=segment.get(5) or None,
        suffix=segment.get(7) or None,
    )


def read_address(loop: Loop) -> Address | None:
    """N3 and N4 of the loop, None when it has neither."""
    street, city = loop.take("N3"), loop.take("N4")
    if street is None and city is None:
        return None
    return Address(
        line1=street.get(1) if street else "",
        line2=(street.get(2) or None) if street else None,
        city=city.get(1) if city else "",
        state=city.get(2) if city else "",
        postal_code=city.get(3) if city else "",
    )


def read_person(loop: Loop) -> tuple[Person, str | None]:
    """NM1, N3, N4 and DMG of a patient or subscriber, with the member id."""
    name = loop.take("NM1")
    demographics = loop.take("DMG")
    sex = demographics.get(3) if demographics else ""
    person = Person(
        id="",
        name=read_name(name) if name else Name(last=""),
        birth_date=day(demographics, demographics.get(2)) if demographics and demographics.get(2) else None,
        sex={"F": "female", "M": "male"}.get(sex, "unknown"),
        address=read_address(loop),
    )
    return person, (name.get(9) or None) if name else None


def read_provider(loop: Loop | None) -> Provider | None:
    """NM1, PRV, N3 and N4 of a provider loop."""
    name = loop.take("NM1") if loop else None
    if loop is None or name is None:
        return None
    specialty = loop.take("PRV")
    return Provider(
        reference="",
        name=read_name(name),
        is_person=name.get(2) == "1",
        npi=name.get(9) or None if name.get(8) in {"XX", ""} else None,
        taxonomy=(specialty.get(3) or None) if specialty else None,
        address=read_address(loop),
    )
