"""Ink on paper: the form's lines and captions, and the data in Courier at 10 characters an inch."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tools.claim.cms1500.geometry import COLUMN, PAGE, Field, Label, form_fields, form_labels, form_rules

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_RED = (0.76, 0.13, 0.10)
_TINT = (1.0, 0.91, 0.89)
_POINT_SIZE = 10.0
_GLYPH = 0.6
"""Advance of a Courier glyph in em."""
_WIDTHS = {"line": 0.5, "thick": 1.0, "dash": 0.35, "box": 0.6}


def draw_pages(pages: Sequence[Mapping[str, str]], *, form: bool, title: str) -> bytes:
    """A PDF with one sheet a page; ``form`` draws the form too, else only the data for pre-printed stock."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=PAGE, pageCompression=1, invariant=1)
    canvas.setTitle(title)
    canvas.setCreator("Superbill")
    if form:
        canvas.beginForm("form")
        _put_form(canvas)
        canvas.endForm()
    for page in pages:
        if form:
            canvas.doForm("form")
        _draw_data(canvas, page)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _put_form(canvas: "Canvas") -> None:
    """The form's operators, which are the same on every claim: drawing them anew takes half the time of a PDF."""
    for font in ("Helvetica-Bold", "Helvetica"):  # the document must know them, in the order of their names
        canvas.setFont(font, 1)
    canvas._code[:] = _form_operators()


@cache
def _form_operators() -> tuple[str, ...]:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(io.BytesIO(), pagesize=PAGE)
    canvas.beginForm("form")
    for font in ("Helvetica-Bold", "Helvetica"):
        canvas.setFont(font, 1)
    canvas._code.clear()
    _draw_form(canvas)
    return tuple(canvas._code)


def _draw_form(canvas: "Canvas") -> None:
    canvas.setStrokeColorRGB(*_RED)
    for rule in form_rules():
        if rule.kind == "shade":
            canvas.setFillColorRGB(*_TINT)
            canvas.rect(rule.x0, rule.y0, rule.x1 - rule.x0, rule.y1 - rule.y0, stroke=0, fill=1)
            continue
        canvas.setLineWidth(_WIDTHS[rule.kind])
        canvas.setDash([1.2, 1.4] if rule.kind == "dash" else [])
        if rule.kind == "box":
            canvas.rect(rule.x0, rule.y0, rule.x1 - rule.x0, rule.y1 - rule.y0)
        else:
            canvas.line(rule.x0, rule.y0, rule.x1, rule.y1)
    canvas.setFillColorRGB(*_RED)
    for label in form_labels():
        _draw_label(canvas, label)


def _draw_label(canvas: "Canvas", label: Label) -> None:
    canvas.setFont("Helvetica-Bold" if label.style == "bold" else "Helvetica", label.size)
    if label.style != "turned":
        canvas.drawString(label.x, label.y, label.text)
        return
    canvas.saveState()
    canvas.translate(label.x, label.y)
    canvas.rotate(-90)
    canvas.drawCentredString(0, 0, label.text)
    canvas.restoreState()


def _draw_data(canvas: "Canvas", page: Mapping[str, str]) -> None:
    canvas.setFillColorRGB(0, 0, 0)
    places = form_fields()
    for name, text in page.items():
        if text:
            _draw_text(canvas, places[name], text)


def _draw_text(canvas: "Canvas", place: Field, text: str) -> None:
    size, pitch = _POINT_SIZE, COLUMN
    if len(text) > place.width:  # closer together, then smaller, rather than cut off
        pitch = COLUMN * place.width / len(text)
        size = min(size, pitch / _GLYPH)
    left = place.x
    if place.align == "right":
        left += COLUMN * place.width - pitch * len(text)
    line = canvas.beginText(left, place.y)
    line.setFont("Courier", size)
    line.setCharSpace(pitch - size * _GLYPH)
    line.textOut(text)
    canvas.drawText(line)
