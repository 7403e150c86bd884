"""Decimal money, as X12, the paper form and FHIR write it. US dollars throughout."""

import re
from decimal import Decimal

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)\Z", re.ASCII)
CENT = Decimal("0.01")


def x12_number(value: Decimal) -> str:
    """An X12 R element: no plus, no exponent, a point only when needed, no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def read_number(text: str) -> Decimal:
    """The value of an X12 R element.

    Raises:
        ValueError: the text is no plain decimal number.
    """
    if not _NUMBER.match(text):
        raise ValueError(f"{text!r} is not a decimal number")
    return Decimal(text)


def cents(value: Decimal) -> Decimal:
    """The amount with exactly two decimals, so that 185.5 reads 185.50."""
    return value.quantize(CENT)


def dollars_and_cents(value: Decimal) -> tuple[str, str]:
    """The two columns of a money box on the paper form."""
    dollars, _, rest = format(cents(value), "f").partition(".")
    return dollars, rest


def fits_claim(value: Decimal) -> bool:
    """True for at most two decimals and ten digits, the most HIPAA allows for an amount."""
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -2 and len(x12_number(abs(value)).replace(".", "")) <= 10
