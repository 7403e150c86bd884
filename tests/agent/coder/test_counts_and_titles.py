"""Numbers of lesions, titles with several parts, levels of the spine, and separate sites, each with its near miss."""

import pytest

from agent.coder.case import Seen
from agent.coder.counts import best_by_count, count_said, further_codes
from agent.coder.edits import separate_places
from agent.coder.lines import Line
from agent.coder.titles import at_level, part_with, parts_of, sided


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("six actinic keratoses on the scalp were treated", 6),
        ("a single wart was frozen", 1),
        ("12 toenails were debrided", 12),
        ("the lesion was treated for 10 seconds", None),
        ("an 8 mm pearly papule was shaved", None),
        ("a 12 mm lesion was frozen", None),
    ],
)
def test_the_number_treated_is_read(text: str, number: int | None) -> None:
    assert count_said(text) == number


def test_further_lesions_have_an_add_on_and_fifteen_one_code() -> None:
    assert list(further_codes("17000", "six actinic keratoses were treated")) == [("17000", 1), ("17003", 5)]
    assert list(further_codes("17000", "sixteen actinic keratoses were treated")) == [("17004", 1)]
    assert list(further_codes("17000", "an actinic keratosis was treated")) == []
    assert list(further_codes("87804", "rapid influenza A and B test")) == [("87804", 2)]
    assert list(further_codes("87804", "rapid influenza test")) == []


def test_the_title_whose_range_holds_the_number_wins() -> None:
    hits = [
        {"code": "11720", "display": "Debriding nails, 1 to 5"},
        {"code": "11721", "display": "Debriding nails, 6 or more"},
    ]
    assert best_by_count(hits, "ten toenails were debrided")[0]["code"] == "11721"
    assert best_by_count(hits, "toenails were debrided")[0]["code"] == "11720"


def test_a_title_is_also_looked_up_without_its_remarks() -> None:
    assert parts_of("ADHD, combined type, doing well")[:2] == (
        "ADHD, combined type, doing well",
        "ADHD, combined type",
    )
    assert parts_of("gout") == ("gout",)


def test_a_level_of_the_spine_names_its_region() -> None:
    assert at_level("Spondylolisthesis, L4-L5", "spondylolisthesis") == "spondylolisthesis lumbar region"
    assert at_level("Spondylolisthesis, L5-S1", "spondylolisthesis") == "spondylolisthesis lumbosacral region"
    assert at_level("Spondylolisthesis", "spondylolisthesis") == ""


def test_a_later_problem_of_a_title_keeps_its_part_and_the_side() -> None:
    title = "Right hallux valgus with bunion"
    assert sided(part_with(title, "bunion"), title) == "right bunion"
    assert (
        part_with("Type 2 diabetes with foot ulcer, fat layer exposed", "foot ulcer")
        == "foot ulcer, fat layer exposed"
    )
    assert sided("left bunion", title) == "left bunion"


def line(code: str, said: str) -> Line:
    seen = Seen(document="n", index=0, raw={"text": said})
    return Line(code=code, seen=(seen,), rationale="", facts={}, said=said)


def test_procedures_are_apart_only_at_places_with_nothing_in_common() -> None:
    biopsy = line("11102", "Shave biopsy of the lesion of the left forearm.")
    assert "scalp" in separate_places(biopsy, line("17000", "Keratoses of the scalp were frozen."))
    assert (
        separate_places(biopsy, line("17000", "The base of the lesion of the left forearm was frozen.")) == ""
    )
    assert separate_places(biopsy, line("17000", "Keratoses were frozen.")) == ""
