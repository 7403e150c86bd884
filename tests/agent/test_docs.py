"""The generated parts of the README are what the code says today."""

import re

from agent.docs import README, regenerated
from tests.agent.coded import Coded


def test_readme_is_fresh() -> None:
    now = README.read_text(encoding="utf-8")
    assert regenerated(now) == now, "README.md is stale: run make docs"


def test_a_changed_drawing_is_noticed() -> None:
    now = README.read_text(encoding="utf-8")
    assert regenerated(now.replace("self_check(self_check)", "gone(gone)")) == now


def test_the_demo_on_the_first_screen_is_what_the_demo_prints(coded: Coded) -> None:
    """Every encounter's diagnoses, lines with modifiers, and charge, in the order of the table."""
    now = README.read_text(encoding="utf-8")
    shown = now[now.index("<!-- demo -->") : now.index("<!-- end demo -->")]
    codings = [coded.results[number].coding for number in sorted(coded.results)]
    lines = [
        "-".join((line.code, *(m.code for m in line.modifiers))) for c in codings for line in c.service_lines
    ]
    assert re.findall(r"\b(?:[A-Z]\d{4}|\d{5})(?:-[A-Z0-9]{2})*\b", shown) == lines
    diagnoses = [d.code for c in codings for d in c.diagnoses]
    assert re.findall(r"│ ([A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?) +│", shown) == diagnoses
    charges = [str(sum(line.charge for line in c.service_lines)) for c in codings]
    assert re.findall(r"│ +(\d+\.\d\d) │ emitted", shown) == charges


def test_the_example_of_an_environment_names_every_variable_and_no_other() -> None:
    root = README.parent
    read = set(
        re.findall(r"\"(SUPERBILL_[A-Z_]+)\"", (root / "agent" / "settings.py").read_text(encoding="utf-8"))
    )
    assert len(read) > 30
    assert set(re.findall(r"SUPERBILL_[A-Z_]+", (root / ".env.example").read_text(encoding="utf-8"))) == read
