"""Fill a CMS-1500 form with fields that the user supplies (we ship none: its licence is not ours to give).

The field names are those of the fillable form in common use; data/acroform.csv maps them to our boxes. A button's
``state`` is the name of its checked appearance.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from knowledge.errors import TableError
from tools.claim.cms1500 import Paging, check_room, pages_of
from tools.claim.cms1500.geometry import form_fields
from tools.claim.errors import ClaimError
from tools.claim.model import Claim

if TYPE_CHECKING:
    from pypdf import PdfWriter

_TABLE = Path(__file__).parent / "data" / "acroform.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """A field of the fillable form: its name, the state when it is a button, the boxes it takes in order."""

    name: str
    state: str
    boxes: tuple[str, ...]


class FilledSheet(NamedTuple):
    """One sheet as a PDF, and our boxes with text that the form has no field for."""

    pdf: bytes
    unplaced: tuple[str, ...]


@cache
def form_map() -> tuple[FormField, ...]:
    """Every field we know to fill.

    Raises:
        TableError: acroform.csv is malformed or names a box that does not exist.
    """
    known = form_fields()
    found = []
    with _TABLE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != ["name", "state", "boxes"]:
            raise TableError(f"{_TABLE.name}: columns are {reader.fieldnames}, expected name, state, boxes")
        for number, row in enumerate(reader, 2):
            boxes = tuple((row["boxes"] or "").split())
            if not boxes or not row["name"] or not set(boxes) <= known.keys():
                raise TableError(
                    f"{_TABLE.name} line {number}: a field name and boxes of the form are needed"
                )
            found.append(FormField(name=row["name"], state=row["state"] or "", boxes=boxes))
    return tuple(found)


def fill_cms1500(claim: Claim, form: bytes, *, paging: Paging = "continued") -> list[FilledSheet]:
    """The claim in copies of ``form``, one a sheet of six service lines.

    Raises:
        ClaimError: the form can not be read or has none of the fields, or the claim does not fit the form.
    """
    check_room(claim)
    return [_sheet(boxes, form) for boxes in pages_of(claim, paging)]


def _sheet(boxes: Mapping[str, str], form: bytes) -> FilledSheet:
    writer = _opened(form)
    names = _names(form)
    usable = [field for field in form_map() if field.name in names]
    if not usable:
        raise ClaimError(
            "the form has no field of a fillable CMS-1500; give one whose fields can be filled in"
        )
    values = _values(usable, boxes)
    for page in writer.pages:
        writer.update_page_form_field_values(page, values, auto_regenerate=False)
    target = io.BytesIO()
    writer.write(target)
    placed = {box for field in usable for box in field.boxes}
    return FilledSheet(target.getvalue(), tuple(sorted(boxes.keys() - placed)))


def _opened(form: bytes) -> "PdfWriter":
    from pypdf import PdfWriter
    from pypdf.errors import PyPdfError

    try:
        return PdfWriter(clone_from=io.BytesIO(form))
    except PyPdfError as error:
        raise ClaimError(f"the form is no PDF that can be read ({error}); give a fillable CMS-1500") from None


def _names(form: bytes) -> set[str]:
    from pypdf import PdfReader

    return set(PdfReader(io.BytesIO(form)).get_fields() or {})


def _values(fields: list[FormField], boxes: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in fields:
        text = " ".join(boxes[box] for box in field.boxes if box in boxes)
        if text and field.state:
            values[field.name] = f"/{field.state}"
        elif text:
            values[field.name] = text
    return values
