"""The runner: cases in, a summary of the contract's shape out; failures are records and never help a score."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from evals.case import CaseError, EvalCase, SolvedCase, load_cases
from evals.cli import half, main
from evals.compare import compare
from evals.run import Run, commit, run_cases, write_run
from evals.solvers import Opened

GOLD = {
    "icd10": {"must": ["R05.9"], "may": ["R05.9", "J06.9"], "first": "R05.9"},
    "em": {"codes": ["99213"]},
    "lines": [{"code": "71046", "modifiers": [], "units": 1, "must": True}],
    "links": {"71046": ["R05.9"]},
    "must_not": ["J18.9"],
}
CONTEXT = {"age": 40, "sex": "female", "date_of_service": "2026-07-01", "payer": "commercial"}
KEYS = {
    "cases", "failed", "icd10", "em", "lines", "modifiers", "links", "must_not", "fabricated_codes",
    "evidence_verified", "held", "blocked_rate", "calibration", "latency_ms", "encounters_per_s", "tokens",
    "cost_usd", "commit", "editions",
}  # fmt: skip


def case(name: str, **gold: Any) -> EvalCase:
    return EvalCase(id=name, note="Cough.", context=CONTEXT, gold=gold or GOLD)


def coding(*codes: str, status: str = "emitted") -> dict[str, Any]:
    evidence = [{"kind": "note", "document": "n", "text": "Cough", "start": 0, "end": 5}]
    return {
        "status": status,
        "date_of_service": "2026-07-01",
        "editions": {"icd10cm": "2026"},
        "diagnoses": [
            {"sequence": n, "code": c, "evidence": evidence, "rationale": "said so"}
            for n, c in enumerate(codes, 1)
        ],
        "service_lines": [
            {"line": 1, "code": "71046", "modifiers": [], "units": 1, "pointers": [1], "evidence": evidence}
        ],
        "em": {"code": "99213", "explanation": "low"},
        "rejected": [{"code": "J18.9", "reason": "not established"}],
        "review": {"required": status == "held", "reasons": [{"kind": "data", "text": "no payer id"}]},
    }


def solve(case: EvalCase) -> SolvedCase:
    if case.id == "broken":
        raise RuntimeError("the patient's name")
    if case.id == "misshapen":
        return SolvedCase(coding={"diagnoses": "none"}, seconds=0.1)
    codes = ("R05.9",) if case.id == "good" else ("J18.9", "J06.9")
    usage = {"input_tokens": 10, "output_tokens": 5, "cost_usd": 0.25}
    return SolvedCase(coding=coding(*codes, status="held"), seconds=0.2, usage=usage)


def run(*names: str, workers: int = 1) -> Run:
    return run_cases([case(name) for name in names], solve, workers=workers, model="test")


def test_a_right_answer_has_no_fault() -> None:
    done = run("good")
    assert done.results[0].why == ()
    assert done.results[0].score.perfect
    assert set(done.summary) >= KEYS
    assert done.summary["icd10"]["f1"] == 1.0
    assert done.summary["em"] | {"ci95": None} == {
        "exact": 1.0, "within_one": 1.0, "over": 0.0, "under": 0.0, "scored": 1, "ci95": None,
    }  # fmt: skip
    assert done.summary["held"] == {"policy": 0, "data": 1, "limit": 0, "edition": 0}
    assert (done.summary["tokens"], done.summary["cost_usd"]) == (15, 0.25)
    assert done.summary["latency_ms"] == {"p50": 200.0, "p95": 200.0}
    assert done.summary["editions"] == {"icd10cm": "2026"}


def test_a_wrong_answer_says_what_and_why() -> None:
    result = run("bad").results[0]
    assert result.why == (
        "R05.9 is missing: never proposed",
        "J18.9 is extra: said so",
        "first-listed is J18.9",
        "link of 71046: points to J18.9, accepts R05.9",
        "J18.9 must not be coded: said so",
    )


def test_micro_averages_by_hand() -> None:
    summary = run("good", "bad").summary
    assert summary["icd10"]["must_recall"] == 0.5
    assert summary["icd10"]["may_precision"] == pytest.approx(2 / 3)
    assert summary["icd10"]["f1"] == pytest.approx(4 / 7)
    assert summary["icd10"]["strict_f1"] == pytest.approx(2 * 0.5 * (1 / 3) / (0.5 + 1 / 3))
    assert summary["icd10"]["first_listed"] == 0.5
    assert summary["must_not"]["violations"] == 1
    assert summary["links"]["accuracy"] == 0.5
    assert set(summary["icd10"]["ci95"]) == {
        "must_recall", "may_precision", "f1", "strict_f1", "f1_3char", "f1_hierarchical", "sequence", "first_listed",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), [("broken", "RuntimeError"), ("misshapen", "ValidationError")])
def test_a_failure_is_a_record_that_counts_as_an_empty_answer(name: str, kind: str) -> None:
    done = run("good", name)
    failure = done.results[1].failure
    assert failure is not None
    assert failure.kind == kind
    assert "patient" not in done.results[1].model_dump_json()
    assert (done.summary["cases"], done.summary["failed"]) == (2, 1)
    assert done.summary["icd10"]["must_recall"] == 0.5
    assert done.summary["latency_ms"]["p50"] == 200.0


def test_what_gold_does_not_say_is_unscored() -> None:
    silent = EvalCase(id="x", note="Cough.", context=CONTEXT, gold={"icd10": {"must": ["R05.9"]}})
    summary = run_cases([silent], solve).summary
    assert summary["em"]["exact"] is None
    assert summary["em"]["scored"] == 0
    assert summary["lines"]["f1"] is None
    none = EvalCase(id="y", note="Cough.", context=CONTEXT, gold={"em": None})
    assert run_cases([none], solve).summary["em"] | {"ci95": None} == {
        "exact": 0.0, "within_one": 0.0, "over": 1.0, "under": 0.0, "scored": 1, "ci95": None,
    }  # fmt: skip


def test_workers_change_nothing_but_the_time() -> None:
    one, four = run("good", "bad", "broken"), run("good", "bad", "broken", workers=4)
    assert one.results == four.results


def test_the_folder_of_a_run(tmp_path: Path) -> None:
    cases = [case("good"), case("bad")]
    done = run_cases(cases, solve, model="<b>test</b>")
    write_run(done, cases, tmp_path / "out")
    lines = (tmp_path / "out" / "results.jsonl").read_bytes().splitlines()
    assert [orjson.loads(text)["id"] for text in lines] == ["good", "bad"]
    assert orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["cases"] == 2
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "J18.9 must not be coded" in page
    assert "&lt;b&gt;test" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_report_and_compare_from_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case("good"), case("bad")]
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(c.model_dump(mode="json", exclude_unset=True)) for c in cases))
    write_run(run_cases(cases, solve), cases, tmp_path / "out")
    (tmp_path / "out" / "report.html").unlink()
    assert main(["report", str(tmp_path / "out"), "--cases", str(file)]) == 0
    assert (tmp_path / "out" / "report.html").is_file()
    assert main(["compare", str(tmp_path / "out"), str(tmp_path / "out"), "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert all(row["change"] == 0 for row in found["rates"])
    assert (found["cases"], found["moved"]) == (2, [])
    assert "No decision moved" in (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert main(["compare", str(tmp_path), str(tmp_path / "out")]) == 2


def test_a_change_beyond_the_interval_is_marked() -> None:
    names = [f"case-{n}" for n in range(8)]
    bad = run(*names).results
    good = run_cases([case(name) for name in names], lambda c: solve(case("good"))).results
    found = compare(bad, good)
    rows = {row.rate: row for row in found.rates}
    assert rows["links.accuracy"].significant
    assert not rows["em.exact"].significant
    assert (found.better, found.worse, found.p) == (8, 0, 2 / 2**8)


def test_where_all_is_right_the_interval_still_has_a_width() -> None:
    summary = run("good").summary
    for rate, group in (("f1", "icd10"), ("precision", "lines"), ("accuracy", "links")):
        low, high = summary[group]["ci95"][rate]
        assert (round(low, 4), high) == (0.2065, 1.0)  # Wilson of 1 of 1
    assert summary["ci95"]["evidence_verified"][1] == 1.0 == summary["evidence_verified"]
    assert summary["ci95"]["evidence_verified"][0] < 1.0
    assert summary["ci95"]["blocked_rate"][0] == 0.0 == summary["blocked_rate"]
    assert summary["ci95"]["blocked_rate"][1] > 0.5


def test_where_cases_differ_whole_cases_are_resampled() -> None:
    low, high = run("good", "bad").summary["icd10"]["ci95"]["must_recall"]
    assert (low, high) == (0.0, 1.0)


def test_only_so_many_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def opened(name: str, **_: Any) -> Iterator[Opened]:
        yield Opened(name=name, model="test", solver=solve, book=None)

    monkeypatch.setattr("evals.solvers.open_solver", opened)
    file = tmp_path / "cases.jsonl"
    cases = [case(name).model_dump(mode="json", exclude_unset=True) for name in ("good", "bad", "other")]
    file.write_bytes(b"\n".join(map(orjson.dumps, cases)))
    given = ["run", "--cases", str(file), "--out", str(tmp_path / "out"), "--json"]
    for limit, solved in (("1", 1), ("2", 2), ("9", 3)):
        assert main([*given, "--limit", limit]) == 0
        assert orjson.loads(capsys.readouterr().out)["cases"] == solved
    assert main(given[:-1]) == 0
    table = capsys.readouterr().out
    for word in ("blocked_rate", "evidence_verified", "violations", "fabricated", "p95", "tokens"):
        assert word in table
    for wrong in ("0", "-1", "some"):
        with pytest.raises(SystemExit) as stop:
            main([*given, "--limit", wrong])
        assert stop.value.code == 2


def test_halves_split_by_id_alone() -> None:
    names = [f"case-{n}" for n in range(200)]
    tuned = sum(half(name) == "tuned" for name in names)
    assert 70 < tuned < 130


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no case"),
        (b"{", "line 1: broken JSON"),
        (b'{"id":"a","note":"x","context":{},"gold":{"icd":1}}', "line 1: gold.icd"),
        (b'{"id":"a","note":"","context":{},"gold":{}}', "line 1: note"),
        (b'{"id":"a","note":"x","context":{},"gold":{}}\n' * 2, "line 2: id 'a' is given twice"),
    ],
)
def test_a_bad_case_file_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "cases.jsonl").write_bytes(text)
    with pytest.raises(CaseError, match=reason):
        load_cases(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="can not be read"):
        load_cases(tmp_path / "none.jsonl")


def test_the_commit_is_read_from_the_checkout(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""
    git = tmp_path / ".git"
    (git / "refs").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/main\n")
    assert commit(tmp_path) == ""
    (git / "packed-refs").write_text("# pack\n" + "a" * 40 + " refs/main\n")
    assert commit(tmp_path) == "a" * 12
    (git / "refs" / "main").write_text("b" * 40)
    assert commit(tmp_path) == "b" * 12


@pytest.mark.shared
def test_the_development_notes_are_cases(shared: Path) -> None:
    assert len(load_cases(shared / "evals_dev" / "aci_dev.jsonl")) == 67
