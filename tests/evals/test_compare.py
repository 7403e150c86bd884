"""Two runs side by side: what moved, which way, whether by chance; printed, as JSON, and drawn."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from evals.case import EvalCase, SolvedCase
from evals.charts import bars, calibration, changes, cost_accuracy, groups, over_under
from evals.cli import main
from evals.compare import CompareError, compare, load_results
from evals.report import highlighted
from evals.run import run_cases, write_run
from tests.evals.test_run import case, coding, solve

NAMES = ("a", "b", "c", "d")


def answering(**codes: str) -> Any:
    """A solver that answers cases by name; those not named are right."""

    def solver(one: EvalCase) -> SolvedCase:
        given = coding(*codes.get(one.id, "R05.9").split())
        return SolvedCase(coding=given, seconds=0.1)

    return solver


def run(**codes: str) -> Any:
    return run_cases([case(name) for name in NAMES], answering(**codes), model="test")


def test_better_worse_and_other_are_named_with_what_moved() -> None:
    before = run(a="J18.9", b="R05.9")
    after = run(a="R05.9", b="J18.9", c="R05.9 J06.9")
    found = compare(before.results, after.results)
    assert [(m.id, m.verdict) for m in found.moved] == [("b", "worse"), ("a", "better"), ("c", "other")]
    assert found.moved[0].what == (
        "diagnosis − R05.9", "diagnosis + J18.9", "line − 71046 (R05.9)", "line + 71046 (J18.9)",
    )  # fmt: skip
    assert found.moved[0].weight_before == 0 < found.moved[0].weight_after
    assert (found.better, found.worse, found.p) == (1, 1, 1.0)
    assert found.cases == 4


def test_equal_runs_have_moved_nothing_whatever_the_clock_says() -> None:
    slow = run_cases(
        [case(n) for n in NAMES],
        lambda c: SolvedCase(coding=coding("R05.9"), seconds=9, usage={"cost_usd": 3}),
    )
    found = compare(run().results, slow.results)
    assert (found.moved, found.p) == ((), None)
    assert all(r.change == 0 and not r.significant for r in found.rates)


def test_order_findings_and_status_are_decisions_too() -> None:
    one = [case("a")]
    before = run_cases(one, lambda c: SolvedCase(coding=coding("R05.9", "J06.9"), seconds=0))
    told = {
        **coding("J06.9", "R05.9", status="blocked"),
        "findings": [{"rule": "x.y", "level": "error", "line": 2}],
    }
    after = run_cases(one, lambda c: SolvedCase(coding=told, seconds=0))
    (moved,) = compare(before.results, after.results).moved
    assert "status emitted → blocked" in moved.what
    assert "diagnosis order R05.9, J06.9 → J06.9, R05.9" in moved.what
    assert "finding + error x.y line 2" in moved.what


def test_only_cases_that_both_runs_hold_are_compared() -> None:
    found = compare(run().results[:3], run().results[1:])
    assert (found.cases, found.only_before, found.only_after) == (2, ("a",), ("d",))


def test_the_interval_of_a_change_is_of_pairs() -> None:
    """Both runs vary a lot between cases, but the second is right on one case more in each pair: no chance in that."""
    names = [f"case-{n}" for n in range(30)]
    wrong = dict.fromkeys(names[:15], "J18.9")
    before = run_cases([case(n) for n in names], answering(**wrong))
    after = run_cases([case(n) for n in names], answering(**dict(list(wrong.items())[6:])))
    rates = {r.rate: r for r in compare(before.results, after.results).rates}
    assert rates["icd10.must_recall"].change == pytest.approx(6 / 30)
    assert rates["icd10.must_recall"].significant
    low, high = rates["icd10.must_recall"].ci95 or (0, 0)
    assert 0 < low < 0.2 < high


def test_compare_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case(name) for name in NAMES]
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(c.model_dump(mode="json", exclude_unset=True)) for c in cases))
    for name, done in (("old", run(a="J18.9")), ("new", run())):
        write_run(done, cases, tmp_path / name)
    given = ["compare", str(tmp_path / "old"), str(tmp_path / "new"), "--cases", str(file)]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "1 of 4 decisions moved; 1 cases became right, 0 wrong (McNemar's exact test p = 1.000)" in said
    assert "better a: diagnosis − J18.9; diagnosis + R05.9" in said
    page = (tmp_path / "new" / "compare.html").read_text(encoding="utf-8")
    assert "rates before and after" in page
    assert "Cough." in page
    assert "severity" in page
    assert main([*given, "--json", "--html", str(tmp_path / "x.html")]) == 0
    assert [m["id"] for m in orjson.loads(capsys.readouterr().out)["moved"]] == ["a"]
    assert (tmp_path / "x.html").is_file()


def test_a_folder_that_holds_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompareError, match=r"no results\.jsonl"):
        load_results(tmp_path)
    (tmp_path / "results.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(CompareError, match="not the results of this version"):
        load_results(tmp_path)


def test_the_note_is_marked_where_evidence_lies_and_nothing_of_it_is_markup() -> None:
    note = "<b>Cough</b> & fever"
    page = highlighted(note, [(3, 8, "R05.9"), (3, 8, "J06.9"), (15, 20, "R50.9"), (0, 999, "X")])
    assert '<mark title="R05.9, J06.9">Cough</mark><sup>R05.9 J06.9</sup>' in page
    assert "&lt;b&gt;" in page
    assert page.endswith("<sup>R50.9</sup>")
    assert highlighted(note, []) == "&lt;b&gt;Cough&lt;/b&gt; &amp; fever"


def test_a_page_with_a_fault_shows_note_evidence_expected_got_and_why(tmp_path: Path) -> None:
    cases = [case("bad"), case("broken")]
    write_run(run_cases(cases, solve), cases, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for word in (
        "<mark",
        "expected",
        "J18.9 is extra: said so",
        "severity",
        "change payment",
        "the solver failed: RuntimeError",
    ):
        assert word in page


@pytest.mark.parametrize(
    "chart",
    [
        bars([("F1 <x>", 0.5, (0.4, 0.6)), ("none", 0.0, None)]),
        groups([("set", {"cases": 2, "icd10_f1": None, "perfect": 0.5, "ci95": (0.1, 0.9)})]),
        calibration([(0.9, True), (0.4, False)]),
        over_under([("visits", 0.1, 0.2), ("money", 0.0, 0.0)]),
        over_under([("visits", 0.0, 0.0)]),
        cost_accuracy(
            [("free", 0.0, 0.9, None), ("dear", 0.02, 0.95, (0.9, 1.0)), ("dearer", 2.0, 0.96, None)]
        ),
        cost_accuracy([("free", 0.0, 0.9, None)]),
        changes([("em.over", 0.1, 0.2, True), ("icd10.f1", 0.1, 0.2, True), ("x", 0.1, 0.1, False)]),
    ],
)
def test_charts_are_well_formed_and_need_nothing_from_elsewhere(chart: str) -> None:
    from defusedxml.ElementTree import fromstring

    assert fromstring(chart).get("aria-label")
    assert "<x>" not in chart
    assert "http" not in chart


def test_fewer_over_coded_visits_are_green_and_more_red() -> None:
    assert "#2f7d4f" in changes([("em.over", 0.2, 0.1, True)])
    assert "#b3402a" in changes([("em.over", 0.1, 0.2, True)])
    assert "#2f7d4f" in changes([("icd10.f1", 0.1, 0.2, True)])
