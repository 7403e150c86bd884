"""An AWS account that lives in this process (moto): bucket, table, bus, topic, secret."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from moto import mock_aws

from agent.aws import runtime as runtime_module
from agent.aws.clients import aws_client
from agent.aws.runtime import Runtime, runtime
from knowledge.bookshelf import Bookshelf
from tests.agent.aws.account import BUCKET, KEY, REGION, TABLE, make_table
from tests.agent.cli_run import POLICY


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fresh account; clients made before are forgotten."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        aws_client.cache_clear()
        boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
        make_table()
        yield
    aws_client.cache_clear()


@pytest.fixture
def own(account: None, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """The functions' surroundings over that account and the shared bookshelf."""
    boto3.client("secretsmanager", region_name=REGION).create_secret(
        Name="superbill", SecretString=orjson.dumps({"webhook_key": KEY}).decode()
    )
    environment: dict[str, Any] = {
        "SUPERBILL_HOME": home,
        "SUPERBILL_OUT": f"s3://{BUCKET}/out",
        "SUPERBILL_OUTBOX": f"s3://{BUCKET}/outbox",
        "SUPERBILL_TABLE": TABLE,
        "SUPERBILL_SECRET": "superbill",
        "SUPERBILL_POLICY": POLICY,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    forget()
    yield runtime()
    forget()


def forget() -> None:
    """What a warm function keeps is gone, as after a cold start."""
    runtime.cache_clear()
    runtime_module._opened.cache_clear()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--members N``: size of the Distributed Map proof (when this folder is what pytest is given)."""
    parser.addoption("--members", type=int, default=12)
