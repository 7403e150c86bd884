"""Dates, names, addresses, identifiers, and the tables behind them."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from knowledge.errors import TableError
from tools.fhir import tables, views
from tools.fhir.dates import day, days, exact_day, moment, years_between
from tools.fhir.identifiers import clia, employer_id, member_id, npi_valid, payer_id


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-08-15", date(2026, 8, 15)),
        ("2026-08-15T23:30:00-05:00", date(2026, 8, 15)),
        ("2026-08-16T00:30:00Z", date(2026, 8, 16)),
        ("2026-08-15T23:30:00.1234567-05:00", date(2026, 8, 15)),
        ("2026-08", date(2026, 8, 1)),
        ("2026", date(2026, 1, 1)),
        ("2026-02-30", None),
        ("2026-08-15T25:00:00Z", None),
        ("15.08.2026", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_the_day_as_written(value: str | None, expected: date | None) -> None:
    assert day(value) == expected


def test_utc_is_turned_to_the_practices_day_only_when_the_zone_is_known() -> None:
    chicago = ZoneInfo("America/Chicago")
    assert day("2026-08-16T00:30:00Z", chicago) == date(2026, 8, 15)
    assert day("2026-08-16T00:30:00-05:00", chicago) == date(2026, 8, 16)


def test_a_partial_date_spans_what_it_may_mean() -> None:
    found = days("2024-02")
    assert found is not None
    assert (found.first, found.last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert exact_day("2024-02") is None
    assert moment("2024-02-01") is None


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1980, 8, 16), date(2026, 8, 15), 45),
        (date(1980, 8, 15), date(2026, 8, 15), 46),
        (date(2024, 2, 29), date(2025, 2, 28), 0),
    ],
)
def test_age_is_in_completed_years(born: date, on: date, age: int) -> None:
    assert years_between(born, on) == age


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("1234567893", True),
        ("1003000126", True),
        ("1234567890", False),
        ("9876543210", False),
        ("3234567893", False),
        ("123456789", False),
        ("12345678 3", False),
    ],
)
def test_npi_check_digit(number: str, valid: bool) -> None:
    assert npi_valid(number) is valid


def test_identifiers_are_taken_by_system_or_type_and_checked() -> None:
    ein = {"identifier": [{"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-3456789"}]}
    assert employer_id(ein) == "123456789"
    assert (
        employer_id({"identifier": [{"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-345"}]}) is None
    )
    assert (
        clia({"identifier": [{"system": "urn:oid:2.16.840.1.113883.4.7", "value": "14d2087650"}]})
        == "14D2087650"
    )
    assert clia({"identifier": [{"system": "urn:oid:2.16.840.1.113883.4.7", "value": "14-2087650"}]}) is None
    assert payer_id({"identifier": [{"system": "urn:uuid", "value": "77"}]}) is None
    assert payer_id({"identifier": [{"type": {"coding": [{"code": "payerid"}]}, "value": "77"}]}) == "77"


def test_a_medicare_number_loses_its_dashes_and_others_keep_theirs() -> None:
    given = {"subscriberId": "1EG4-TE5-MK73"}
    assert member_id(given, dashed=False) == "1EG4TE5MK73"
    assert member_id(given) == "1EG4-TE5-MK73"
    assert member_id({}) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ({"family": "Doe", "given": ["Jo", "Q"], "suffix": ["Jr"]}, "Jo Q Doe Jr"),
        ({"text": "Jo Q Doe"}, "Jo Q Doe"),
        ({"family": "Doe"}, "Doe"),
    ],
)
def test_names(name: dict[str, object], shown: str) -> None:
    found = views.human_name({"name": [name]})
    assert found is not None
    assert found.display == shown


def test_the_official_name_stands_before_the_nickname_and_an_old_name_last() -> None:
    names = [
        {"use": "nickname", "family": "Nick"},
        {"use": "official", "family": "Old", "period": {"end": "2020"}},
        {"use": "official", "family": "New"},
    ]
    found = views.human_name({"name": names})
    assert found is not None
    assert found.last == "New"
    assert views.human_name({"name": [{"given": ["Jo"]}]}) is None


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({"line": ["1 A St"], "city": "Elgin", "state": "illinois", "postalCode": "60120-1234"}, True),
        ({"line": ["1 A St"], "city": "Elgin", "state": "IL", "postalCode": "6012"}, False),
        ({"line": ["1 A St"], "city": "Elgin", "state": "Bavaria", "postalCode": "60120"}, False),
        ({"line": [], "city": "Elgin", "state": "IL", "postalCode": "60120"}, False),
    ],
)
def test_an_address_is_whole_or_absent(given: dict[str, object], complete: bool) -> None:
    assert (views.address({"address": [given]}) is not None) is complete


def test_a_telephone_number_has_ten_digits() -> None:
    telecom = [{"system": "email", "value": "a@b.c"}, {"system": "phone", "value": "555-0100"}]
    assert views.phone({"telecom": telecom}) is None
    assert (
        views.phone({"telecom": [*telecom, {"system": "phone", "value": "+1 (847) 555-0100"}]})
        == "8475550100"
    )


def test_views_never_raise_on_the_wrong_shape() -> None:
    oddities: tuple[object, ...] = (None, 1, "x", [], {}, {"a": 1})
    for odd in oddities:
        assert views.text(odd, "a", 0, "b") is None
        assert views.objects(odd, "a") == ()
        assert views.codings(odd) == ()
        assert views.sex(odd) == "unknown"
        assert views.quantity(odd) is None


def test_every_payer_kind_has_a_filing_code() -> None:
    assert set(tables.filing_codes()) == {rule.kind for rule in tables.payer_rules()}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("basis,system,pattern,kind,filing_code\n", "columns"),
        ("basis,system,pattern,payer_kind,filing_code\ncode,s,x,medicare\n", "line 2: 5 cells"),
        ("basis,system,pattern,payer_kind,filing_code\nguess,s,x,medicare,MB\n", "basis 'guess'"),
        ("basis,system,pattern,payer_kind,filing_code\ncode,s,x,medcare,MB\n", "'medcare' is no payer kind"),
        ("basis,system,pattern,payer_kind,filing_code\ncode,s,(,medicare,MB\n", "pattern"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "payer_kinds.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=r"payer_kinds\.csv") as fault:
        tables.payer_rules(path)
    assert told in str(fault.value)


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (tables.place_rules, "encounter_class,location_code,location_words,place\nAMB,,,1\n"),
        (tables.staff_taxonomies, "taxonomy_prefix,role,who\n20,boss,x\n"),
        (tables.filing_codes, "payer_kind,filing_code\nnobody,MB\n"),
        (tables.state_codes, "code\nIL\n"),
    ],
)
def test_the_other_tables_are_strict_too(tmp_path: Path, read: object, content: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError):
        read(path)  # type: ignore[operator]
