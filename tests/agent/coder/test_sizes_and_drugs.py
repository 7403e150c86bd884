"""Size, region and dose decide between codes."""

from decimal import Decimal

import pytest

from agent.coder.drugs import _units
from agent.coder.sizes import best_by_size, range_of, size_said, titled_by_size

EXCISIONS = [
    {"display": "Excising a benign skin growth, trunk or limb, 0.5 cm or less"},
    {"display": "Excising a benign skin growth, trunk or limb, 1.1 to 2.0 cm"},
    {"display": "Excising a benign skin growth, face, 1.1 to 2.0 cm"},
]


@pytest.mark.parametrize(
    ("text", "place"),
    [("cyst of the back, 1.4 cm", 1), ("cyst of the cheek, 14 mm", 2), ("cyst of the back", 0)],
)
def test_size_and_region_choose(text: str, place: int) -> None:
    assert best_by_size(EXCISIONS, text) == EXCISIONS[place]


@pytest.mark.parametrize(
    ("concept", "text", "title"),
    [
        ("excision of malignant lesion", "melanoma of the calf, 3.4 cm", "Excising a skin cancer, trunk or limb, 3.1 to 4.0 cm"),
        ("excision of malignant lesion", "carcinoma of the cheek, 15 mm", "Excising a skin cancer, face, 1.1 to 2.0 cm"),
        ("excision of malignant lesion", "melanoma of the calf", None),
        ("skin biopsy", "punch of the calf, 4 mm", None),
    ],
)  # fmt: skip
def test_an_excision_is_searched_by_its_size_and_region(concept: str, text: str, title: str | None) -> None:
    assert titled_by_size(concept, text) == title


def test_ranges_and_sizes_are_read() -> None:
    assert range_of("over 4.0 cm") == (4.001, 999.0)
    assert range_of("Knee X-ray, three views") is None
    assert size_said("0.4 by 12 mm") == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("dose", "measure", "unit", "units"),
    [
        ("60", "mg", ("15", "mg"), 4),
        ("1,000", "mcg", ("1", "mg"), 1),
        ("62", "mg", ("15", "mg"), 5),
        ("5", "units", ("1", "mg"), None),
    ],
)
def test_units_of_a_dose(dose: str, measure: str, unit: tuple[str, str], units: int | None) -> None:
    assert _units(dose, measure, {"amount": str(Decimal(unit[0])), "unit": unit[1]}) == units
