"""HCPCS Level II and the licensed CPT file: both layouts, continuation records, refusals."""

import pytest

from knowledge.errors import TableError
from knowledge.sources.hcpcs import OPEN, form_of, read_hcpcs, read_licensed, release_of


def _fixed(code: str, record: str, long: str, short: str = "Short", ended: str = "") -> str:
    line = f"{code:>5}00100{record}{long:<80}{short:<28}".ljust(229) + "C"
    return line.ljust(268) + "2020010120200101" + f"{ended:<8}" + "N\r\n"


def test_fixed_width_records_are_joined() -> None:
    lines = [
        _fixed("A0001", "3", "First half"),
        _fixed("A0001", "4", "second half"),
        _fixed("D0001", "3", "Tooth"),
    ]
    lines.append(_fixed("XY", "7", "A modifier", ended="20241231"))
    assert form_of(lines[0]) == "fixed"
    rows = list(read_hcpcs(lines, "fixed", "x"))
    assert [(r.code, r.kind, r.first, r.last) for r in rows] == [
        ("A0001", "code", 20200101, OPEN),
        ("XY", "modifier", 20200101, 20241231),
    ]
    assert rows[0].long == "First half second half"
    assert str(release_of("HCPC2026_OCT_ANWEB_09232026.txt")) == "2026-10-01"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([_fixed("A0001", "4", "x")], "continues a record"),
        ([_fixed("A0001", "3", "x"), _fixed("A0001", "3", "x")], "occurs twice"),
        ([_fixed("A0001", "5", "x")], "record id"),
        ([_fixed("A0001", "3", "x")[:60]], "cut off"),
        ([_fixed("A0001", "3", "x", ended="20241399")], "month must be"),
        ([], "holds no code"),
    ],
)
def test_damaged_records_are_refused(lines: list[str], says: str) -> None:
    with pytest.raises(TableError, match=says):
        list(read_hcpcs(lines, "fixed", "x"))


def test_a_licensed_file_is_strict() -> None:
    assert list(read_licensed(["code,short,long\n", "99999,s,l\n"], "x")) == [("99999", "s", "l")]
    for bad, says in ((["code,long,short\n"], "header"), (["code,short,long\n", "A1,s,l\n"], "no CPT code")):
        with pytest.raises(TableError, match=says):
            list(read_licensed(bad, "x"))
