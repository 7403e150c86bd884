"""Names and pieces of the account the tests use."""

from pathlib import Path
from typing import Any

import boto3
import orjson

REGION, BUCKET, TABLE, KEY = "us-east-1", "superbill-test", "superbill", "a-key-of-the-test"
ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "deploy" / "template.yaml"


def make_table() -> None:
    """The table as the template describes it."""
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("PK", "SK", "GPK", "GSK")],
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "waiting",
                "KeySchema": [
                    {"AttributeName": "GPK", "KeyType": "HASH"},
                    {"AttributeName": "GSK", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def put(key: str, content: bytes) -> str:
    """An object in the bucket, and its address."""
    boto3.client("s3", region_name=REGION).put_object(Bucket=BUCKET, Key=key, Body=content)
    return f"s3://{BUCKET}/{key}"


def get(uri: str) -> bytes:
    """The content of an address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found: bytes = boto3.client("s3", region_name=REGION).get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


def keys(prefix: str) -> list[str]:
    """Names under a prefix."""
    listed = boto3.client("s3", region_name=REGION).list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [o["Key"] for o in listed.get("Contents", [])]


def rows(kind: str) -> list[dict[str, Any]]:
    """Items of the table whose sort key begins so."""
    found = boto3.resource("dynamodb", region_name=REGION).Table(TABLE).scan()["Items"]
    return [r for r in found if r["SK"].startswith(kind)]


def lines(out: str) -> list[dict[str, Any]]:
    """The log lines a function wrote."""
    return [orjson.loads(line) for line in out.splitlines()]
