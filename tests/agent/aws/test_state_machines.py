"""The deployed state machines, run by moto's interpreter over our functions."""

import re
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from moto.core.config import default_user_config

from agent.aws import decide
from agent.aws.runtime import Runtime
from evals.benchmarks.soak import Run, content_of
from evals.benchmarks.synthetic import BROKEN_EVERY, encounters
from tests.agent.aws.account import BUCKET, REGION, ROOT, get, keys, put
from tests.agent.aws.local import FUNCTION, adapt, definition, letters, queue, serve, start
from tests.agent.cli_run import ANKLE

MACHINES = ("encounter", "batch")


@pytest.fixture
def called(own: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    return serve(monkeypatch)


def ended(arn: str, wanted: str = "") -> dict[str, Any]:
    """The execution when it is over (or, with ``wanted``, waits in a state of that name)."""
    pause = threading.Event()
    client, until = boto3.client("stepfunctions", region_name=REGION), time.monotonic() + 600
    while time.monotonic() < until:
        pause.wait(0.1)
        said: dict[str, Any] = client.describe_execution(executionArn=arn)
        if said["status"] != "RUNNING":
            return said
        history = (
            client.get_execution_history(executionArn=arn, reverseOrder=True)["events"] if wanted else []
        )
        if any(e["type"] == "TaskSubmitted" for e in history):
            return said
    raise AssertionError("the execution does not end")


def walk(machine: dict[str, Any]) -> list[dict[str, Any]]:
    """Every state machine in it: itself and those of its maps."""
    inner = [s["ItemProcessor"] for s in machine["States"].values() if "ItemProcessor" in s]
    return [machine, *(found for one in inner for found in walk(one))]


class TestDefinitions:
    """Structure: what an interpreter would only find when it gets there."""

    @pytest.mark.parametrize("name", MACHINES)
    def test_every_way_leads_to_a_state_and_every_state_is_reached(self, name: str) -> None:
        for machine in walk(definition(name, "q")):
            states, seen, todo = machine["States"], set(), [machine["StartAt"]]
            while todo:
                at = todo.pop()
                assert at in states
                if at in seen:
                    continue
                seen.add(at)
                state = states[at]
                rules = [*state.get("Choices", []), *state.get("Catch", [])]
                todo += [r["Next"] for r in rules] + [state[k] for k in ("Next", "Default") if k in state]
                assert state.get("End") or state["Type"] in {"Succeed", "Fail", "Choice"} or "Next" in state
            assert seen == set(states)

    @pytest.mark.parametrize("name", MACHINES)
    def test_every_call_is_limited_and_tried_again(self, name: str) -> None:
        for machine in walk(definition(name, "q")):
            for state in machine["States"].values():
                if ":lambda:invoke" not in state.get("Resource", ""):
                    continue
                assert state["TimeoutSeconds"] > 0
                assert "Retry" in state or "waitForTaskToken" in state["Resource"]

    @pytest.mark.parametrize("name", MACHINES)
    def test_every_name_is_substituted_in_the_template(self, name: str) -> None:
        text = (ROOT / "deploy" / "statemachine" / f"{name}.asl.json").read_text()
        template = (ROOT / "deploy" / "template.yaml").read_text()
        for used in set(re.findall(r"\$\{(\w+)\}", text)):
            assert re.search(rf"^ +{used}: !", template, re.MULTILINE), used

    def test_functions_exist_and_have_their_command_in_the_template(self) -> None:
        from agent import aws

        template = (ROOT / "deploy" / "template.yaml").read_text()
        for function in FUNCTION.values():
            assert callable(getattr(aws, function))
            assert f"Command: [agent.aws.{function}]" in template


class TestAdapt:
    def test_nothing_else_differs(self) -> None:
        deployed = definition("batch", "q")
        adapted = adapt(deployed)
        members, other = deployed["States"]["Members"], adapted["States"]["Members"]
        assert other.pop("ItemSelector") == {"Items": [members.pop("ItemSelector")]}
        assert members.pop("ItemBatcher")["MaxItemsPerBatch"] > 1
        assert other["ItemReader"]["ReaderConfig"].pop("InputType") == "JSON"
        assert members["ItemReader"]["ReaderConfig"].pop("InputType") == "JSONL"
        assert other["ItemReader"]["Parameters"].pop("Key.$") == "States.Format('{}.json', $.key)"
        assert members["ItemReader"]["Parameters"].pop("Key.$") == "$.key"
        assert adapted == deployed


class TestEncounter:
    def test_clean_goes_through_to_the_outbox(self, called: list[str]) -> None:
        given = {"encounter": put("in/ankle.json", ANKLE.read_bytes()), "options": {"pdf": False}}
        said = ended(start(definition("encounter", queue()), given))
        assert said["status"] == "SUCCEEDED", said
        answer = orjson.loads(said["output"])
        assert answer["status"] == "emitted"
        assert keys("outbox/") == [f"outbox/{answer['submitted']}"]
        assert called == ["fetch", "handler", "submit", "notify"]

    def test_held_waits_for_a_person(self, own: Runtime, called: list[str]) -> None:
        given = {
            "encounter": put("in/ankle.json", ANKLE.read_bytes()),
            "options": {"review": "always", "pdf": False},
        }
        arn = start(definition("encounter", queue()), given)
        assert ended(arn, "Review")["status"] == "RUNNING"
        row = own.store.work("default", "05-ankle-injury")
        assert row is not None
        assert row["status"] == "held"
        decision = {"action": "approve", "claim_sha256": row["claim_sha256"], "by": "A. Reviewer"}
        decide({"encounter_id": "05-ankle-injury", "decision": decision})
        said = ended(arn)
        assert said["status"] == "SUCCEEDED", said
        assert orjson.loads(said["output"])["status"] == "emitted"
        assert called == ["fetch", "handler", "review", "submit", "notify"]

    def test_bad_input_is_a_dead_letter(self, called: list[str]) -> None:
        url = queue()
        said = ended(start(definition("encounter", url), {"encounter": put("in/bad.json", b"{")}))
        assert said["status"] == "FAILED"
        (letter,) = letters(url)
        assert letter["error"] == "BadInputError"
        assert "broken JSON" in letter["reason"]
        assert called == ["fetch", "handler"]


@pytest.mark.slow
def test_distributed_map_gives_what_the_batch_command_gives(
    called: list[str], home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """``pytest tests/agent/aws/test_state_machines.py -k distributed --members 500`` for the full size."""
    count = request.config.getoption("--members", default=12)
    items, lines = [], []
    (tmp_path / "in").mkdir()
    for number, (name, whole) in enumerate(encounters(count), 1):
        content = whole[:1000] if number == count else whole  # one that fails, however few there are
        (tmp_path / "in" / f"{name}.json").write_bytes(content)
        items.append({"id": name, "encounter": put(f"in/{name}.json", content), "options": {"pdf": False}})
        lines.append({**items[-1], "encounter": f"{name}.json"})
    put("m.jsonl", b"".join(orjson.dumps(i) + b"\n" for i in items))
    put("m.jsonl.json", orjson.dumps(items))
    url = queue()
    arn = start(adapt(definition("batch", url)), {"bucket": BUCKET, "key": "m.jsonl"})

    manifest = tmp_path / "in" / "m.jsonl"
    manifest.write_bytes(b"".join(orjson.dumps(i) + b"\n" for i in lines))
    run = Run(manifest=manifest, folder=tmp_path, workers=1)
    run.start().wait()

    assert ended(arn)["status"] == "SUCCEEDED"
    assert called.count("member") == count
    rows = [orjson.loads(line) for line in (run.out / "results.jsonl").read_bytes().splitlines()]
    for row in rows:
        mine = {f.name: content_of(f.name, f.read_bytes()) for f in _files(run.out / row["id"])}
        uri = f"s3://{BUCKET}/out/{row['id']}"
        theirs = {n: content_of(n, get(f"{uri}/{n}")) for n in _listed(uri, row)}
        assert theirs == mine, row["id"]
    failed = {(r["id"], r["reason"]) for r in rows if r["status"] == "failed"}
    assert {(x["id"], x["reason"]) for x in letters(url)} == failed
    assert len(failed) == 1 + count // BROKEN_EVERY


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _listed(uri: str, row: dict[str, Any]) -> list[str]:
    return [] if row["status"] == "failed" else list(orjson.loads(get(f"{uri}/manifest.json"))["files"])
