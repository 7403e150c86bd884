"""A broken reader of the coder must not blind the self-check: the floor of the measurement."""

import pytest

from agent.run import code_encounter
from evals.independence import FAULTS, corrupted, encounters, known_claims
from evals.independence_naive import Known, tally
from knowledge.bookshelf import Bookshelf
from tests.graph.conftest import context_for
from tools import note

FLOOR = 0.95


@pytest.fixture(scope="module")
def known(shelf: Bookshelf, tmp_path_factory: pytest.TempPathFactory) -> tuple[Known, ...]:
    context = context_for(shelf, tmp_path_factory.mktemp("independence"))
    return known_claims({name: code_encounter(raw, context=context) for name, raw in encounters().items()})


@pytest.mark.parametrize("fault", ["negation missed", "family taken for patient", "uncertain taken for sure"])
def test_nothing_denied_of_a_relative_or_unsure_escapes(
    known: tuple[Known, ...], shelf: Bookshelf, fault: str
) -> None:
    found = tally(fault, FAULTS[fault], known, shelf)
    assert found.wrong >= 3
    assert found.escaped == ()


def test_all_faults_together_hold_the_floor(known: tuple[Known, ...], shelf: Bookshelf) -> None:
    fault = "negation, family, history and section"
    found = tally(fault, FAULTS[fault], known, shelf)
    assert found.wrong >= 100
    assert len(found.escaped) / found.wrong <= 1 - FLOOR, found.escaped


def test_the_seeded_fault_reaches_the_coder_and_ends(shelf: Bookshelf) -> None:
    text = "HPI\nShe denies fever.\n"
    with corrupted(FAULTS["negation missed"]) as count:
        broken = note.dump_note("d", text, note.read(text, shelf.vocabulary), shelf.vocabulary)  # type: ignore[attr-defined]  # the name that is patched
    whole = note.read_documents((), shelf.vocabulary)
    assert count[0] >= 1
    assert "absent" not in str(broken)
    assert whole == {"documents": []}
