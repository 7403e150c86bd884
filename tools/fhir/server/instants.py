"""FHIR dates as spans of time in seconds since 1970: ``2019`` is a whole year, a Period from start to end."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tools.fhir.dates import days, moment
from tools.fhir.views import text

Span = tuple[float, float]
"""First and last second that the date may mean; an open end is infinite."""

PREFIXES = ("eq", "ne", "lt", "le", "gt", "ge", "sa", "eb")
_EVER = float("inf")
_SECOND = re.compile(r"T\d\d:\d\d:\d\d\.\d+")


def span(value: object) -> Span | None:
    """The span of a date, dateTime, instant or Period; None when it is no date."""
    if isinstance(value, Mapping):
        start, end = span(text(value, "start")), span(text(value, "end"))
        if start is None and end is None:
            return None
        return (start[0] if start else -_EVER, end[1] if end else _EVER)
    if not isinstance(value, str):
        return None
    at = moment(value)
    if at is not None:
        first = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        return (first, first if _SECOND.search(value) else first + 0.999)
    found = days(value)
    if found is None:
        return None
    start_of = datetime(found.first.year, found.first.month, found.first.day, tzinfo=UTC)
    last = datetime(found.last.year, found.last.month, found.last.day, tzinfo=UTC) + timedelta(days=1)
    return (start_of.timestamp(), last.timestamp() - 0.001)


def condition(value: str) -> tuple[str, list[float]] | None:
    """A date search value as SQL over ``lo`` and ``hi``; None when it is no date.

    The comparisons are those of FHIR R4 (search, date): the span of the parameter against the span of the
    resource.
    """
    prefix, rest = (value[:2], value[2:]) if value[:2] in PREFIXES else ("eq", value)
    wanted = span(rest)
    if wanted is None:
        return None
    low, high = wanted
    return {
        "eq": ("lo >= ? AND hi <= ?", [low, high]),
        "ne": ("NOT (lo >= ? AND hi <= ?)", [low, high]),
        "gt": ("hi > ?", [high]),
        "lt": ("lo < ?", [low]),
        "ge": ("hi >= ?", [low]),
        "le": ("lo <= ?", [high]),
        "sa": ("lo > ?", [high]),
        "eb": ("hi < ?", [low]),
    }[prefix]
