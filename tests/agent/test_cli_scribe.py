"""``superbill scribe``: from a recording to a claim in one command, on moto's S3 and HealthScribe on loopback."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from agent.aws.clients import aws_client
from tests.agent.cli_run import POLICY, Desk, Ran, bundle
from tests.tools.scribe_fake import Scribe, listening

ROLE = "arn:aws:iam::111122223333:role/Scribe"
RECORDING = "s3://recordings/visit.flac"


def context() -> dict[str, Any]:
    """The people and the coverage of a shipped encounter beside another visit."""
    found = bundle()
    kinds = {e["resource"]["resourceType"]: e["resource"] for e in found["entry"]}
    organizations = [e["resource"] for e in found["entry"] if e["resource"]["resourceType"] == "Organization"]
    return {
        "encounter": "scribed-1",
        "age": 24,
        "sex": "male",
        "new_patient": False,
        "place_of_service": "11",
        "date_of_service": "2026-08-04",
        "payer": "commercial",
        "patient": kinds["Patient"],
        "rendering_provider": kinds["Practitioner"],
        "billing_provider": next(o for o in organizations if o["id"] == "prairie"),
    }


@pytest.fixture
def scribe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scribe]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws_client.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("recordings", "scribed"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="recordings", Key="visit.flac", Body=b"audio")

        def write(bucket: str, key: str, body: bytes) -> None:
            s3.put_object(Bucket=bucket, Key=key, Body=body)

        fake = Scribe(write=write)
        with listening(fake) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSCRIBE", address)
            yield fake
    aws_client.cache_clear()


def scribed(desk: Desk, *arguments: object, out: str = "out", recording: str = RECORDING) -> Ran:
    fixed = ("--context", json.dumps(context()), "--output-bucket", "scribed", "--role", ROLE)
    places = ("--store", desk.store, "--out", desk.folder / out, "--policy", POLICY, "--no-pdf", "--json")
    return desk.run("scribe", recording, *fixed, *places, *arguments)


def test_from_a_recording_to_a_coded_encounter_in_one_command(desk: Desk, scribe: Scribe) -> None:
    ran = scribed(desk, "--signed-by", "Ada Stone")
    assert ran.code in {0, 3}, ran.err
    coding = ran.json
    codes = {d["code"]: d for d in coding["diagnoses"]}
    assert "J02.0" in codes
    assert not {code for code in codes if code.startswith(("J18", "E11", "Z83"))}
    assert "87880" in {line["code"] for line in coding["service_lines"]}
    kinds = [(e["kind"], e.get("segment")) for e in codes["J02.0"]["evidence"]]
    assert ("note", None) in [(kind, None) for kind, _ in kinds]
    assert ("transcript", "s6") in kinds
    assert not [f for f in coding["findings"] if f["rule"].startswith("evidence.")]
    missing = [r["text"] for r in coding["review"]["reasons"]]
    assert not [text for text in missing if "signature" in text]


def test_an_unsigned_draft_is_held(desk: Desk, scribe: Scribe) -> None:
    ran = scribed(desk)
    assert ran.code == 3
    assert [r["text"] for r in ran.json["review"]["reasons"] if "signature" in r["text"]]
    assert desk.read("claim.json")["draft"] is True


def test_the_command_again_meets_the_same_job(desk: Desk, scribe: Scribe) -> None:
    first, again = scribed(desk), scribed(desk, out="again")
    assert len(scribe.jobs) == 1
    assert first.json["diagnoses"] == again.json["diagnoses"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fail": True}, "failed"),
        ({"silent": True}, "no clinical document"),
        ({"faults": [(400, "AccessDeniedException")]}, "HealthScribe: AWS refuses (AccessDeniedException)"),
        ({"faults": [(400, "ExpiredTokenException")]}, "credentials have expired"),
        ({"faults": [(500, "InternalFailureException")] * 9}, "AWS is busy"),
    ],
)
def test_what_goes_wrong_is_one_line_and_no_claim(
    desk: Desk, scribe: Scribe, change: dict[str, Any], said: str
) -> None:
    vars(scribe).update(change)
    ran = scribed(desk)
    assert ran.code == 2
    assert said in ran.complaint
    assert "Jo Doe" not in ran.err
    assert desk.files() == set()


def test_a_recording_that_is_not_there(desk: Desk, scribe: Scribe) -> None:
    ran = scribed(desk, recording="s3://recordings/none.flac")
    assert (ran.code, "no such recording" in ran.complaint) == (2, True)


def test_the_output_of_a_job_that_has_run_is_coded_as_well(desk: Desk, scribe: Scribe) -> None:
    first = scribed(desk)
    (job,) = scribe.jobs
    fixed = (
        "--store",
        desk.store,
        "--policy",
        POLICY,
        "--no-pdf",
        "--json",
        "--context",
        json.dumps(context()),
    )
    place = f"s3://scribed/{job}/summary.json"
    ran = desk.run("scribe", place, *fixed, "--out", desk.folder / "again")
    assert ran.json["diagnoses"] == first.json["diagnoses"]
    gone = desk.run("scribe", "s3://scribed/none/summary.json", *fixed, "--out", desk.folder / "gone")
    assert (gone.code, "no such clinical document" in gone.complaint) == (2, True)


def test_a_recording_needs_a_bucket_and_a_role(desk: Desk, scribe: Scribe) -> None:
    ran = desk.run("scribe", RECORDING, "--context", json.dumps(context()))
    assert "needs --output-bucket and --role" in ran.complaint
