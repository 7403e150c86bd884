"""Dates and ages: every date of a patient is moved by the same number of days, ages over 89 become one group.

The move keeps each visit within its calendar year and its year of ICD-10-CM, so that the codes of the day still hold. A shifted
date is no real date, but safe harbour in its letter leaves the year alone only; see docs/training.md.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from evals.train.records import TrainError

MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_M: Final = "(?:" + "|".join(f"{m}|{m[:3]}" for m in MONTHS) + r"|sept)\.?"
_LEAST = 14
"""Fewer days to choose from would tell the date."""
_CUE: Final = r"(?i:on|since|until|by|from|dated|seen|of|before|after|for|due)"
OVER: Final = 90
AGE: Final = re.compile(
    r"(?i)\b(?P<pre>age[d]?:?\s+(?:of\s+)?)?(?P<n>9\d|1[0-2]\d)(?P<post>[\s-]*(?:years?[\s-]*old|year[\s-]*olds?|y\.?\s?/?o\.?(?!\w)|yrs?[\s-]*old|yo\b|years of age))?"
)
ISO: Final = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?=\D|$|T)")
US: Final = re.compile(r"(?<![\d/])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/])")
WORDS: Final = re.compile(rf"(?i)\b({_M})\s+(\d{{1,2}})(?:st|nd|rd|th)?(,?\s+)(\d{{4}})\b")
DAY_FIRST: Final = re.compile(rf"(?i)\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_M}),?\s+(\d{{4}})\b")
MONTH_YEAR: Final = re.compile(rf"(?i)\b({_M})(,?\s+(?:of\s+)?)(\d{{4}})\b")
MONTH_DAY: Final = re.compile(
    rf"\b((?:{'|'.join(m.title() + '|' + m[:3].title() for m in MONTHS)}|Sept)\.?)\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:mg|mcg|ml|%))"
)
SHORT: Final = re.compile(rf"\b(?P<keep>{_CUE}\s+)(\d{{1,2}})/(\d{{1,2}})(?![\d/])")


def shift_of(key: bytes, patient: str, days: Sequence[date]) -> timedelta:
    """By how much a patient's dates move: the same for all, keyed, never zero.

    Args:
        key: the secret of the export; without it the move can not be found.
        patient: what identifies the patient.
        days: the dates of service.

    Raises:
        TrainError: the visits span so much that no move keeps each in its year.
    """
    bounds = [_window(d) for d in days]
    low = max((first - d).days for d, (first, _) in zip(days, bounds, strict=True))
    high = min((last - d).days for d, (_, last) in zip(days, bounds, strict=True))
    choices = [n for n in range(low, high + 1) if n]
    if len(choices) < _LEAST:
        raise TrainError("the visits' dates can not be moved within their code years")
    drawn = int.from_bytes(hmac.new(key, f"dates {patient}".encode(), hashlib.sha256).digest()[:8])
    return timedelta(days=choices[drawn % len(choices)])


def _window(day: date) -> tuple[date, date]:
    """The days on which the same editions of ICD-10-CM (from October) and of CPT (from January) hold."""
    if day.month >= 10:
        return date(day.year, 10, 1), date(day.year, 12, 31)
    return date(day.year, 1, 1), date(day.year, 9, 30)


def moved(text: str, by: timedelta, births: Sequence[date], on: date) -> str:
    """The text with every date moved; a birth date has no place at all, an age over 89 is a group.

    Args:
        text: of a note.
        by: the patient's move.
        births: birth dates; in every form they are written.
        on: the date of service, whose year a date without one belongs to.
    """
    return _ages(_Mover(by, frozenset(births), on).text(text))


class _Mover:
    def __init__(self, by: timedelta, births: frozenset[date], on: date) -> None:
        self.by, self.births, self.on = by, births, on

    def text(self, text: str) -> str:
        """Form after form; what one has moved is hidden from the others."""
        done: list[str] = []

        def keep(said: str) -> str:
            done.append(said)
            return f"\x00{len(done) - 1}\x01"

        forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
            (ISO, self._iso),
            (US, self._us),
            (WORDS, self._words),
            (DAY_FIRST, self._day_first),
            (MONTH_YEAR, self._month_year),
            (MONTH_DAY, self._month_day),
            (SHORT, self._short),
        )
        for form, read in forms:
            text = form.sub(partial(_with, keep, read), text)
        return re.sub("\x00(\\d+)\x01", lambda m: done[int(m[1])], text)

    def _at(self, year: int, month: int, day: int) -> "date | None":
        try:
            found = date(year, month, day)
            return found + self.by
        except (ValueError, OverflowError):
            return None

    def _born(self, year: int, month: int, day: int) -> bool:
        return any((b.year, b.month, b.day) == (year, month, day) for b in self.births)

    def _full(self, match: re.Match[str], ymd: tuple[int, int, int], form: str) -> str:
        if self._born(*ymd):
            return "[BIRTH DATE]"
        at = self._at(*ymd)
        if at is None:
            return match[0]  # no date: 13/45/2026
        return form.format(
            y=at.year, yy=at.year % 100, m=at.month, d=at.day, name=MONTHS[at.month - 1].title()
        )

    def _iso(self, m: re.Match[str]) -> str:
        return self._full(m, (int(m[1]), int(m[2]), int(m[3])), "{y:04}-{m:02}-{d:02}")

    def _us(self, m: re.Match[str]) -> str:
        short = len(m[4]) == 2
        year = int(m[4]) + (0 if not short else 2000 if int(m[4]) <= self.on.year % 100 + 1 else 1900)
        sep = m[2]
        wide = len(m[1]) == 2 and len(m[3]) == 2
        body = f"{{m:02}}{sep}{{d:02}}{sep}" if wide else f"{{m}}{sep}{{d}}{sep}"
        return self._full(m, (year, int(m[1]), int(m[3])), body + ("{yy:02}" if short else "{y:04}"))

    def _words(self, m: re.Match[str]) -> str:
        return self._full(m, (int(m[4]), _month(m[1]), int(m[2])), "{name} {d}, {y}")

    def _day_first(self, m: re.Match[str]) -> str:
        return self._full(m, (int(m[3]), _month(m[2]), int(m[1])), "{d} {name} {y}")

    def _month_year(self, m: re.Match[str]) -> str:
        return self._full(m, (int(m[3]), _month(m[1]), 15), "{name} {y}")

    def _month_day(self, m: re.Match[str]) -> str:
        return self._full(m, (self.on.year, _month(m[1]), int(m[2])), "{name} {d}")

    def _short(self, m: re.Match[str]) -> str:
        return m["keep"] + self._full(m, (self.on.year, int(m[2]), int(m[3])), "{m}/{d}")


def _with(keep: Callable[[str], str], read: "Callable[[re.Match[str]], str]", match: "re.Match[str]") -> str:
    return keep(read(match))


def _month(said: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if said.lower().startswith(name[:3]))


def _ages(text: str) -> str:
    def grouped(m: re.Match[str]) -> str:
        if not (m["pre"] or m["post"]):
            return m[0]  # a number, not an age: a pressure, a weight, a dose
        return f"{m['pre'] or ''}{OVER} or older"

    return AGE.sub(grouped, text)
