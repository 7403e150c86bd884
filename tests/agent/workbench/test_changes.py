import pytest
from starlette.datastructures import FormData

from agent.workbench.changes import ChangeError, edits_of
from tools.amend import apply_edits
from tools.amend.edits import EditError


@pytest.fixture(scope="module")
def case(desk):
    return desk.case("02-diabetes-heart-depression")


def rows(case):
    """The form as the page shows it: one dictionary a row."""
    diagnoses = [{"from": str(d.sequence), "code": d.code, "quote": ""} for d in case.coding.diagnoses]
    lines = [
        {
            "from": str(s.line),
            "code": s.code,
            "quote": "",
            "modifiers": " ".join(m.code for m in s.modifiers),
            "units": f"{s.units}",
            "pointers": " ".join(map(str, s.pointers)),
        }
        for s in case.coding.service_lines
    ]
    return diagnoses, lines


def form(diagnoses, lines):
    pairs = [(f"dx_{k}", v) for row in diagnoses for k, v in row.items()]
    return FormData(pairs + [(f"line_{k}", v) for row in lines for k, v in row.items()])


def after(case, desk, diagnoses, lines):
    """The proposal after the edits of a form."""
    edits = edits_of(case.coding, form(diagnoses, lines))
    return apply_edits(case.proposal, edits, case.facts, desk.session.context.bookshelf, "because")


def codes(proposal):
    return [d.code for d in proposal.diagnoses]


def test_an_untouched_form_holds_no_edit(case):
    assert edits_of(case.coding, form(*rows(case))) == ()


def test_another_code_replaces_the_old_in_its_place(case, desk):
    diagnoses, lines = rows(case)
    diagnoses[1]["code"] = " i10 "
    made = after(case, desk, diagnoses, lines)
    assert codes(made)[1] == "I10"
    assert len(made.diagnoses) == len(case.proposal.diagnoses)


def test_a_removed_row_goes_and_pointers_follow(case, desk):
    diagnoses, lines = rows(case)
    with pytest.raises(EditError, match=r"83036.*would point to"):
        after(case, desk, diagnoses[1:], lines)  # the test of the removed diagnosis is left without one
    lines[1]["pointers"] = "2"
    made = after(case, desk, diagnoses[1:], lines)
    assert codes(made) == [d["code"] for d in diagnoses[1:]]
    before = case.proposal.service_lines[0].pointers
    assert made.service_lines[0].pointers == tuple(p - 1 for p in before if p != 1)


def test_another_order_keeps_each_line_on_the_same_codes(case, desk):
    diagnoses, lines = rows(case)
    made = after(case, desk, diagnoses[::-1], lines)
    assert codes(made) == [d["code"] for d in diagnoses[::-1]]
    for old, new in zip(case.proposal.service_lines, made.service_lines, strict=True):
        pointed = [codes(case.proposal)[p - 1] for p in old.pointers]
        assert [codes(made)[p - 1] for p in new.pointers] == pointed


def test_a_new_row_stands_where_it_was_put_and_can_be_pointed_to(case, desk):
    diagnoses, lines = rows(case)
    label = len(diagnoses) + 1
    diagnoses.insert(1, {"from": str(label), "code": "G47.00", "quote": "sleeping badly"})
    lines[0]["pointers"] = f"{label} 1"
    made = after(case, desk, diagnoses, lines)
    assert codes(made)[1] == "G47.00"
    assert made.diagnoses[1].evidence[0].text == "sleeping badly"
    assert made.service_lines[0].pointers == (2, 1)


def test_lines_change_in_every_field(case, desk):
    diagnoses, lines = rows(case)
    lines[0] |= {"code": "99213", "modifiers": "25, gc", "units": "2", "pointers": "2,1"}
    line = after(case, desk, diagnoses, lines).service_lines[0]
    assert (line.code, [m.code for m in line.modifiers], line.units, line.pointers) == (
        "99213",
        ["25", "GC"],
        2,
        (2, 1),
    )


def test_lines_are_added_and_removed(case, desk):
    diagnoses, lines = rows(case)
    new = {"from": "9", "code": "36415", "quote": "A1c", "modifiers": "", "units": "1", "pointers": "1"}
    made = after(case, desk, diagnoses, [*lines[1:], new])
    assert [x.code for x in made.service_lines] == [*(x["code"] for x in lines[1:]), "36415"]


def test_words_cited_beside_an_unchanged_code_are_added_to_its_evidence(case, desk):
    diagnoses, lines = rows(case)
    diagnoses[0]["quote"] = "fasting sugars"
    made = after(case, desk, diagnoses, lines)
    assert made.diagnoses[0].evidence[-1].text == "fasting sugars"
    assert len(made.diagnoses[0].evidence) == len(case.proposal.diagnoses[0].evidence) + 1


def test_a_pointer_to_a_removed_row_is_dropped_and_to_a_missing_one_refused(case, desk):
    diagnoses, lines = rows(case)
    lines[0]["pointers"], lines[1]["pointers"] = "1 2", "2"
    assert after(case, desk, diagnoses[1:], lines).service_lines[0].pointers == (1,)
    lines[0]["pointers"] = "77"
    with pytest.raises(ChangeError, match="diagnosis 77"):
        edits_of(case.coding, form(diagnoses, lines))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("units", "many", "not a number"),
        ("units", "NaN", "not a number"),
        ("units", "0", "units"),
        ("pointers", "A", "not a number"),
        ("pointers", "1 1 2 3 4", "pointers"),
        ("from", "x", "not a number"),
    ],
)
def test_what_can_not_be_read_is_told(case, field, value, told):
    diagnoses, lines = rows(case)
    lines[0][field] = value
    with pytest.raises(ChangeError, match=told):
        edits_of(case.coding, form(diagnoses, lines))


def test_a_form_with_a_lost_field_is_refused(case):
    diagnoses, lines = rows(case)
    del diagnoses[0]["code"]
    with pytest.raises(ChangeError, match="not complete"):
        edits_of(case.coding, form(diagnoses, lines))
