"""The fee schedule: the published formula, settings, localities, modifiers, and what it does not price."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import EditionError, UnknownCodeError
from knowledge.fees import FeeSchedule

FEES = FeeSchedule.load(Path(knowledge.__file__).parent / "data")
ON = date(2026, 7, 10)
CF = Decimal("33.4009")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_national_amounts_in_both_settings() -> None:
    office, facility = FEES.amount("99213", on=ON), FEES.amount("99213", facility=True, on=ON)
    assert office.amount == cents(Decimal("2.85") * CF) == Decimal("95.19")
    assert facility.amount == cents(Decimal("1.72") * CF)
    assert (office.work, office.total, office.conversion_factor) == (Decimal("1.30"), Decimal("2.85"), CF)
    assert (office.basis, office.source.table, office.source.row) == ("schedule", "mpfs", "99213")


def test_geography_weighs_each_part() -> None:
    place = FEES.localities.get("AL")
    fee = FEES.amount("99213", locality="AL", on=ON)
    parts = Decimal("1.30") * place.work + Decimal("1.46") * place.pe + Decimal("0.09") * place.mp
    assert fee.amount == cents(parts * CF)
    assert fee.locality == "10112-00"
    assert len(FEES.localities.shipped) == 109


def test_a_state_of_several_localities_asks_which() -> None:
    with pytest.raises(UnknownCodeError, match=r"one of .*Miami"):
        FEES.localities.get("FL")
    assert FEES.localities.get("09102-04").state == "FL"
    with pytest.raises(UnknownCodeError, match="is not in the table"):
        FEES.localities.get("ZZ")


@pytest.mark.parametrize(
    ("code", "modifiers", "factor"),
    [
        ("20610", ("50",), "1.5"),
        ("73560", ("50",), "2"),
        ("71046", ("50",), "1"),
        ("27447", ("80",), "0.16"),
        ("27447", ("AS",), "0.136"),
        ("27447", ("62",), "0.625"),
        ("20610", ("RT",), "1"),
    ],
)
def test_modifiers_that_price(code: str, modifiers: tuple[str, ...], factor: str) -> None:
    plain, changed = FEES.amount(code, on=ON), FEES.amount(code, modifiers, on=ON)
    assert changed.amount == cents(plain.total * CF * Decimal(factor))


def test_components_have_their_own_row() -> None:
    whole, reading, technical = (FEES.amount("93306", m, on=ON) for m in ((), ("26",), ("TC",)))
    assert whole.amount is not None
    assert reading.amount is not None
    assert technical.amount is not None
    assert abs(whole.amount - reading.amount - technical.amount) <= Decimal("0.01")
    assert reading.source.row == "93306-26"
    assert technical.work == 0


def test_what_the_schedule_does_not_price_is_marked() -> None:
    lab = FEES.amount("84443", on=ON)
    assert (lab.basis, lab.source.table, lab.total) == ("indicative", "indicative_amounts", Decimal("0.00"))
    assert lab.amount is not None
    bundled = FEES.amount("99000", on=ON)
    assert (bundled.amount, bundled.basis) == (None, "none")
    assert "bundled" in bundled.note
    assert FEES.amount("3044F", on=ON).amount is None
    assert "status N" in FEES.amount("99396", on=ON).note


def test_unknown_codes_are_not_priced() -> None:
    with pytest.raises(UnknownCodeError, match="33533"):
        FEES.amount("33533", on=ON)


def test_the_factor_of_the_date_else_the_nearest() -> None:
    assert FEES.conversion_factor(ON).factor == CF
    assert FEES.conversion_factor(ON, "qpp").factor == Decimal("33.5675")
    assert FEES.conversion_factor(date(2027, 5, 1)).factor == CF
    with pytest.raises(EditionError, match="no conversion factor xyz"):
        FEES.conversion_factor(ON, "xyz")


def test_a_service_not_done_outside_a_facility_is_noted() -> None:
    assert "outside a facility" in FEES.amount("99223", on=ON).note
    assert FEES.amount("99223", facility=True, on=ON).note == ""
