"""Every dataset has a card that says where it is from, how many, what it measures, under which licence, and its leaks."""

import re
from pathlib import Path

import pytest

from evals.case import load_cases

FOLDER = Path(__file__).resolve().parents[2] / "evals" / "cases"
SETS = sorted(FOLDER.glob("*.jsonl"))
SAYS = ("Origin", "Number", "Measures", "Licence", "Leak")


@pytest.mark.parametrize("path", SETS, ids=[p.stem for p in SETS])
def test_a_dataset_has_a_card(path: Path) -> None:
    card = path.with_suffix(".md")
    assert card.is_file(), f"write {card.name}: {', '.join(SAYS)}"
    text = card.read_text(encoding="utf-8")
    for heading in SAYS:
        said = re.search(rf"^\* {heading}: (.{{3,}})", text, re.MULTILINE)
        assert said, f"{card.name} does not say its {heading}"
    number = re.search(r"^\* Number: (at least )?([\d,]+) cases", text, re.MULTILINE)
    assert number, f"{card.name}: no number of cases"
    told, found = int(number[2].replace(",", "")), len(load_cases(path))
    assert told == found or (number[1] and told <= found <= 2 * told), (
        f"{card.name} says {told}, there are {found}"
    )


def test_no_card_is_left_without_its_dataset() -> None:
    assert [p.name for p in FOLDER.glob("*.md") if not p.with_suffix(".jsonl").is_file()] == []
