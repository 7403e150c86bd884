"""The load program in small, on real servers: everything handed in is coded once and nobody meets an error."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from agent.api.jobs import Jobs
from agent.store import Store
from evals.benchmarks.review_load import bodies_for, lost, main, spread
from evals.benchmarks.reviewers import form_of
from evals.benchmarks.synthetic import ENCOUNTERS, encounters


@pytest.mark.slow
def test_reviewers_work_while_encounters_come_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    asked = ["--reviewers", "5", "--rate", "1", "--minutes", "0.07", "--think", "0.05", "0.2", "--quiet"]
    with ThreadPoolExecutor(
        1
    ) as apart:  # a browser test of this process may hold the main thread's event loop
        assert apart.submit(main, asked).result() == 0
    said = orjson.loads(capsys.readouterr().out)
    assert (said["wrong"], said["errors"]) == ([], 0)
    assert said["submitted"] == said["submit_ms"]["n"] == 4
    assert said["by_kind_ms"]["sign in"]["n"] == 2 * (5 + 1)
    assert {"worklist", "case", "lease"} <= said["by_kind_ms"].keys()
    assert said["cpu_seconds"]["serve, its workers"] > 0


def test_bodies_are_whole_and_no_two_are_of_the_same_encounter() -> None:
    names, bodies = bodies_for(100, 1)  # the generator breaks every 97th on purpose
    assert len(set(names)) == len(names) == len(bodies) == 100
    assert all(orjson.loads(body)["encounter"]["resourceType"] == "Bundle" for body in bodies)


def since_the_visit_before(content: bytes) -> timedelta:
    """Of the knee injection: from the visit that the note names without a year to the day of the encounter."""
    resources = {e["resource"]["resourceType"]: e["resource"] for e in orjson.loads(content)["entry"]}
    note = base64.b64decode(resources["DocumentReference"]["content"][0]["attachment"]["data"]).decode()
    said = re.search(r"at her visit of (\w+ \d+)\.", note)
    assert said is not None
    day = resources["Encounter"]["period"]["start"][:10]
    return datetime.fromisoformat(day) - datetime.strptime(f"{said[1]} {day[:4]}", "%B %d %Y")  # noqa: DTZ007 - days


def test_a_date_without_a_year_moves_with_the_others() -> None:
    name = "06-knee-injection"
    shipped = (ENCOUNTERS / f"{name}.json").read_bytes()
    made = [content for own, content in encounters(30) if own.startswith(name)]
    assert {since_the_visit_before(one) for one in made} == {since_the_visit_before(shipped)}
    assert len(made) == 3


def test_spread_is_in_milliseconds_and_takes_the_longest_for_the_last_percent() -> None:
    assert spread([0.001 * n for n in range(1, 101)]) == {
        "n": 100,
        "p50": 51,
        "p95": 96,
        "p99": 100,
        "max": 100,
    }
    assert spread([]) == {"n": 0}


def test_form_holds_the_fields_of_the_form_only_in_their_order() -> None:
    page = (
        '<input name="search"><form id="coding-form"><input type="hidden" name="dx_code" value="I10">'
        '<input name="dx_code" value="A&amp;B"><input name="reason"></form><input name="dx_code" value="no">'
    )
    assert dict(form_of(page)) == {"dx_code": ["I10", "A&B"], "reason": [""]}


def test_what_is_lost_or_never_handed_in_or_emitted_without_a_number_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    Jobs(tmp_path).close()
    store.put_worklist("north", "a", "thread", "held", [], None)
    assert lost(tmp_path, ["a"]) == []
    assert lost(tmp_path, ["a", "b"]) == ["b: 0 times in the worklist"]
    assert lost(tmp_path, []) == ["a: never handed in"]
    store.put_worklist("north", "a", "thread", "emitted", [], None)
    assert lost(tmp_path, ["a"]) == ["a: emitted 0 times"]
