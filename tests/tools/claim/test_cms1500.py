"""The paper form: every text in its box, six lines a page, both ways to total."""

import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from pypdf import PdfReader

from knowledge.errors import TableError
from tests.tools.claim.strategies import claims
from tools.claim.cms1500 import geometry, pages_of, render_cms1500, unprinted
from tools.claim.cms1500.geometry import COLUMN, form_fields, form_labels, form_rules
from tools.claim.errors import ClaimError
from tools.claim.model import Accident, ClaimDates, ClaimDiagnosis, Drug


def _texts(pdf):
    """For every page: (x, y) -> text, as drawn in Courier."""
    found = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        placed = defaultdict(str)

        def visit(text, _matrix, position, font, _size, placed=placed):
            if text.strip() and font and "Courier" in font["/BaseFont"]:
                placed[round(position[4], 1), round(position[5], 1)] += text.strip("\n")

        page.extract_text(visitor_text=visit)
        found.append(dict(placed))
    return found


def _expected(boxes):
    fields = form_fields()
    found = {}
    for name, text in boxes.items():
        place = fields[name]
        pitch = min(COLUMN, COLUMN * place.width / len(text))
        x = place.x + (COLUMN * place.width - pitch * len(text) if place.align == "right" else 0)
        found[round(x, 1), round(place.y, 1)] = text
    return found


@given(claims(most_lines=14))
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_the_text_of_the_pdf_is_the_claim_box_by_box(claim):
    compare_with_pdf(claim, "overlay")


def compare_with_pdf(claim, style):
    drawn = _texts(render_cms1500(claim, style=style))
    pages = pages_of(claim)
    assert len(drawn) == len(pages) == -(-len(claim.lines) // 6)
    for texts, boxes in zip(drawn, pages, strict=True):
        assert texts == _expected(boxes)


def _full(claim, subscriber):
    coverage = claim.coverages[0].model_copy(
        update={
            "relationship": "child",
            "subscriber": subscriber,
            "payer_kind": "commercial",
            "group_number": "GRP-77001",
            "plan_name": "Prairie PPO",
        }
    )
    second = claim.coverages[0].model_copy(
        update={"order": 2, "payer_id": "70054", "payer_name": "Lakes Insurance"}
    )
    codes = [
        "E11.65",
        "M17.11",
        "I25.10",
        "F33.1",
        "Z00.01",
        "N39.0",
        "S93.401A",
        "W18.40XA",
        "Y92.009",
        "Z79.84",
        "E78.5",
        "I10",
    ]
    line = claim.lines[0].model_copy(
        update={
            "modifiers": ("25", "GT", "95", "59"),
            "pointers": (1, 2, 3, 12),
            "emergency": True,
            "drug": Drug(ndc="00009307301", quantity=Decimal("1.5"), unit="ML"),
        }
    )
    return claim.model_copy(
        update={
            "coverages": (coverage, second),
            "diagnoses": tuple(
                ClaimDiagnosis(sequence=n, code=c, display="") for n, c in enumerate(codes, 1)
            ),
            "lines": (line,),
            "frequency": "7",
            "original_reference": "ICN-9",
            "prior_authorization": "PA-1",
            "patient_paid": Decimal(40),
            "accident": Accident(auto=True, state="IL"),
            "dates": ClaimDates(
                onset=date(2026, 6, 20), accident=date(2026, 6, 19), admission=date(2026, 6, 21)
            ),
            "referring_provider": claim.rendering_provider,
            "facility": claim.billing_provider,
        }
    )


def test_the_drawn_form_carries_the_same_data(claim, subscriber):
    compare_with_pdf(_full(claim, subscriber), "form")


def test_every_box_of_a_full_claim(claim, subscriber):
    (boxes,) = pages_of(_full(claim, subscriber))
    expected = {
        "carrier_1": "MEDICARE PART B", "1_group": "X", "1a": "1EG4TE5MK73",
        "2": "O'BRIEN, SEAN, J", "3_month": "01", "3_day": "02", "3_year": "1944", "3_male": "X",
        "4": "GARCIA-LOPEZ, MARIA, T",
        "5_street": "1 MAIN ST", "5_city": "SPRINGFIELD", "5_state": "IL", "5_zip": "62701-1234",
        "5_area": "217", "5_phone": "555-0123", "6_child": "X", "7_street": "99 OAK AVE",
        "7_phone": "555-0199",
        "9": "O'BRIEN, SEAN, J", "9a": "1EG4TE5MK73", "9d": "LAKES INSURANCE", "10a_no": "X", "10b_yes": "X",
        "10b_state": "IL", "10c_no": "X", "11": "GRP-77001", "11a_month": "12", "11a_female": "X",
        "11c": "PRAIRIE PPO", "11d_yes": "X", "12": "SIGNATURE ON FILE", "13": "SIGNATURE ON FILE",
        "14_month": "06", "14_day": "20", "14_year": "26", "14_qualifier": "431", "15_qualifier": "439",
        "15_day": "19", "17_qualifier": "DN", "17": "ANA LOPEZ", "17b": "1003000126", "18_from_day": "21",
        "20_no": "X", "21_indicator": "0", "21_A": "E1165", "21_G": "S93401A", "21_L": "I10", "22_code": "7",
        "22": "ICN-9", "23": "PA-1", "24_1_supplement": "N400009307301 ML1.5", "24a_1_from_month": "07",
        "24a_1_to_year": "26", "24b_1": "11", "24c_1": "Y", "24d_1": "99204", "24d_1_modifier_4": "59",
        "24e_1": "ABCL", "24f_1_dollars": "185", "24f_1_cents": "50", "24g_1": "1", "24i_1": "ZZ",
        "24j_1_other": "207Q00000X", "24j_1": "1003000126", "25": "123456789", "25_ein": "X",
        "26": "SB000001",
        "27_yes": "X", "28_dollars": "185", "28_cents": "50", "29_dollars": "40", "29_cents": "00",
        "31": "SIGNATURE ON FILE", "31_date": "070326", "32_1": "MAIN STREET FAMILY PRACTICE",
        "32_3": "SPRINGFIELD IL 62701-1234", "32a": "1234567893", "33_area": "217", "33_phone": "555-0100",
        "33_1": "MAIN STREET FAMILY PRACTICE", "33_2": "1 MAIN ST", "33a": "1234567893",
        "33b": "ZZ207Q00000X",
    }  # fmt: skip
    assert expected.items() <= boxes.items()
    assert "28_text" not in boxes


def test_what_is_unknown_stays_blank(claim):
    bare = claim.model_copy(
        update={
            "billing_provider": None,
            "rendering_provider": None,
            "coverages": (),
            "benefits_assigned": "N",
        }
    )
    (boxes,) = pages_of(bare)
    assert not {"1a", "4", "13", "24j_1", "25", "29_dollars", "32_1", "33_1"} & boxes.keys()
    assert render_cms1500(bare).startswith(b"%PDF")


def test_medicare_first_says_none_in_box_11_and_second_does_not(claim):
    assert pages_of(claim)[0]["11"] == "NONE"
    second = claim.coverages[0].model_copy(update={"order": 2})
    assert "11" not in pages_of(claim.model_copy(update={"coverages": (second,)}))[0]


def _long(claim, count=8):
    lines = tuple(
        claim.lines[0].model_copy(update={"number": n, "charge": Decimal(n)}) for n in range(1, count + 1)
    )
    total = sum((x.charge for x in lines), Decimal(0))
    return claim.model_copy(update={"lines": lines, "total_charge": total, "patient_paid": Decimal(5)})


def test_a_long_claim_is_continued_and_totalled_once(claim):
    first, last = pages_of(_long(claim), "continued")
    assert (first["page"], last["page"]) == ("PAGE 1 OF 2", "PAGE 2 OF 2")
    assert first["28_text"] == "CONTINUED"
    assert "28_dollars" not in first
    assert (last["28_dollars"], last["29_dollars"]) == ("36", "5")
    assert first["21_A"] == last["21_A"]
    assert [last.get(f"24f_{n}_dollars") for n in (1, 2, 3)] == ["7", "8", None]


def test_or_every_page_is_totalled_by_itself(claim):
    first, last = pages_of(_long(claim), "each")
    assert (first["28_dollars"], last["28_dollars"]) == ("21", "15")
    assert first["29_dollars"] == "5"
    assert "29_dollars" not in last


def test_more_than_the_form_holds_is_refused(claim):
    line = claim.lines[0].model_copy(update={"modifiers": ("25",) * 5, "pointers": (1, 2, 3, 4, 5)})
    with pytest.raises(ClaimError) as caught:
        render_cms1500(claim.model_copy(update={"lines": (line,)}))
    assert len(caught.value.problems) == 2


def test_what_the_form_can_not_say_is_listed(claim):
    assert unprinted(claim) == ()
    crowded = claim.model_copy(update={"prior_authorization": "PA-1", "referral_number": "RF-1"})
    assert "box 23" in unprinted(crowded)[0]


def test_nothing_stands_outside_the_sheet_or_on_top_of_its_neighbour():
    fields = form_fields().values()
    for place in fields:
        assert place.x >= 20
        assert place.x + COLUMN * place.width <= 594
    by_line = defaultdict(list)
    for place in fields:
        if place.field != "28_text":
            by_line[place.line].append(place)
    for places in by_line.values():
        ordered = sorted(places, key=lambda p: p.column)
        for left, right in pairwise(ordered):
            assert left.column + left.width <= right.column, (left.field, right.field)


def test_the_form_has_every_box_number_a_biller_looks_for():
    printed = " ".join(label.text for label in form_labels())
    for number in ("1a.", *(f"{n}." for n in range(2, 34)), "10d.", "17a.", "17b.", "24. A."):
        assert number in printed, number
    assert len(form_rules()) > 150


@pytest.mark.shared
def test_the_data_lies_in_the_boxes_of_the_published_form(shared):
    path = shared / "reference" / "cms1500" / "fillable_field_geometry.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    boxes = {(row[5], row[-4]): [float(v) for v in row[-4:]] for row in rows if row[0] == "0"}
    ours = {
        "insurance_id": "1a", "pt_name": "2", "birth_mm": "3_month", "birth_yy": "3_year", "ins_name": "4",
        "pt_street": "5_street", "ins_city": "7_city", "ins_state": "7_state", "pt_phone": "5_phone",
        "other_ins_name": "9", "ins_policy": "11", "ins_dob_yy": "11a_year", "cur_ill_dd": "14_day",
        "sim_ill_yy": "15_year", "work_mm_from": "16_from_month", "hosp_yy_end": "18_to_year", "96": "19",
        "id_physician": "17b", "diagnosis1": "21_A", "diagnosis12": "21_L", "original_ref": "22",
        "prior_auth": "23", "sv1_mm_from": "24a_1_from_month", "sv6_yy_end": "24a_6_to_year",
        "place1": "24b_1", "cpt3": "24d_3",
        "mod1": "24d_1_modifier_1", "mod6c": "24d_6_modifier_4", "diag4": "24e_4", "day5": "24g_5",
        "local1a": "24j_1_other", "local6": "24j_6", "Suppl": "24_1_supplement", "tax_id": "25",
        "pt_account": "26", "fac_name": "32_1", "doc_name": "33_1",
    }  # fmt: skip
    for theirs, name in ours.items():
        x0, y0, x1, y1 = next(rect for (field, _), rect in boxes.items() if field == theirs)
        place = form_fields()[name]
        assert x0 - 4 <= place.x <= x1, (theirs, name)
        assert y0 - 4 <= place.y <= y1, (theirs, name)


def test_a_damaged_geometry_table_is_named(tmp_path, monkeypatch):
    (tmp_path / "fields.csv").write_text("field,box,line,column,width,kind,align\na,1,x,1,1,text,left\n")
    (tmp_path / "rules.csv").write_text("kind,x0\n")
    monkeypatch.setattr(geometry, "_FOLDER", tmp_path)
    form_fields.cache_clear()
    form_rules.cache_clear()
    try:
        with pytest.raises(TableError, match="line 2"):
            form_fields()
        with pytest.raises(TableError, match="columns are"):
            form_rules()
    finally:
        form_fields.cache_clear()
        form_rules.cache_clear()
