"""An export of invented patients, an AWS account in this process, Bedrock's control plane on the loopback."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from agent.aws.clients import aws_client
from evals.metrics import bootstrap
from evals.train.export import Plan, export
from evals.train.synthetic import write_synthetic
from tests.evals.train.fake_bedrock import FakeBedrock, serving

BUCKET = "training-data"
TODAY = date(2026, 11, 24)
KEY = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Exported:
    """Invented patients and their export."""

    source: Path
    out: Path
    manifest: dict[str, Any]


def plan_of(source: Path, out: Path, **changes: Any) -> Plan:
    """The plan of a folder of invented patients."""
    said: dict[str, Any] = {
        "encounters": source / "notes.ndjson",
        "out": out,
        "today": TODAY,
        "claims": tuple(p for p in (source / "claims.837", source / "replacements.837") if p.is_file()),
        "remits": (source / "remits.835",),
        "feedback": (source / "lessons.jsonl",),
        "key": KEY,
        **changes,
    }
    return Plan(**said)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """500 patients."""
    folder = tmp_path_factory.mktemp("training")
    write_synthetic(folder / "in", 500)
    formats = ("bedrock-conversation-2024", "preferences", "reinforcement")
    manifest = export(plan_of(folder / "in", folder / "out", formats=formats))
    return Exported(source=folder / "in", out=folder / "out", manifest=manifest)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Twelve patients, to plant something in."""
    write_synthetic(tmp_path / "in", 12)
    return tmp_path / "in"


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBedrock]:
    """S3 in this process, Bedrock on the loopback; retries do not wait."""
    fake = FakeBedrock()
    with serving(fake) as address:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_BEDROCK": address,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        with mock_aws():
            aws_client.cache_clear()
            boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
            yield fake
    aws_client.cache_clear()


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of 200 resamples instead of 1,000: the cases here are far from the edge."""
    short = partial(bootstrap, rounds=200)
    monkeypatch.setattr("evals.compare.bootstrap", short)
    monkeypatch.setattr("evals.summary.bootstrap", short)
