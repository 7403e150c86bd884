"""``superbill code --model bedrock:...`` as a process of its own: nothing but our own words on stderr."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from agent.models import make_model
from agent.settings import load_settings
from tests.conftest import ROOT
from tests.graph.conftest import ENCOUNTERS, MEMORY_LOSS, memory_loss_claim
from tests.graph.converse import converse_server, reply, tool_use

MODELS = ("anthropic.claude-sonnet-4-5-20250929-v1:0", "acme.unheard-of-v1:0")


@pytest.mark.parametrize("model", MODELS)
def test_a_model_takes_its_turns_whole_without_a_word(
    model: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = make_model(f"bedrock:{model}", load_settings({"AWS_REGION": "us-east-1", "HOME": "/nowhere"}))
    assert made.disable_streaming is True
    assert caplog.text == ""


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_program_keeps_stderr_clean(model: str, tmp_path: Path, home: Path) -> None:
    with converse_server([reply(tool_use("propose_claim", "p1", **memory_loss_claim()))]) as server:
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": "us-east-1",
            "SUPERBILL_BEDROCK_ENDPOINT": server.url,
            "SUPERBILL_HOME": str(home),
        }
        options = ["--policy", ENCOUNTERS / "policy.toml", "--store", tmp_path / "store"]
        options += ["--out", tmp_path / "out", "--no-pdf", "--json"]
        command = [
            sys.executable,
            "-m",
            "agent",
            "code",
            MEMORY_LOSS,
            "--model",
            f"bedrock:{model}",
            *options,
        ]
        ran = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=environ,
            timeout=120,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert orjson.loads(ran.stdout)["status"] == "emitted"
