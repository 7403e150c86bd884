"""Prescriptions told without the drug's name, and what is no drug."""

import pytest

from agent.coder.case import Case, Seen
from agent.coder.told import prescriptions


def case(text: str, *, drug: bool) -> Case:
    raw = {
        "kind": "medication",
        "availability": "rx",
        "assertion": "present",
        "sentence": 9,
        "section_kind": "hpi",
    }
    return Case(
        encounter={},
        history=(),
        mentions=(Seen(document="n", index=0, raw=raw),) if drug else (),
        sections={"n": [{"name": "PLAN", "kind": "plan", "start": 0, "end": len(text)}]},
        sentences={"n": [[0, len(text), 0]]},
        texts={"n": text},
    )


@pytest.mark.parametrize(
    ("text", "drug", "managed"),
    [
        ("I gave her a prescription for an inhaler.", False, True),
        ("A prescription was sent to her pharmacy.", False, True),
        ("Continue current medications.", True, True),
        ("Continue current medications.", False, False),
        ("I gave her a prescription for physical therapy.", False, False),
        ("No prescription was given.", False, False),
        ("Continue current activity.", True, False),
    ],
)
def test_a_prescription_without_a_name(text: str, drug: bool, managed: bool) -> None:
    assert bool(list(prescriptions(case(text, drug=drug)))) is managed
