"""Cassettes: stale ones are refused with what changed, redacted ones name nobody and still replay."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from agent.context import Context
from evals.case import EvalCase, load_cases
from evals.cli import main
from evals.encounters.cases import SHIPPED
from evals.journal import Journal
from evals.redact import NPI, placeholder, redacted, redacted_events, replacements, settle
from evals.run import Keeper, run_cases
from evals.solvers import Opened, SolverError, open_solver
from evals.solvers.recorded import RecordedSolver
from evals.trajectories import FOLDER, Basis, StaleCassetteError, load_cassette

CASES = load_cases(SHIPPED)[:2]


@pytest.fixture(scope="module")
def opened(home: Path) -> Iterator[Opened]:
    with open_solver("agent", model="rules", home=home) as solver:
        yield solver


@pytest.fixture(scope="module")
def out(opened: Opened, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    keeper = Keeper(out=folder, journal=Journal(folder, opened.about, resume=False), about=opened.about)
    run_cases(CASES, opened.solver, keeper=keeper)
    return folder


def context(opened: Opened) -> Context:
    found: Context = opened.solver.context  # type: ignore[attr-defined]  # the agent's own
    return found


def solver(opened: Opened, out: Path, *, over_changes: bool = False, **basis: object) -> RecordedSolver:
    assert opened.basis is not None
    today: Basis = opened.basis.model_copy(update=basis)
    return RecordedSolver(folder=out, context=context(opened), basis=today, over_changes=over_changes)


def test_a_fresh_cassette_replays(opened: Opened, out: Path) -> None:
    answer = solver(opened, out)(CASES[0])
    assert [d["code"] for d in answer.coding["diagnoses"]] == ["R41.3"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"prompts": {"coder": "0", "encounter": "0", "repair": "0"}},
            "prompt coder, prompt encounter, prompt repair",
        ),
        ({"tools": "0"}, "the tools"),
        ({"tables": "0"}, "over other tables"),
    ],
)
def test_a_stale_cassette_is_refused_with_what_changed(
    opened: Opened, out: Path, changed: dict[str, object], told: str
) -> None:
    with pytest.raises(StaleCassetteError, match=told):
        solver(opened, out, **changed)(CASES[0])


def test_changed_tables_may_be_replayed_over_but_never_changed_prompts(opened: Opened, out: Path) -> None:
    assert solver(opened, out, over_changes=True, tables="0")(CASES[0]).coding["diagnoses"]
    with pytest.raises(StaleCassetteError):
        solver(opened, out, over_changes=True, tools="0")(CASES[0])


def test_a_case_that_was_not_recorded_is_refused(opened: Opened, out: Path) -> None:
    other = EvalCase(id="other", note="x", context={}, gold={})
    with pytest.raises(StaleCassetteError, match="other: no trajectory"):
        solver(opened, out)(other)


def test_an_altered_recording_is_refused(opened: Opened, out: Path, tmp_path: Path) -> None:
    name = CASES[0].id
    folder = tmp_path / FOLDER / name
    folder.mkdir(parents=True)
    for file in ("trajectory.json", "trace.jsonl"):
        (folder / file).write_bytes((out / FOLDER / name / file).read_bytes().replace(b"R41.3", b"R41.0"))
    with pytest.raises(StaleCassetteError, match="can not be replayed"):
        solver(opened, tmp_path)(CASES[0])


def test_the_command_refuses_a_stale_replay_before_it_starts(
    out: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    given = ["run", "--cases", str(SHIPPED), "--solver", "recorded", "--out", str(tmp_path / "o"), "--json"]
    assert main([*given, "--from", str(out), "--limit", "3"]) == 2
    assert "no trajectory" in capsys.readouterr().err
    assert main([*given, "--from", str(out), "--limit", "2"]) == 0
    assert orjson.loads(capsys.readouterr().out)["solver"] == "recorded"
    with pytest.raises(SolverError, match="--from"), open_solver("recorded", home=home):
        pass


def test_a_placeholder_is_as_long_as_what_it_replaces() -> None:
    assert placeholder("O'Brien-Smith 12a") == "X'Xxxxx-Xxxxx 99x"


def test_names_and_numbers_go_wherever_they_stand() -> None:
    facts = {
        "patient": {"name": {"last": "Planted", "first": "Petra"}, "mrn": "MRN777", "phone": "555-201-3344"},
        "billing_provider": {"name": {"last": "Sample Clinic"}, "npi": "1111111112"},
        "coverages": [{"member_id": "W123", "payer_kind": "medicare"}],
    }
    text = "Mrs. Planted (petra@x.org, 555-201-9999, SSN 123-45-6789), MRN777, W123 of Sample Clinic 1111111112; replanted."
    said = redacted({"a": [text]}, replacements(facts))["a"][0]
    for gone in ("Planted ", "petra@", "201-9999", "123-45", "MRN777", "W123", "Sample Clinic", "1111111112"):
        assert gone not in said
    assert "replanted" in said
    assert NPI in said
    assert len(said) == len(text)


def test_a_redacted_cassette_names_nobody_and_still_replays_to_the_same_codes(
    opened: Opened, out: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    assert main(["redact", str(out), str(tmp_path)]) == 0
    for case in CASES:
        facts = load_cassette(out, case.id).events[0].data
        written = (tmp_path / FOLDER / case.id / "trace.jsonl").read_text(encoding="utf-8")
        names = [facts["patient"]["name"]["last"], facts["patient"]["birth_date"]]
        assert all(name and name not in written for name in names)
        before, after = solver(opened, out)(case), solver(opened, tmp_path)(case)
        assert [d["code"] for d in before.coding["diagnoses"]] == [
            d["code"] for d in after.coding["diagnoses"]
        ]
        assert [e.model_dump(mode="json") for e in load_cassette(tmp_path, case.id).events] == list(
            after.steps
        )


def test_a_redaction_that_changes_the_codes_is_refused(opened: Opened, out: Path) -> None:
    events = redacted_events(load_cassette(out, CASES[0].id).events)
    blank = [
        e.model_copy(
            update={
                "data": {
                    **e.data,
                    "documents": [{**d, "text": "x" * len(d["text"])} for d in e.data["documents"]],
                }
            }
        )
        if e.event == "facts"
        else e
        for e in events
    ]
    with pytest.raises(StaleCassetteError, match="redaction changes what is coded"):
        settle(blank, dataclasses.replace(context(opened)), "x")


def test_nothing_to_redact_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(tmp_path), str(tmp_path / "o")]) == 2
    assert "holds no trajectories" in capsys.readouterr().err
