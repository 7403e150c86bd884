"""deploy/, langgraph.json and the images: valid, complete, nothing in the clear."""

import inspect
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from agent.identity import claim_sha256
from knowledge.bookshelf import Bookshelf
from tests.agent.aws.account import ROOT, TEMPLATE
from tests.agent.cli_run import ANKLE, POLICY

VALIDATOR = ROOT / ".superbill" / "npm" / "node_modules" / ".bin" / "asl-validator"


class Loader(yaml.SafeLoader):
    """CloudFormation's short tags as plain values."""


Loader.add_multi_constructor("!", lambda loader, tag, node: {tag: _plain(loader, node)})  # type: ignore[no-untyped-call]


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return yaml.load(TEMPLATE.read_text(), Loader)["Resources"]  # type: ignore[no-any-return]


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


@pytest.mark.slow
def test_template_passes_cfn_lint() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", ["encounter", "batch"])
def test_state_machines_pass_asl_validator(name: str) -> None:
    if not VALIDATOR.exists() or shutil.which("node") is None:
        pytest.skip("asl-validator is not installed (.ci/run does it)")
    path = ROOT / "deploy" / "statemachine" / f"{name}.asl.json"
    done = subprocess.run(
        [str(VALIDATOR), "--json-path", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_at_rest_is_encrypted_with_our_key(resources: dict[str, Any]) -> None:
    key = {"GetAtt": "Key.Arn"}
    assert all(p["KmsKeyId"] == key for p in of_type(resources, "AWS::Logs::LogGroup").values())
    assert all(p["KmsMasterKeyId"] == key for p in of_type(resources, "AWS::SQS::Queue").values())
    (table,) = of_type(resources, "AWS::DynamoDB::Table").values()
    assert table["SSESpecification"]["KMSMasterKeyId"] == key
    (bucket,) = of_type(resources, "AWS::S3::Bucket").values()
    assert all(bucket["PublicAccessBlockConfiguration"].values())


def test_roles_name_their_resources(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Serverless::Function")
    assert len(functions) == 8
    for name, properties in functions.items():
        for policy in properties["Policies"]:
            for said in policy["Statement"]:
                if "Action" not in said:
                    continue  # a conditional one
                assert said["Resource"] != "*", name
                assert not any(a.endswith(":*") for a in said["Action"]), name
        may = str(properties["Policies"])
        assert ("bedrock:InvokeModel" in may) == (name in {"CodeFunction", "MemberFunction"}), name
        assert ("healthlake:" in may) == (name == "FetchFunction"), name
        assert ("states:SendTaskSuccess" in may) == (name == "DecideFunction"), name


def test_executions_log_no_data(resources: dict[str, Any]) -> None:
    for properties in of_type(resources, "AWS::Serverless::StateMachine").values():
        assert properties["Logging"]["IncludeExecutionData"] is False


def test_images_copy_only_what_the_build_context_lets_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in ("Dockerfile", "Dockerfile.kubernetes"):
        lines = (ROOT / "deploy" / name).read_text().splitlines()
        copied = {word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]}
        assert copied == let_in
        assert all((ROOT / path).exists() for path in copied)


def test_langgraph_json_is_valid_and_its_factory_takes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "langgraph_cli", "validate", "--config", str(ROOT / "langgraph.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, _, name = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["superbill"].partition(":")
    module = __import__(file.removeprefix("./").removesuffix(".py").replace("/", "."), fromlist=[name])
    assert not inspect.signature(getattr(module, name)).parameters


class TestServedGraph:
    @pytest.fixture
    def served(self, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch) -> Any:
        from agent import platform

        monkeypatch.setenv("SUPERBILL_HOME", str(home))
        monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
        platform._context.cache_clear()
        graph = platform.make_graph()
        graph.checkpointer = InMemorySaver()
        yield graph
        platform._context.cache_clear()

    def test_emits_under_the_policy_of_the_environment(
        self, served: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SUPERBILL_POLICY", str(POLICY))
        done = served.invoke({"encounter": ANKLE.read_text()}, {"configurable": {"thread_id": "a"}})
        assert done["status"] == "emitted"

    def test_a_server_that_was_started_long_ago_codes_as_known_today(
        self, served: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from agent import platform

        monkeypatch.setenv("SUPERBILL_POLICY", str(POLICY))
        old = replace(platform._context(), today=date(2020, 1, 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(platform, "_context", lambda: old)
            done = served.invoke({"encounter": ANKLE.read_text()}, {"configurable": {"thread_id": "c"}})
        assert done["status"] == "emitted"

    def test_held_is_an_interrupt_that_a_decision_answers(self, served: Any) -> None:
        config = {"configurable": {"thread_id": "b"}}
        served.invoke({"encounter": ANKLE.read_text()}, config)
        (asked,) = served.get_state(config).interrupts
        assert asked.value["encounter_id"] == "05-ankle-injury"
        decision = {"action": "approve", "claim_sha256": asked.value["claim_sha256"], "by": "A. Reviewer"}
        done = served.invoke(Command(resume=decision), config)
        assert done["status"] == "emitted"
        assert claim_sha256(done["claim"]) == decision["claim_sha256"]
