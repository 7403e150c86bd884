"""Careful steps into FHIR JSON of unknown quality: a value of the wanted kind, or nothing."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from tools.claim.fhir_claim.codes import Json


def child(node: object, *path: str | int) -> object:
    """What stands at the path, None when any step is missing."""
    for step in path:
        if isinstance(step, int):
            node = node[step] if isinstance(node, list) and len(node) > step else None
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def rows(node: object, name: str) -> Iterator[Json]:
    """The objects of the list at ``name``."""
    items = child(node, name)
    return (item for item in items if isinstance(item, dict)) if isinstance(items, list) else iter(())


def text(node: object, *path: str | int) -> str | None:
    """A non-empty string."""
    value = child(node, *path)
    return value if isinstance(value, str) and value.strip() else None


def number(node: object, *path: str | int) -> Decimal | None:
    """A decimal number; a number in quotes is accepted, infinity and NaN are not."""
    value = child(node, *path)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def integer(node: object, *path: str | int) -> int | None:
    """A whole number."""
    value = child(node, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def day(node: object, *path: str | int) -> date | None:
    """The local day of a date or dateTime; None for a partial or impossible one."""
    value = text(node, *path)
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None


def code(node: object, *systems: str) -> str | None:
    """The code of the first coding, of one of these systems when any are named."""
    for coding in rows(node, "coding"):
        if not systems or coding.get("system") in systems:
            return text(coding, "code")
    return None


def extension(node: object, url: str) -> Json | None:
    """The first extension of this address."""
    return next((item for item in rows(node, "extension") if item.get("url") == url), None)
