"""The structural gate: what pyx12 finds, told in records, without a word in the log."""

import logging

import pytest

from tests.tools.claim.strategies import envelope
from tools.claim.validate import validate_837
from tools.claim.x12.writer import write_837


@pytest.mark.parametrize(
    ("old", "new", "segment"),
    [
        ("DTP*472*D8*20260702~\n", "", "DTP"),
        ("20260702", "20260231", "DTP"),
        ("CLM*SB000001", "CLM*" + "X" * 39, "CLM"),
        ("11:B:1", "98:B:1", "CLM"),
        ("SE*29", "SE*30", "ST"),
        ("IEA*1*000000001", "IEA*1*000000002", "ISA"),
        ("***1~", "***1:1:1:1:1~", "ISA"),
        ("X222A1", "X222A2", "ISA"),
        ("REF*EI*123456789~\n", "", "REF"),
    ],
)
def test_a_fault_is_found_and_the_next_good_file_is_clean(claim, old, new, segment):
    good = write_837([claim], envelope())
    assert old in good
    faults = validate_837(good.replace(old, new))
    assert segment in {fault.segment for fault in faults}
    assert validate_837(good) == []


@pytest.mark.parametrize("text", ["", "garbage", "ISA*00*"])
def test_what_is_no_x12_is_a_fault_too(text):
    assert validate_837(text)


def test_nothing_of_the_claim_reaches_the_log(claim, caplog):
    text = write_837([claim], envelope()).replace("20260702", "20260231")
    with caplog.at_level(logging.DEBUG):
        faults = validate_837(text)
    assert caplog.records == []
    assert "DTP 27 element 3" in str(faults[0])
