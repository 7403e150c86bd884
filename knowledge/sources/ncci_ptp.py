"""NCCI procedure-to-procedure edits as CMS publishes them: rows of pairs, with the days each is in force.

Two forms: the official one (tab separated, Latin-1, six heading lines, effective and deletion dates) and a
comma form that lacks the effective date. Rows come one by one; 2.5 million of them never lie in memory.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from re import IGNORECASE, fullmatch, search
from typing import Final, Literal

from knowledge.errors import TableError

PtpTuple = tuple[str, str, int, int, int]
"""column 1, column 2, first day in force (0: not told), last day (OPEN: none), modifier indicator."""

Form = Literal["official", "comma"]

OPEN: Final = 99991231
COMMA_HEADER: Final = "column1,column2,deletion_date,modifier_indicator,rationale_id"
HEADING_LINES: Final = 6
_V322: Final = 2026 * 4 + 2  # release v322 is the third quarter of 2026; one number a quarter


def form_of(head: str) -> Form | None:
    """Tell the form by the first lines of the text, or None where they are of something else."""
    lines = head.splitlines()
    if lines and lines[0].strip().lower() == COMMA_HEADER:
        return "comma"
    titles = next((line.lower().split("\t") for line in lines[:HEADING_LINES] if line[:8] == "Column 1"), [])
    if len(titles) == 7 and titles[1].strip() == "column 2" and titles[3].strip() == "effective":
        return "official"
    return None


def quarter_of(name: str) -> date | None:
    """First day of the quarter that a file name tells: "v323r0", "2026q3", "2026-07-01" or "2024Q3".

    The official text holds no release date, so the name is the only place (NCCI quarterly releases).
    """
    day = search(r"(20\d\d)-?(01|04|07|10)-?01", name)
    if day:
        return date(int(day[1]), int(day[2]), 1)
    quarter = search(r"(20\d\d)[-_ ]?q([1-4])", name, IGNORECASE)
    if quarter:
        return date(int(quarter[1]), int(quarter[2]) * 3 - 2, 1)
    release = search(r"v(3\d\d)r\d", name, IGNORECASE)
    if release:
        year, index = divmod(_V322 + int(release[1]) - 322, 4)
        return date(year, index * 3 + 1, 1)
    return None


def part_of(name: str) -> int | None:
    """Which of the four official parts a file name says it is ("ccipra-v323r0-f1.TXT" is 1), or None."""
    found = search(r"-f([1-4])\b", name, IGNORECASE)
    return int(found[1]) if found else None


def read_pairs(lines: Iterable[str], form: Form, name: str) -> Iterator[PtpTuple]:
    """Read the pairs of one file, in file order.

    Args:
        lines: of the decoded text, heading included.
        form: as ``form_of`` told.
        name: of the file, for messages.

    Raises:
        TableError: a heading that is not of this form, or a row that can not be read (file, line, reason).
    """
    numbered = enumerate(lines, start=1)
    _skip_heading(numbered, form, name)
    tell = _official if form == "official" else _comma
    for number, line in numbered:
        try:
            yield tell(line.rstrip("\r\n"))
        except ValueError as error:
            raise TableError(f"{name}, line {number}: {error}") from error


def _skip_heading(numbered: Iterator[tuple[int, str]], form: Form, name: str) -> None:
    size = HEADING_LINES if form == "official" else 1
    head = "".join(line for _, (_, line) in zip(range(size), numbered, strict=False))
    if form_of(head) != form:
        raise TableError(f"{name}, line 1: the heading is not that of NCCI pairs")


def _official(line: str) -> PtpTuple:
    cells = line.split("\t")
    if len(cells) != 7:
        raise ValueError(f"{len(cells)} cells, expected 7")
    column1, column2, old, effective, deletion, indicator, _ = cells
    if old not in {"", "*"}:
        raise ValueError(f"{old!r} stands where * or nothing does")
    last = OPEN if deletion == "*" else _day(deletion)
    return _row(column1, column2, _day(effective), last, indicator)


def _comma(line: str) -> PtpTuple:
    cells = line.split(",")
    if len(cells) != 5:
        raise ValueError(f"{len(cells)} cells, expected 5")
    column1, column2, deletion, indicator, rationale = cells
    if not rationale.isdigit():
        raise ValueError(f"rationale {rationale!r} is not a number")
    last = _day(deletion.replace("-", "")) if deletion else OPEN
    return _row(column1, column2, 0, last, indicator)


def _row(column1: str, column2: str, first: int, last: int, indicator: str) -> PtpTuple:
    if not (_is_code(column1) and _is_code(column2)):
        raise ValueError(f"{column1!r}, {column2!r} are not two procedure codes")
    if indicator not in _INDICATORS:
        raise ValueError(f"modifier indicator {indicator!r} is not 0, 1 or 9")
    if last < first:
        raise ValueError(f"{column1}/{column2} ends {last} before it begins {first}")
    return column1, column2, first, last, int(indicator)


_INDICATORS: Final = frozenset("019")
_KNOWN: Final[set[str]] = set()
_DAYS: Final[dict[str, int]] = {}


def _is_code(text: str) -> bool:
    """Five characters; the few thousand good ones are remembered, because each occurs hundreds of times."""
    if text in _KNOWN:
        return True
    if not fullmatch(r"[0-9A-Z]\d{3}[0-9A-Z]", text):
        return False
    _KNOWN.add(text)
    return True


def _day(text: str) -> int:
    known = _DAYS.get(text)
    if known is not None:
        return known
    if not fullmatch(r"\d{8}", text):
        raise ValueError(f"{text!r} is not a date (YYYYMMDD)")
    date(int(text[:4]), int(text[4:6]), int(text[6:]))
    _DAYS[text] = int(text)
    return _DAYS[text]
