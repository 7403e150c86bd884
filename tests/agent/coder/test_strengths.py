"""Drugs of both kinds: when naming one is prescription drug management, and when it is not."""

import pytest

from agent.coder.case import Seen
from agent.coder.strengths import is_prescribed


@pytest.mark.parametrize(
    ("sentence", "drug", "prescribed"),
    [
        ("Omeprazole 40 mg daily.", "Omeprazole", True),
        ("Omeprazole 20 mg daily.", "Omeprazole", False),
        ("I will give her a prescription of naproxen 500 mg twice daily.", "naproxen", True),
        ("Take naproxen 220 mg as needed.", "naproxen", False),
        ("Ibuprofen 600 mg every six hours.", "Ibuprofen", False),
        ("Ibuprofen 800 mg was refilled.", "Ibuprofen", True),
        ("Ibuprofen 800 mg, over the counter tablets.", "Ibuprofen", False),
    ],
)
def test_a_strength_not_sold_freely_or_a_prescription_said(
    sentence: str, drug: str, prescribed: bool
) -> None:
    seen = Seen(
        document="note", index=0, raw={"text": drug, "generic": drug.lower(), "concept": drug.lower()}
    )
    assert is_prescribed(seen, sentence) is prescribed
