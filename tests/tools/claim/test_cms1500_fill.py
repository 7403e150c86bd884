"""A fillable form of the user's own: text and buttons land in their fields, nothing is lost silently."""

import io
from decimal import Decimal

import pytest
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from agent.cli import main
from knowledge.errors import TableError
from tests.tools.claim.test_cms1500 import _full as full_claim
from tools.claim.cms1500 import fill as module
from tools.claim.cms1500 import pages_of
from tools.claim.cms1500.fill import fill_cms1500, form_map
from tools.claim.errors import ClaimError


def _form(skip=()):
    """A form with every field of the map, made with reportlab."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(612, 792))
    for place, field in enumerate(form_map()):
        x, y = 20 + place % 10 * 58, 760 - place // 10 * 25
        if field.name in skip:
            continue
        if field.state:
            canvas.acroForm.radio(name=field.name, value=field.state, selected=False, x=x, y=y, size=9)
        else:
            canvas.acroForm.textfield(name=field.name, x=x, y=y, width=54, height=12, fontSize=7)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _checked(pdf):
    """Field name -> states of the buttons whose checked appearance shows."""
    found = {}
    for annotation in PdfReader(io.BytesIO(pdf)).pages[0]["/Annots"]:
        widget = annotation.get_object()
        parent = widget.get("/Parent")
        if parent is not None and widget.get("/AS", "/Off") != "/Off":
            found.setdefault(parent.get_object()["/T"], []).append(widget["/AS"])
    return found


def test_every_box_lands_in_its_field(claim, subscriber):
    claim = full_claim(claim, subscriber)
    (sheet,) = fill_cms1500(claim, _form())
    (boxes,) = pages_of(claim)
    assert sheet.unplaced == ()
    fields = PdfReader(io.BytesIO(sheet.pdf)).get_fields()
    checked = _checked(sheet.pdf)
    for field in form_map():
        text = " ".join(boxes[box] for box in field.boxes if box in boxes)
        if field.state:
            assert (f"/{field.state}" in checked.get(field.name, [])) is bool(text), field
        else:
            assert fields[field.name].get("/V", "") == text, field
    assert {len(states) for states in checked.values()} == {1}


def test_a_long_claim_fills_two_sheets_and_tells_what_the_form_lacks(claim):
    lines = tuple(claim.lines[0].model_copy(update={"number": n}) for n in range(1, 9))
    total = sum((line.charge for line in lines), Decimal(0))
    long = claim.model_copy(update={"lines": lines, "total_charge": total})
    first, second = fill_cms1500(long, _form(skip={"pt_name"}))
    assert "2" in first.unplaced
    assert "page" in first.unplaced
    assert PdfReader(io.BytesIO(first.pdf)).get_fields()["t_charge"]["/V"] == "CONTINUED"
    assert PdfReader(io.BytesIO(second.pdf)).get_fields()["t_charge"]["/V"] == "1484 00"


def test_what_is_no_such_form_is_refused(claim):
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.drawString(10, 10, "no fields")
    canvas.save()
    with pytest.raises(ClaimError, match="no field of a fillable"):
        fill_cms1500(claim, target.getvalue())
    with pytest.raises(ClaimError, match="no PDF"):
        fill_cms1500(claim, b"hello")


def test_a_damaged_map_is_named(tmp_path, monkeypatch):
    table = tmp_path / "acroform.csv"
    table.write_text("name,state,boxes\npt_name,,no_such_box\n")
    monkeypatch.setattr(module, "_TABLE", table)
    form_map.cache_clear()
    try:
        with pytest.raises(TableError, match="line 2"):
            form_map()
    finally:
        form_map.cache_clear()


def test_render_fills_the_users_form(claim, tmp_path, capsys):
    source, form, out = tmp_path / "claim.json", tmp_path / "form.pdf", tmp_path / "out.pdf"
    source.write_text(claim.model_dump_json())
    form.write_bytes(_form(skip={"insurance_id"}))
    assert (
        main(["claim", "render", str(source), "--to", "cms1500", "--out", str(out), "--form", str(form)]) == 0
    )
    assert PdfReader(out).get_fields()["pt_name"]["/V"] == "O'BRIEN, SEAN, J"
    assert "no field for 1a" in capsys.readouterr().err
