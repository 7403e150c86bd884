"""JSON text that keeps every cent: a Decimal is written digit by digit (185.50 stays 185.50)."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal


def dumps(value: object) -> str:
    """The value as JSON, indented by two; Decimal as a number in full, dates as ISO text.

    Raises:
        TypeError: a value that JSON has no form for.
    """
    return "".join(_parts(value, "\n"))


def _parts(value: object, newline: str) -> Iterator[str]:
    inner = newline + "  "
    if isinstance(value, Decimal):
        yield format(value, "f")
    elif isinstance(value, date):
        yield json.dumps(value.isoformat())
    elif isinstance(value, Mapping):
        yield from _joined(
            "{}", newline, (_pair(json.dumps(str(key)), item, inner) for key, item in value.items())
        )
    elif isinstance(value, list | tuple):
        yield from _joined("[]", newline, ("".join(_parts(item, inner)) for item in value))
    else:
        yield json.dumps(value, ensure_ascii=False)


def _pair(key: str, item: object, newline: str) -> str:
    return f"{key}: {''.join(_parts(item, newline))}"


def _joined(brackets: str, newline: str, items: Iterator[str]) -> Iterator[str]:
    texts = list(items)
    if not texts:
        yield brackets
        return
    inner = newline + "  "
    yield brackets[0] + inner
    yield ("," + inner).join(texts)
    yield newline + brackets[1]
