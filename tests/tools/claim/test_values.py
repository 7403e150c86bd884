"""NPI, money and text as X12 writes them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.claim.money import dollars_and_cents, fits_claim, read_number, x12_number
from tools.claim.npi import is_npi, with_check_digit
from tools.claim.x12.charset import DELIMITERS, clean, unwritable


@pytest.mark.parametrize("good", ["1234567893", "1003000126"])
def test_an_npi_with_a_right_check_digit(good):
    assert is_npi(good)
    assert with_check_digit(good[:9]) == good


@pytest.mark.parametrize(
    "bad", ["9876543210", "1234567890", "123456789", "12345678930", "12345678 3", "１234567893", "", None]
)
def test_no_npi(bad):
    assert not is_npi(bad)


@given(st.integers(10**8, 3 * 10**8 - 1))
def test_one_wrong_digit_is_always_caught(number):
    npi = with_check_digit(str(number))
    changed = npi[:4] + str((int(npi[4]) + 1) % 10) + npi[5:]
    assert is_npi(npi)
    assert not is_npi(changed)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("185.50", "185.5"),
        ("100", "100"),
        ("0.00", "0"),
        ("-0", "0"),
        ("1E+2", "100"),
        ("0.05", "0.05"),
        ("-3.10", "-3.1"),
    ],
)
def test_numbers_as_x12_writes_them(value, text):
    assert x12_number(Decimal(value)) == text


@pytest.mark.parametrize("text", ["1,000", "1e3", "NaN", "", "12.3.4", "+5", "--1", "٣"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="not a decimal number"):
        read_number(text)


def test_money_of_the_paper_form():
    assert dollars_and_cents(Decimal("185.5")) == ("185", "50")


@pytest.mark.parametrize(
    ("value", "fits"), [("99999999.99", True), ("100000000.01", False), ("1.005", False), ("5E+3", True)]
)
def test_amounts_hipaa_allows(value, fits):
    assert fits_claim(Decimal(value)) is fits


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ("Müller-Straße", "MULLER-STRASSE"),
        ("  O’Brien\n Seán ", "O'BRIEN SEAN"),
        ("a*b:c~d^e", "A B C D E"),
        ("Łódź Ørsted Æsop", "LODZ ORSTED AESOP"),
        ("dose ½ – 3 µg", "DOSE 1/2 - 3 UG"),
        ("E. coli >100,000", "E. COLI >100,000"),
    ],
)
def test_text_is_transliterated(given_, written):
    assert clean(given_) == written
    assert unwritable(given_) == ""


def test_characters_without_a_counterpart_are_named():
    assert unwritable("王 Anna 王 Ж") == "王Ж"


@given(st.text())
def test_clean_text_never_breaks_a_segment(text):
    written = clean(text)
    assert not set(written) & set(DELIMITERS)
    assert written == written.strip() == clean(written)
    assert written.isascii()
