"""Ways out: whole files under their final names, errors in one line, never twice."""

from pathlib import Path

import boto3
import orjson
import pytest
from botocore.stub import Stubber

from agent.submit.b2bi import B2biCarrier
from agent.submit.carrier import DeliveryError, open_carrier
from agent.submit.folder import FolderCarrier
from agent.submit.s3 import S3Carrier
from tests.agent.ledger.conftest import make_claim
from tests.tools.claim.strategies import envelope
from tools.claim.x12.service_json import service_json
from tools.claim.x12.writer import write_837


def test_a_folder_shows_a_file_only_when_it_is_whole(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path / "new")
    carrier.stage(".a.tmp", b"ISA")
    assert [p.name for p in (tmp_path / "new").glob("[!.]*")] == []
    assert carrier.finish(".a.tmp", "a.x12", b"ISA")
    assert carrier.finish(".a.tmp", "a.x12", b"ISA") is False
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.x12"]
    assert (tmp_path / "new" / "a.x12").stat().st_mode & 0o077 == 0


def test_a_file_of_the_same_name_is_never_replaced(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path)
    (tmp_path / "a.x12").write_bytes(b"another")
    carrier.stage(".a.tmp", b"ISA")
    with pytest.raises(DeliveryError, match="another file has this name"):
        carrier.finish(".a.tmp", "a.x12", b"ISA")
    assert (tmp_path / "a.x12").read_bytes() == b"another"
    (tmp_path / "a.x12").unlink()
    assert carrier.finish(".a.tmp", "a.x12", b"ISA")


def test_a_folder_that_went_away_is_no_delivery(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path / "gone")
    with pytest.raises(DeliveryError, match="is gone"):
        carrier.finish(".a.tmp", "a.x12", b"ISA")
    (tmp_path / "file").touch()
    with pytest.raises(DeliveryError, match="can not be written"):
        FolderCarrier(tmp_path / "file").stage(".a.tmp", b"ISA")


@pytest.fixture
def s3():
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield S3Carrier("bucket", "out", client), stub


PUT = {
    "Bucket": "bucket",
    "Key": "out/a.x12",
    "Body": b"ISA",
    "IfNoneMatch": "*",
    "ServerSideEncryption": "aws:kms",
    "ContentType": "application/edi-x12",
}


def test_an_object_is_put_once_and_never_over_another(s3) -> None:
    carrier, stub = s3
    stub.add_response("put_object", {"ETag": "e"}, PUT)
    stub.add_client_error("put_object", "PreconditionFailed", expected_params=PUT)
    carrier.stage("t", b"ISA")
    assert carrier.finish("t", "a.x12", b"ISA")
    assert carrier.finish("t", "a.x12", b"ISA") is False
    carrier.discard("t")
    stub.assert_no_pending_responses()


def test_b2b_data_interchange_gets_json_under_its_input_prefix() -> None:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    text = write_837([make_claim("SB1")], envelope()).encode()
    wanted = {
        **PUT,
        "Key": "in/a.x12.json",
        "Body": orjson.dumps(service_json(text.decode())),
        "ContentType": "application/json",
    }
    with Stubber(client) as stub:
        stub.add_response("put_object", {"ETag": "e"}, wanted)
        assert B2biCarrier("bucket", "in", client).finish("t", "a.x12", text)
        stub.assert_no_pending_responses()
    assert isinstance(open_carrier("b2bi://bucket/in"), B2biCarrier)


def test_the_service_is_asked_to_convert_what_it_will_get() -> None:
    """Its dry run (TestConversion) takes our JSON as it is; the shapes are botocore's own."""
    client = boto3.client("b2bi", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    content = orjson.dumps(service_json(write_837([make_claim("SB1")], envelope()))).decode()
    asked = {
        "source": {"fileFormat": "JSON", "inputFile": {"fileContent": content}},
        "target": {
            "fileFormat": "X12",
            "formatDetails": {"x12": {"transactionSet": "X12_837_X222", "version": "VERSION_5010_HIPAA"}},
        },
    }
    with Stubber(client) as stub:
        stub.add_response("test_conversion", {"convertedFileContent": "ISA*"}, asked)
        assert client.test_conversion(**asked)["convertedFileContent"] == "ISA*"


def test_a_refusal_of_s3_is_one_line(s3) -> None:
    carrier, stub = s3
    stub.add_client_error("put_object", "AccessDenied")
    with pytest.raises(DeliveryError, match="AccessDenied"):
        carrier.finish("t", "a.x12", b"ISA")


@pytest.mark.parametrize(
    "destination",
    [
        "nowhere",
        "folder:",
        "s3://",
        "b2bi:bucket",
        "ftp://host/x",
        "sftp://host/folder",
        "sftp://u@-oProxyCommand=x/f",
        'sftp://u@host/a"b',
        "sftp://u:secret@host/f",
    ],
)
def test_a_destination_that_can_not_be_meant(destination: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        open_carrier(destination)
    assert "secret" not in str(caught.value)


def test_sftp_without_pinned_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="pinned"):
        open_carrier("sftp://u@127.0.0.1/f", known_hosts=tmp_path / "none")


def test_the_right_carrier_is_opened(tmp_path: Path) -> None:
    assert isinstance(open_carrier(f"folder:{tmp_path}"), FolderCarrier)
    assert isinstance(open_carrier("s3://bucket/prefix"), S3Carrier)
