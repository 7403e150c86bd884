"""Tolerant of form, strict about loss: delimiters, streams, unknown segments, damage."""

import random

import pytest

from tests.tools.claim.strategies import envelope
from tools.claim.errors import X12Error
from tools.claim.x12.parse import parse
from tools.claim.x12.reader import read_837
from tools.claim.x12.segments import sniff, tokenise
from tools.claim.x12.writer import write_837


def test_odd_delimiters_prose_above_and_unknown_segments(x12_file):
    parsed = read_837(x12_file("odd_delimiters.837"))
    (claim,) = parsed.claims
    assert parsed.errors == ()
    assert claim.patient.name.first == "LEO"
    assert claim.coverages[0].relationship == "child"
    assert claim.coverages[0].subscriber.name.first == "MARIA"
    assert [d.code for d in claim.diagnoses] == ["J06.9", "H66.91"]
    assert [(x.code, x.modifiers, x.pointers) for x in claim.lines] == [
        ("99213", ("25",), (1, 2)),
        ("87880", ("QW",), (2,)),
    ]
    kept = {(k.loop, k.text) for k in parsed.kept}
    assert kept == {("2300", "CRC*ZZ*Y*AV"), ("2400", "XYZ*SOMETHING*NEW")}
    assert {k.claim_id for k in parsed.kept} == {"SB000201"}


def test_an_element_without_a_place_keeps_its_segment(claim):
    text = (
        write_837([claim], envelope()).replace("*99204*", "*99204*").replace("UN*1***1~", "UN*1***1*******0~")
    )
    (kept,) = read_837(text).kept
    assert kept.text.startswith("SV1*")
    assert "element 14" in kept.reason


@pytest.mark.parametrize("newline", ["", "\n", "\r\n", " \n\n"])
def test_line_breaks_between_segments_do_not_matter(claim, newline):
    text = write_837([claim], envelope()).replace("\n", newline)
    assert read_837(text).claims == read_837(write_837([claim], envelope())).claims


def test_several_interchanges_with_other_delimiters_in_one_file(claim, x12_file):
    text = write_837([claim], envelope()) + x12_file("odd_delimiters.837").split("\n\n")[1]
    parsed = read_837(text)
    assert parsed.interchanges == 2
    assert [c.claim_id for c in parsed.claims] == ["SB000001", "SB000201"]


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_a_stream_in_pieces_of_any_size_gives_the_same_segments(claim, x12_file, size):
    text = write_837([claim], envelope()) * 3 + x12_file("odd_delimiters.837")
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert list(tokenise(pieces)) == list(tokenise(text))


def test_a_short_isa_is_still_understood():
    assert sniff("ISA*00**00**ZZ*A*ZZ*B*261020*0930*^*00501*1*0*T*:~GS*")[:3] == ("*", ":", "~")


@pytest.mark.parametrize("text", ["", "hello", "ISA", "ISA*00*", "NM1*41*2~", "\x00\xff"])
def test_what_is_no_x12_says_so(text):
    with pytest.raises(X12Error):
        list(tokenise(text))


_BREAKS = [
    ("SE*29*0001", "SE*28*0001", "counts 28 segments, there are 29"),
    ("SE*29*0001", "SE*29*0002", "is not that of ST"),
    ("GE*1*1", "GE*2*1", "counts 2 transactions"),
    ("GE*1*1", "GE*1*9", "is not that of GS"),
    ("IEA*1*000000001", "IEA*2*000000001", "counts 2 groups"),
    ("IEA*1*000000001~\n", "", "no IEA"),
    ("GE*1*1~\n", "", "no GE"),
    ("SE*29*0001~\n", "", "no SE"),
    ("ST*837*0001*005010X222A1~\n", "", "outside any transaction"),
    ("CLM*SB000001*185.5", "CLM*SB000001*1.85.5", "segment 22 (CLM): element 2"),
    ("DTP*472*D8*20260702", "DTP*472*D8*20260732", "segment 29 (DTP): '20260732' is no date"),
    ("11:B:1", "11:B:9", "segment 22 (CLM): claim frequency '9'"),
    ("DTP*472*D8*20260702~\n", "", "the line has no professional service"),
    ("HL*2*1*22*0", "HL*2*1*29*0", "hierarchical level '29'"),
    ("***1~", "***A~", "diagnosis pointers 'A'"),
]


@pytest.mark.parametrize(("old", "new", "message"), _BREAKS)
def test_damage_is_named_with_its_place(claim, old, new, message):
    text = write_837([claim], envelope())
    assert old in text
    errors = read_837(text.replace(old, new)).errors
    assert [e for e in errors if message in e]


def test_a_claim_with_an_error_does_not_take_the_others_along(claim):
    batch = [claim.model_copy(update={"claim_id": f"N{n}"}) for n in range(3)]
    parsed = read_837(write_837(batch, envelope()).replace("CLM*N1*185.5", "CLM*N1*abc"))
    assert [c.claim_id for c in parsed.claims] == ["N0", "N2"]
    assert len(parsed.errors) == 1


def test_other_transactions_are_not_read_as_837(x12_file):
    with pytest.raises(X12Error, match="no 837"):
        read_837(x12_file("remittance.835"))


def _damaged(text, source):
    kind = source.randrange(5)
    place = source.randrange(1, len(text) - 1)
    if kind == 0:
        return text[:place]
    if kind == 1:
        return text[:place] + chr(source.randrange(1, 0x2000)) + text[place + 1 :]
    if kind == 2:
        return text[:place] + text[place + source.randrange(1, 60) :]
    lines = text.splitlines(keepends=True)
    if kind == 3:
        lines.pop(source.randrange(len(lines)))
    else:
        first, second = source.randrange(len(lines)), source.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    return "".join(lines)


@pytest.mark.parametrize(
    "name", ["odd_delimiters.837", "remittance.835", "acknowledgement.999", "status.277", "interchange.ta1"]
)
def test_damaged_files_give_errors_never_a_crash(x12_file, name):
    source = random.Random(name)
    for _ in range(100):
        damaged = _damaged(x12_file(name), source)
        try:
            result = parse(damaged)
        except X12Error:
            continue
        assert isinstance(result["errors"], list)


def test_a_file_cut_anywhere_is_never_called_whole(claim):
    text = write_837([claim], envelope())
    for end in range(0, len(text) - 3, 11):
        try:
            assert read_837(text[:end]).errors
        except X12Error:
            continue
