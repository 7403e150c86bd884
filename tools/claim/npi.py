"""The National Provider Identifier's check digit."""

_PREFIX_SUM = 24
"""What the card-issuer prefix 80840 adds to the Luhn sum of an NPI (45 CFR 162.406, NPI standard)."""


def is_npi(text: str | None) -> bool:
    """True for 10 digits that start with 1 or 2 and carry a right Luhn check digit."""
    if text is None or len(text) != 10 or not text.isascii() or not text.isdigit() or text[0] not in "12":
        return False
    return (_luhn_sum(text) + _PREFIX_SUM) % 10 == 0


def with_check_digit(nine: str) -> str:
    """The NPI whose first nine digits these are."""
    return nine + str(-(_luhn_sum(nine + "0") + _PREFIX_SUM) % 10)


def _luhn_sum(digits: str) -> int:
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total
