"""Modifier rules: each with a code that takes it and a near miss that does not."""

import shutil
from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import TableError, UnknownCodeError
from knowledge.modifiers import ModifierTable
from knowledge.procedures import ProcedureTable

DATA = Path(knowledge.__file__).parent / "data"
MODIFIERS = ModifierTable.load(DATA)
PROCEDURES = ProcedureTable.load(DATA)
ON = date(2026, 7, 10)

PART_4 = [
    "24",
    "25",
    "26",
    "33",
    "50",
    "52",
    "53",
    "54",
    "55",
    "57",
    "58",
    "59",
    "62",
    "66",
    "76",
    "77",
    "78",
    "79",
    "80",
    "81",
    "82",
    "90",
    "91",
    "93",
    "95",
    "AI",
    "AS",
    "AT",
    "E1",
    "E2",
    "E3",
    "E4",
    "EJ",
    "ET",
    "FA",
    "F1",
    "F5",
    "F9",
    "FQ",
    "FS",
    "GA",
    "GC",
    "GE",
    "GG",
    "GN",
    "GO",
    "GP",
    "GQ",
    "GT",
    "GU",
    "GV",
    "GW",
    "GX",
    "GY",
    "GZ",
    "JW",
    "JZ",
    "KX",
    "LT",
    "PD",
    "PT",
    "Q0",
    "Q1",
    "Q5",
    "Q6",
    "Q7",
    "Q8",
    "Q9",
    "QW",
    "QX",
    "RT",
    "SA",
    "SL",
    "TA",
    "T5",
    "T9",
    "TC",
    "TH",
    "U1",
    "XE",
    "XP",
    "XS",
    "XU",
    "27",
    "96",
    "97",
    "99",
]


@pytest.mark.parametrize("code", PART_4)
def test_the_modifier_is_there_with_criteria_and_source(code: str) -> None:
    row = MODIFIERS.get(code)
    assert row.criteria
    assert row.source
    assert row.criteria == MODIFIERS.criteria(code)
    for other in row.conflicts:
        assert code in MODIFIERS.get(other).conflicts


@pytest.mark.parametrize(
    ("modifier", "takes", "refuses"),
    [
        ("24", "99213", "20610"),
        ("25", "99214", "93000"),
        ("25", "99396", "36415"),
        ("57", "99204", "27447"),
        ("26", "93306", "93000"),
        ("TC", "71046", "99213"),
        ("50", "20610", "71046"),
        ("50", "73560", "99213"),
        ("52", "94010", "99213"),
        ("54", "25600", "93000"),
        ("59", "17110", "99213"),
        ("XS", "11102", "J3301"),
        ("76", "71045", "99213"),
        ("78", "10060", "99213"),
        ("79", "10060", "80053"),
        ("90", "80053", "99213"),
        ("91", "82947", "71046"),
        ("93", "99213", "20610"),
        ("95", "99214", "73610"),
        ("AI", "99223", "99213"),
        ("AT", "98941", "97110"),
        ("E1", "67800", "69210"),
        ("F7", "73140", "73130"),
        ("T5", "73660", "73600"),
        ("TA", "11750", "20610"),
        ("FS", "99233", "99213"),
        ("GE", "99213", "99214"),
        ("GP", "97110", "99213"),
        ("JZ", "J0897", "20610"),
        ("LT", "73630", "71046"),
        ("RT", "L4350", "E0114"),
        ("PT", "45385", "20610"),
        ("Q8", "11721", "11102"),
        ("QW", "87880", "81002"),
        ("QW", "83036", "36415"),
        ("SL", "90707", "90471"),
    ],
)
def test_allowed_and_near_miss(modifier: str, takes: str, refuses: str) -> None:
    yes = MODIFIERS.allowed(modifier, PROCEDURES.get(takes, ON))
    no = MODIFIERS.allowed(modifier, PROCEDURES.get(refuses, ON))
    assert yes.ok, yes.why
    assert not no.ok, no.why
    assert refuses in no.why
    assert no.source.row is not None
    assert no.source.row.startswith(modifier)


@pytest.mark.parametrize("code", ["27", "73", "74", "PN", "PO"])
def test_facility_modifiers_never_stand_on_a_professional_claim(code: str) -> None:
    answer = MODIFIERS.allowed(code, PROCEDURES.get("99213", ON))
    assert not answer.ok
    assert "facility" in answer.why


def test_a_refusal_names_the_figure_it_rests_on() -> None:
    assert "bilateral indicator 2" in MODIFIERS.allowed("50", PROCEDURES.get("92557", ON)).why
    assert "PC/TC indicator 4" in MODIFIERS.allowed("26", PROCEDURES.get("93000", ON)).why
    assert "without QW" in MODIFIERS.allowed("QW", PROCEDURES.get("81025", ON)).why


def test_the_table_knows_its_codes() -> None:
    assert len(MODIFIERS) == len(MODIFIERS.codes) > 120
    assert all(code in MODIFIERS for code in MODIFIERS.codes)


def test_pricing_modifiers_come_first() -> None:
    assert MODIFIERS.sort(["RT", "59", "26"]) == ("26", "59", "RT")
    assert MODIFIERS.sort(["95", "25"]) == ("25", "95")


def test_modifiers_that_never_stand_together() -> None:
    assert MODIFIERS.conflicts(["50", "RT", "25"]) == (("50", "RT"),)
    assert MODIFIERS.conflicts(["59", "XS"]) == (("59", "XS"),)
    assert MODIFIERS.conflicts(["25", "95"]) == ()


def test_an_unknown_modifier_is_refused() -> None:
    assert MODIFIERS.find("ZZ") is None
    assert "ZZ" not in MODIFIERS
    with pytest.raises(UnknownCodeError, match="modifier ZZ"):
        MODIFIERS.get("ZZ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ZZ,A title,a_test,1,no,yes,,somewhere,something\n", "ZZ names a_test"),
        ("ZZ,A title,any,1,no,yes,YY,somewhere,something\n", "ZZ names YY"),
        ("25,A title,em,1,no,yes,,somewhere,something\n", "25 occurs twice"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, line: str, says: str) -> None:
    shutil.copytree(DATA / "2026", tmp_path / "2026")
    path = tmp_path / "2026" / "modifiers.csv"
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(TableError, match=says):
        ModifierTable.load(tmp_path)


@pytest.mark.shared
def test_every_modifier_of_the_dev_notes_is_allowed(shared: Path) -> None:
    import json

    lines = (shared / "evals_dev" / "aci_dev.jsonl").read_text(encoding="utf-8").splitlines()
    used = [line for case in lines for line in json.loads(case)["gold"].get("lines") or []]
    for line in used:
        for modifier in line["modifiers"]:
            answer = MODIFIERS.allowed(modifier, PROCEDURES.get(line["code"], ON))
            assert answer.ok, answer.why
