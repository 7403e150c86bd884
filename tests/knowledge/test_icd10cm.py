"""The tabular list: existence, tree, notes with inheritance, Excludes1, ranges."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.errors import UnknownCodeError
from knowledge.icd10cm import dotted
from knowledge.ranges import CodeRange, parse_refs, satisfies

ON = date(2026, 7, 1)


def test_whole_edition_is_there(shelf: Bookshelf) -> None:
    rows = shelf.store.rows(
        "SELECT billable, count(*) FROM icd_code WHERE edition = '2026' GROUP BY billable"
    )
    assert dict(rows) == {0: 23_467, 1: 74_719}


@pytest.mark.shared
def test_equals_the_official_order_file(shelf: Bookshelf, shared: Path) -> None:
    text = (shared / "reference/icd10cm/icd10cm-order-2026.txt").read_text(encoding="ascii")
    official = {line[6:14].strip(): (line[14] == "1", line[77:].strip()) for line in text.splitlines()}
    ours = {
        code.replace(".", ""): (bool(billable), display)
        for code, billable, display in shelf.store.rows("SELECT code, billable, display FROM icd_code")
    }
    assert set(ours) == set(official)
    assert [code for code in ours if ours[code][0] != official[code][0]] == []
    other = [code for code in ours if ours[code][1] != official[code][1] and ours[code][1].isascii()]
    assert other == []  # only diacritics differ


@pytest.mark.parametrize("typed", ["E11.9", "e119", " e11.9 "])
def test_code_as_people_type_it(shelf: Bookshelf, typed: str) -> None:
    found = shelf.icd.get(typed, ON)
    assert (found.code, found.billable, found.needs) == ("E11.9", True, None)
    assert (found.chapter, found.block, found.parent, found.edition) == (4, "E08-E13", "E11", "2026")


@pytest.mark.parametrize("code", ["E11.99", "S06.0X7D", "", "99213", "E11.9A"])
def test_unknown_code_is_refused(shelf: Bookshelf, code: str) -> None:
    assert shelf.icd.find(code, ON) is None
    with pytest.raises(UnknownCodeError, match="not in ICD-10-CM 2026"):
        shelf.icd.get(code, ON)


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("E11", "4th character"),
        ("S52.5", "5th character"),
        ("S93.401", "7th character: A, D or S"),
        ("E11.321", "7th character: 1, 2, 3 or 9"),
        ("S06.0", "5th character"),
        ("I10", None),
    ],
)
def test_what_a_header_needs(shelf: Bookshelf, code: str, needs: str | None) -> None:
    found = shelf.icd.get(code, ON)
    assert (found.needs, found.billable) == (needs, needs is None)


def test_generated_code_is_padded_and_named(shelf: Bookshelf) -> None:
    found = shelf.icd.get("W11XXXA", ON)
    assert found.code == "W11.XXXA"
    assert found.display == "Fall on and from ladder, initial encounter"
    assert found.parent == "W11"


@pytest.mark.parametrize(("code", "exists"), [("S06.0X7A", False), ("S06.897A", True), ("S06.897D", False)])
def test_characters_that_do_not_apply_are_not_generated(shelf: Bookshelf, code: str, exists: bool) -> None:
    assert (shelf.icd.find(code, ON) is not None) is exists


def test_tree_goes_up_and_down(shelf: Bookshelf) -> None:
    assert [a.code for a in shelf.icd.ancestors("S93.401A", ON)] == ["S93.401", "S93.40", "S93.4", "S93"]
    assert [c.code for c in shelf.icd.children("M54.5", ON)] == ["M54.50", "M54.51", "M54.59"]
    assert shelf.icd.children("I10", ON) == ()
    assert {c.code for c in shelf.icd.descendants("M54.5", ON)} == {"M54.50", "M54.51", "M54.59"}


def test_category_that_is_its_own_section_has_no_parent(shelf: Bookshelf) -> None:
    assert shelf.icd.get("C50", ON).parent is None
    assert [a.code for a in shelf.icd.ancestors("C50.011", ON)] == ["C50.01", "C50.0", "C50"]
    assert "C50" not in [c.code for c in shelf.icd.children("C50", ON)]


def test_notes_are_inherited_from_category_section_and_chapter(shelf: Bookshelf) -> None:
    notes = shelf.icd.notes("E11.9", ON)
    origins = {note.origin for note in notes.excludes1}
    assert {"E11.9", "E11", "chapter 4"} <= origins
    insulin = next(note for note in notes.use_additional if "insulin (Z79.4)" in note.text)
    assert insulin.lead == "code to identify control using:"
    assert insulin.refs == (CodeRange(low="Z794", high="Z794"),)


def test_nearest_seventh_characters_are_in_force(shelf: Bookshelf) -> None:
    assert shelf.icd.notes("S52.501A", ON).seventh["A"] == "initial encounter for closed fracture"
    assert dict(shelf.icd.notes("S93.401", ON).seventh) == {
        "A": "initial encounter",
        "D": "subsequent encounter",
        "S": "sequela",
    }
    assert dict(shelf.icd.notes("I10", ON).seventh) == {}


@pytest.mark.parametrize(
    ("a", "b", "origin"),
    [
        ("E11.9", "E10.9", "E11"),  # category
        ("E10.9", "E11.65", "E10"),
        ("R05.9", "J20.9", None),
        ("E11.9", "I10", None),
        ("E11.22", "E11.9", None),  # one category
        ("J45.909", "J44.9", None),  # Excludes2
        ("I10", "ZZZ", None),
    ],
)
def test_excludes1_in_both_directions(shelf: Bookshelf, a: str, b: str, origin: str | None) -> None:
    one, other = shelf.icd.excludes1_conflict(a, b, ON), shelf.icd.excludes1_conflict(b, a, ON)
    assert (one is None) == (other is None) == (origin is None)
    if one is not None:
        assert one.origin == origin
        assert {one.code, one.excluded} == {a, b}


def test_excludes1_names_a_row_whatever_the_order(shelf: Bookshelf) -> None:
    found = shelf.icd.excludes1_conflict("R73.03", "E11.9", ON)
    assert found is None or found.edition == "2026"
    found = shelf.icd.excludes1_conflict("E11.9", "P70.2", ON)
    assert found is not None
    assert "P70" in found.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gestational diabetes (O24.4-)", ["O244"]),
        ("diabetes (E08.-)", ["E08"]),
        ("multiple sclerosis (G35-)", ["G35"]),
        ("stages (N18.1-N18.6)", ["N181-N186"]),
        ("injury (S00-T88)", ["S00-T88"]),
        ("trypanosomiasis (B56.-, B57.-)", ["B56", "B57"]),
        ("pyelonephritis (N11.0, N11.1-N11.9)", ["N110", "N111-N119"]),
        ("fracture (S12.0--S12.6.-)", ["S120-S126"]),
        ("drug (T36-T50 with fifth or sixth character 5)", ["T36-T50 [5or6: 5]"]),
        ("poisoning (T36-T65 with fifth or sixth character 1-4 or 6)", ["T36-T65 [5or6: 1, 2, 3, 4, 6]"]),
        ("aphasia (I69. with final characters -20)", ["I69 [ending: 20]"]),
        ("gangrene (E08-E13 with .51-.52)", ["E08-E13 [after-dot: 51, 52]"]),
        ("vitamin B12 (dietary)", []),
        ("no brackets E11.9", []),
    ],
)
def test_references_are_read_from_free_text(text: str, expected: list[str]) -> None:
    assert [str(ref) for ref in parse_refs(text)] == expected


def test_reference_narrowed_in_words_is_marked() -> None:
    (ref,) = parse_refs("open fracture (S52.- with open fracture 7th character)")
    assert not ref.exact


@pytest.mark.parametrize(
    ("code", "inside"),
    [("T36.0X5A", True), ("T39.015A", True), ("T39.011A", False), ("T36.95XA", True), ("T36.0X1A", False)],
)
def test_fifth_or_sixth_character(code: str, inside: bool) -> None:
    (ref,) = parse_refs("adverse effect (T36-T50 with fifth or sixth character 5)")
    assert satisfies(code.replace(".", ""), ref) is inside


@pytest.mark.parametrize(
    ("code", "text", "inside"),
    [
        ("N18.32", "(N18.1-N18.6)", True),
        ("N18.9", "(N18.1-N18.6)", False),
        ("C4A.0", "(C43-C44)", True),  # C4A stands between C43 and C44 in the tabular list
        ("C4A.0", "(C45-C49)", False),
        ("O9A.211", "(O94-O9A)", True),
        ("E11.9", "(E08-E13)", True),
        ("E11", "(E11.2)", False),
    ],
)
def test_ranges_follow_the_order_of_the_tabular_list(
    shelf: Bookshelf, code: str, text: str, inside: bool
) -> None:
    assert shelf.icd.in_ranges(code, parse_refs(text), ON) is inside


@pytest.mark.parametrize(
    ("typed", "code"), [("a00", "A00"), ("S93401a", "S93.401A"), ("W11.XXXA", "W11.XXXA")]
)
def test_dotted(typed: str, code: str) -> None:
    assert dotted(typed) == code


def test_every_code_has_a_reason_to_be_where_it_is(shelf: Bookshelf) -> None:
    orphans = shelf.store.rows(
        "SELECT a.code FROM icd_code a LEFT JOIN icd_code b ON b.edition = a.edition AND b.code = a.parent"
        " WHERE a.parent != '' AND b.code IS NULL"
    )
    assert orphans == []
    places = Counter(kind for (kind,) in shelf.store.rows("SELECT kind FROM icd_note"))
    assert places["excludes1"] == 5_407
    assert places["inclusion_terms"] > 12_000
