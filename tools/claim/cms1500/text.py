"""How the form spells names, dates, telephone numbers and money."""

from datetime import date
from decimal import Decimal

from tools.claim.money import dollars_and_cents
from tools.claim.x12.charset import clean
from tools.encounter import Address, Name


def plain(text: str) -> str:
    """Upper case, ASCII, single spaces."""
    return clean(text) if text.strip() else ""


def last_first(name: Name) -> str:
    """``LAST SUFFIX, FIRST, MIDDLE``, as boxes 2, 4 and 9 want a person."""
    last = " ".join(part for part in (name.last, name.suffix) if part)
    return ", ".join(plain(part) for part in (last, name.first, name.middle) if part)


def first_last(name: Name) -> str:
    """``FIRST MIDDLE LAST SUFFIX``, as boxes 17, 32 and 33 want a name."""
    return plain(name.display)


def short_date(moment: date) -> tuple[str, str, str]:
    """Month, day and two-digit year."""
    return f"{moment:%m}", f"{moment:%d}", f"{moment:%y}"


def zip_code(address: Address) -> str:
    """Five digits, or nine with a hyphen."""
    digits = address.postal_code
    return f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else digits


def place(address: Address) -> str:
    """City, state and ZIP on one line."""
    return f"{plain(address.city)} {plain(address.state)} {zip_code(address)}"


def street(address: Address) -> str:
    """Both street lines in one."""
    return plain(" ".join(part for part in (address.line1, address.line2) if part))


def telephone(text: str | None) -> tuple[str, str]:
    """Area code and number; a leading country code 1 is dropped."""
    digits = "".join(c for c in text or "" if c.isdigit())
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10:
        return "", digits
    return digits[:3], f"{digits[3:6]}-{digits[6:]}"


def money_boxes(box: str, amount: Decimal) -> dict[str, str]:
    """The dollar and cent fields of a money box."""
    dollars, cents = dollars_and_cents(amount)
    return {f"{box}_dollars": dollars, f"{box}_cents": cents}
