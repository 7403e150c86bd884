"""Payer packs and places of service."""

import shutil
from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import TableError, UnknownCodeError
from knowledge.payers import FrequencyLimit, PayerPacks
from knowledge.places import PlaceTable
from knowledge.procedures import ProcedureTable

DATA = Path(knowledge.__file__).parent / "data"
PACKS = PayerPacks.load(DATA)
PLACES = PlaceTable.load(DATA)


def test_the_packs_that_ship() -> None:
    assert set(PACKS.ids) == {
        "medicare_part_b",
        "medicare_advantage",
        "medicaid_template",
        "commercial_template",
        "evergreen_health_plan",
    }
    assert len(PACKS) == 5
    assert {PACKS.get(one).edition for one in PACKS.ids} == {PACKS.edition}


@pytest.mark.parametrize(
    ("kind", "pack"),
    [
        ("medicare", "medicare_part_b"),
        ("medicare_part_b", "medicare_part_b"),
        ("medicare_advantage", "medicare_advantage"),
        ("medicaid", "medicaid_template"),
        ("commercial", "commercial_template"),
        ("tricare", "commercial_template"),
        ("self_pay", "commercial_template"),
    ],
)
def test_the_pack_of_a_kind_of_payer(kind: str, pack: str) -> None:
    assert PACKS.for_kind(kind).id == pack


def test_a_named_payer_comes_before_its_kind() -> None:
    pack = PACKS.for_payer("EVG01", "commercial")
    assert pack.name == "Evergreen Health Plan"
    assert (pack.telehealth.video_modifier, pack.telehealth_place(at_home=True)) == ("95", "10")
    assert pack.telehealth_place(at_home=False) == "02"
    assert PACKS.for_payer("OTHER", "commercial").id == "commercial_template"
    assert PACKS.for_payer(None, "medicare").id == "medicare_part_b"


def test_medicare_differs_as_published() -> None:
    pack = PACKS.get("medicare_part_b")
    assert not pack.telehealth.accepts_98000
    assert pack.vaccine_admin == "medicare"
    assert pack.prolonged_code == "G2212"
    assert pack.accepted_frequencies == ("1",)
    assert pack.timely_filing_days == 365
    assert not pack.accepts_consultations
    assert PACKS.get("commercial_template").vaccine_admin == "cpt"


def test_every_code_of_a_limit_is_in_the_procedure_table() -> None:
    table = ProcedureTable.load(DATA)
    for pack in map(PACKS.get, PACKS.ids):
        assert all(table.find(code) for limit in pack.frequency for code in limit.codes)
        assert table.find(pack.prolonged_code)


def limit(per: str, length: int) -> FrequencyLimit:
    return FrequencyLimit.model_validate(
        {
            "name": "n",
            "codes": ["G0439"],
            "at_most": 1,
            "per": per,
            "length": length,
            "why": "w",
            "source": "s",
        }
    )


@pytest.mark.parametrize(
    ("per", "length", "last", "next_day"),
    [
        ("full_months", 11, date(2025, 8, 31), date(2026, 8, 1)),
        ("full_months", 23, date(2024, 8, 2), date(2026, 8, 1)),
        ("months", 12, date(2024, 2, 29), date(2025, 2, 28)),
        ("months", 6, date(2026, 1, 31), date(2026, 7, 31)),
        ("months", 1, date(2026, 1, 31), date(2026, 2, 28)),
        ("days", 30, date(2026, 7, 1), date(2026, 7, 31)),
        ("calendar_year", 1, date(2026, 7, 1), date(2027, 1, 1)),
        ("calendar_month", 1, date(2026, 7, 20), date(2026, 8, 1)),
        ("season", 1, date(2025, 10, 1), date(2026, 7, 1)),
        ("season", 1, date(2026, 3, 1), date(2026, 7, 1)),
        ("lifetime", 0, date(2020, 1, 1), None),
    ],
)
def test_the_first_day_of_one_more(per: str, length: int, last: date, next_day: date | None) -> None:
    assert limit(per, length).earliest_next(last) == next_day


def test_limits_by_code() -> None:
    pack = PACKS.get("medicare_part_b")
    assert [one.name for one in pack.limits("G0444")] == ["depression screening"]
    assert {one.per for one in pack.limits("G0438")} == {"full_months", "lifetime"}
    assert pack.limits("99213") == ()


def test_an_unknown_pack_is_refused_with_the_list() -> None:
    with pytest.raises(UnknownCodeError, match="medicare_part_b"):
        PACKS.get("nobody")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "commercial"', 'kind = "union"', "kind"),
        ("qw = true", "", r"missing \['qw'\]"),
        ("qw = true", "qw = true\nextra = 1", r"unknown \['extra'\]"),
        ('id = "evergreen_health_plan"', 'id = "medicare_part_b"', "medicare_part_b is claimed twice"),
        ('home_place = "10"', "", "telehealth.home_place"),
    ],
)
def test_a_malformed_pack_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    shutil.copytree(DATA / "2026" / "payers", tmp_path / "payers")
    path = tmp_path / "payers" / "evergreen_health_plan.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(TableError, match=says):
        PayerPacks.load(tmp_path)


@pytest.mark.parametrize(
    ("code", "facility", "telehealth"),
    [("11", False, False), ("10", False, True), ("02", True, True), ("22", True, False), ("31", True, False)],
)
def test_places(code: str, facility: bool, telehealth: bool) -> None:
    place = PLACES.get(code)
    assert (place.facility, place.telehealth) == (facility, telehealth)
    assert PLACES.facility(code) is facility


def test_unassigned_places() -> None:
    assert len(PLACES) == 52
    assert PLACES.find("00") is None
    assert not PLACES.facility(None)
    with pytest.raises(UnknownCodeError, match="47 is not assigned"):
        PLACES.get("47")
