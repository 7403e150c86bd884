"""README's table of results: generated from committed runs; stale text and stale figures are told."""

import copy
from pathlib import Path

import pytest

from agent.docs import README
from evals.case import load_cases
from evals.cli import half
from evals.docs import load_published, main, moved, published, regenerated, table, worse
from evals.run import run_cases
from evals.solvers import open_solver


def test_readme_says_what_the_committed_runs_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert regenerated(text) == text, "stale: run make docs"
    assert main(["--check"]) == 0


def test_the_table_names_commit_model_editions_cases_and_intervals() -> None:
    runs = load_published()
    agent = runs["shipped"]["agent"]
    said = table(runs)
    for word in (agent["commit"], f"`{agent['model']}`", agent["editions"]["icd10cm"], f"({agent['cases']})"):
        assert word in said
    low, high = agent["rates"]["icd10.f1"]["ci95"]
    assert f"({100 * low:.1f}–{100 * high:.1f})" in said


def test_a_table_written_by_hand_is_found_out() -> None:
    text = README.read_text(encoding="utf-8").replace("must-not violations | 0", "must-not violations | 1")
    assert regenerated(text) != text
    with pytest.raises(ValueError, match="no generated part"):
        regenerated("# Superbill")


def test_a_figure_that_moved_is_named() -> None:
    was = load_published()["shipped"]["agent"]
    now = copy.deepcopy(was)
    assert moved(was, {**now, "commit": "other", "editions": {}}) == []
    now["rates"]["icd10.f1"]["value"] = 0.5
    now["cases"] = 9
    assert moved(was, now) == [
        "icd10.f1: published 1.0000, measured 0.5000",
        "cases: published 10, measured 9",
    ]


def test_only_what_is_published_too_well_misleads() -> None:
    was = load_published()["development"]["agent"]
    better, fallen = copy.deepcopy(was), copy.deepcopy(was)
    better["rates"]["icd10.f1"]["value"] += 0.02
    better["rates"]["em.under"]["value"] -= 0.02
    assert worse(was, better) == []
    fallen["rates"]["em.under"]["value"] += 0.02
    fallen["rates"]["icd10.f1"]["value"] -= 0.02
    assert [line.split(":")[0] for line in worse(was, fallen)] == ["icd10.f1", "em.under"]


@pytest.mark.shared
@pytest.mark.slow
def test_the_held_out_development_notes_are_not_published_too_well(shared: Path, home: Path) -> None:
    cases = [c for c in load_cases(shared / "evals_dev" / "aci_dev.jsonl") if half(c.id) == "held_out"]
    with open_solver("agent", model="rules", home=home) as opened:
        now = published(run_cases(cases, opened.solver, book=opened.book).summary)
    assert worse(load_published()["development"]["agent"], now) == [], (
        "stale: run python -m evals.docs --measure"
    )
