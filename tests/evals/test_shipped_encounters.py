"""The embedded coder on the shipped encounters: right by meaning, as ``expected.toml`` says."""

from pathlib import Path

import pytest

from agent.context import Context
from agent.run import CodingResult, code_encounter, make_context
from agent.settings import load_settings
from evals.encounters.expected import differences, load_expected
from evals.encounters.records import HERE

EXPECTED = load_expected()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return make_context(load_settings(), pdf=False)


@pytest.fixture(scope="module")
def results(context: Context) -> dict[str, CodingResult]:
    return {name: code_encounter(Path(HERE / f"{name}.json"), context=context) for name in EXPECTED}


def _of_services(text: str) -> bool:
    """Whether a difference speaks of lines, levels, modifiers or opportunities rather than of diagnoses."""
    return not (
        text.startswith(("first-listed", "none of"))
        or "points to" in text
        or (text[:1].isalpha() and text[1:3].isdigit() and "." in text.split()[0])
        or text.split()[0] in {"I10", "Z23", "W01.0XXA"}
    )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_lines_levels_modifiers_and_opportunities_are_right(
    name: str, results: dict[str, CodingResult]
) -> None:
    wrong = differences(EXPECTED[name], results[name].coding)  # type: ignore[arg-type]  # same fields as a Proposal
    assert [w for w in wrong if _of_services(w)] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_whole_claim_is_right(name: str, results: dict[str, CodingResult]) -> None:
    assert differences(EXPECTED[name], results[name].coding) == ()  # type: ignore[arg-type]  # same fields as a Proposal
