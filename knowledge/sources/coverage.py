"""The Medicare Coverage Database as CMS exports it: billing articles, their procedures, diagnoses and contractors.

Every table is one CSV, told by its exact header. Descriptions of procedures are the AMA's and are dropped here.
"""

import csv
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.errors import TableError

OPEN: Final = 99991231
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "article": (
        "article_id", "article_version", "article_type", "title", "article_pub_date", "article_eff_date",
        "article_end_date", "description", "other_comments", "sad_url", "status", "last_updated",
    ),
    "article_x_hcpc_code": (
        "article_id", "article_version", "hcpc_code_id", "hcpc_code_version", "hcpc_code_group", "range",
        "last_updated",
    ),
    "article_x_hcpc_code_group": (
        "article_id", "article_version", "hcpc_code_group", "paragraph", "last_updated",
    ),
    "article_x_icd10_covered": (
        "article_id", "article_version", "icd10_code_id", "icd10_code_version", "icd10_covered_group", "range",
        "last_updated", "sort_order", "description", "asterisk",
    ),
    "article_x_icd10_covered_group": (
        "article_id", "article_version", "icd10_covered_group", "paragraph", "last_updated",
        "icd10_covered_ast",
    ),
    "article_x_icd10_noncovered": (
        "article_id", "article_version", "icd10_code_id", "icd10_code_version", "icd10_noncovered_group",
        "range", "last_updated", "sort_order", "description",
    ),
    "article_x_icd10_noncovered_group": (
        "article_id", "article_version", "icd10_noncovered_group", "paragraph", "last_updated",
    ),
    "article_x_contractor": (
        "article_id", "article_version", "article_type", "contractor_id", "contractor_type_id",
        "contractor_version", "last_updated",
    ),
    "article_related_documents": (
        "article_id", "article_version", "related_num", "r_article_id", "r_article_version", "r_lcd_id",
    ),
    "contractor": ("contractor_id", "contractor_type_id", "contractor_version"),
}  # fmt: skip
"""The first columns of each table; the longest header that fits names the table."""
NEEDED: Final = ("article", "article_x_hcpc_code", "article_x_icd10_covered", "article_x_icd10_noncovered")

_PROCEDURE: Final = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_DIAGNOSIS: Final = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")
_MENTION: Final = re.compile(
    r"\b([0-9A-Z]\d{3}[0-9A-Z])(?:\s*(?:-|\u2013|\u0096|through|thru|to)\s*([0-9A-Z]\d{3}[0-9A-Z]))?\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One row of a table: cells by column name, and where it stands."""

    cells: dict[str, str]
    where: str

    @property
    def key(self) -> tuple[str, str]:
        """Article and version."""
        return self.cells["article_id"], self.cells["article_version"]


def table_of(head: str) -> str | None:
    """Which table of the coverage database a text is, by its header, or None."""
    first = next(csv.reader(head.removeprefix("\xef\xbb\xbf").splitlines()[:1]), [])
    names = tuple(name.strip().lower() for name in first)
    found = [name for name, columns in COLUMNS.items() if names[: len(columns)] == columns]
    return max(found, key=lambda name: len(COLUMNS[name]), default=None)


def read_table(lines: Iterable[str], name: str) -> Iterator[Record]:
    """Read the rows of one table; keys and codes are checked, other cells stay text.

    Raises:
        TableError: a row of another width, or a key, procedure or diagnosis of another form.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip().lower().removeprefix("\xef\xbb\xbf") for cell in next(reader, [])]
        for cells in reader:
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells, expected {len(header)}: cut off or shuffled")
            row = dict(zip(header, cells, strict=True))
            _check(row)
            yield Record(cells=row, where=f"{name}, line {reader.line_num}")
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _check(row: dict[str, str]) -> None:
    for column in ("article_id", "article_version"):
        if column in row and not row[column].isdigit():
            raise ValueError(f"{column} is {row[column]!r}, not a number")
    procedure, diagnosis = row.get("hcpc_code_id"), row.get("icd10_code_id")
    if procedure is not None and not _PROCEDURE.fullmatch(procedure):
        raise ValueError(f"{procedure!r} is no procedure code")
    if diagnosis is not None and not _DIAGNOSIS.fullmatch(diagnosis):
        raise ValueError(f"{diagnosis!r} is no ICD-10-CM code")


def day_of(text: str, otherwise: int) -> int:
    """A day of the export as YYYYMMDD; ``otherwise`` where it is not told.

    Raises:
        ValueError: the text is no date.
    """
    plain = text.strip().split(" ")[0]
    if plain.upper() in {"", "N/A"}:
        return otherwise
    form = "%m/%d/%Y" if "/" in plain else "%Y-%m-%d"
    return int(datetime.strptime(plain, form).strftime("%Y%m%d"))  # noqa: DTZ007 - a day has no clock time


def diagnoses_in(paragraph: str) -> frozenset[str]:
    """The ICD-10-CM codes that the words of a paragraph name: the lists do not speak for them."""
    text = re.sub(r"<[^>]*>", " ", html.unescape(html.unescape(paragraph)))
    return frozenset(re.findall(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b", text))


def procedures_in(paragraph: str, known: frozenset[str]) -> frozenset[str]:
    """The article's own procedures that the paragraph of a diagnosis group names, ranges filled in.

    The tables do not tie a group of diagnoses to a group of procedures: the paragraph's words do. Where it names
    none, the group holds for the whole article.
    """
    text = html.unescape(html.unescape(paragraph))
    out: set[str] = set()
    for low, high in _MENTION.findall(re.sub(r"<[^>]*>", " ", text)):
        out.update(code for code in known if low <= code <= (high or low) and len(code) == len(low))
    return frozenset(out)
