"""FHIR dates as calendar days at the place of care: as written, never shifted to UTC."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

_SHAPE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?P<time>T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)?)?"
)
_FRACTION = re.compile(r"\.(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """The first and the last calendar day that a FHIR date may mean (``2019`` is a whole year)."""

    first: date
    last: date


def moment(value: str | None) -> datetime | None:
    """A dateTime or instant with its offset, or None when it has no time or is no date."""
    found = _SHAPE.fullmatch(value or "")
    if value is None or found is None or found["time"] is None:
        return None
    short = _FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), value)
    try:
        return datetime.fromisoformat(short.replace("Z", "+00:00"))
    except ValueError:
        return None


def days(value: str | None, zone: tzinfo | None = None) -> Days | None:
    """The calendar days of a FHIR date, dateTime or instant; None when it is absent or no calendar day.

    A value with an offset means the day as written at that offset. One written in UTC means the day in
    ``zone`` where a zone is given: a server that stores 19:30 in Illinois as 00:30Z must not move the
    visit to the next day.
    """
    found = _SHAPE.fullmatch(value or "")
    if found is None:
        return None
    at = moment(value)
    if found["time"] is not None and at is None:
        return None
    if (
        at is not None
        and zone is not None
        and at.tzinfo is not None
        and at.utcoffset() == UTC.utcoffset(None)
    ):
        local = at.astimezone(zone).date()
        return Days(first=local, last=local)
    return _calendar(int(found["year"]), found["month"], found["day"])


def _calendar(year: int, month: str | None, day: str | None) -> Days | None:
    try:
        first = date(year, int(month or 1), int(day or 1))
        last_month = int(month or 12)
        return Days(first=first, last=date(year, last_month, int(day or monthrange(year, last_month)[1])))
    except ValueError:
        return None


def day(value: str | None, zone: tzinfo | None = None) -> date | None:
    """The first day that a FHIR date may mean."""
    found = days(value, zone)
    return found.first if found else None


def exact_day(value: str | None) -> date | None:
    """The day of a date that names one; None for a year or a month alone."""
    found = days(value)
    return found.first if found and found.first == found.last else None


def years_between(born: date, on: date) -> int:
    """Completed years of life on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
