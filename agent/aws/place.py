"""Where outputs go: a local folder, or a prefix in S3 that answers to the same few operations.

S3 can not rename, so an output is complete when its ``manifest.json`` exists: it is removed first and written last,
and holds the digest of every file. A reader that finds no manifest finds no output.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from agent.aws.clients import AwsError, aws_client, told

MANIFEST = "manifest.json"
TYPES = {
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".837": "application/edi-x12",
}


@dataclass(frozen=True, kw_only=True)
class S3Place:
    """``s3://bucket/prefix``; everything is encrypted with the bucket's KMS key, or with ``kms_key``."""

    bucket: str
    prefix: str
    kms_key: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def __truediv__(self, name: str) -> "S3Place":
        return replace(self, prefix=f"{self.prefix}/{name}" if self.prefix else name)

    @property
    def name(self) -> str:
        """The last part, as a path has it."""
        return self.prefix.rpartition("/")[2] or self.bucket

    def uri(self, name: str) -> str:
        """Where the file ``name`` of this output is."""
        return str(self / name)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write one output: the manifest goes first and comes back last.

        Raises:
            AwsError: AWS refuses or can not be reached; the output does not exist then, a repeated run makes it.
        """
        client = self._client()
        with told(str(self)):
            client.delete_object(Bucket=self.bucket, Key=(self / MANIFEST).prefix)
        for name, content in files.items():
            self.put(name, content)
        listed = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        }
        self.put(MANIFEST, orjson.dumps({"files": listed}, option=orjson.OPT_INDENT_2))

    def put(self, name: str, content: bytes) -> None:
        """Write one object, whole or not at all.

        Raises:
            AwsError: AWS refuses or can not be reached.
        """
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        with told(str(self)):
            self._client().put_object(
                Bucket=self.bucket,
                Key=(self / name).prefix,
                Body=content,
                ServerSideEncryption="aws:kms",
                ContentType=TYPES.get(Path(name).suffix, "application/octet-stream"),
                **key,
            )

    def get(self, name: str) -> bytes | None:
        """One object of this output, or None when it is not there.

        Raises:
            AwsError: AWS refuses or can not be reached.
        """
        client = self._client()
        with told(str(self)):
            try:
                found: bytes = client.get_object(Bucket=self.bucket, Key=(self / name).prefix)["Body"].read()
            except client.exceptions.NoSuchKey:
                return None
        return found

    def files(self) -> tuple[str, ...]:
        """Names of the files of a complete output; none where there is no manifest."""
        listed = self.get(MANIFEST)
        return tuple(sorted(orjson.loads(listed)["files"])) if listed else ()

    def _client(self) -> Any:
        return aws_client("s3", self.region)


Place = Path | S3Place


def place_of(text: str, *, kms_key: str | None = None, region: str | None = None) -> Place:
    """``s3://bucket/prefix`` as an S3Place, anything else as a path.

    Raises:
        AwsError: an s3:// address without a bucket.
    """
    if not text.startswith("s3://"):
        return Path(text)
    parts = urlsplit(text)
    if not parts.netloc:
        raise AwsError(f"{text}: names no bucket; give s3://bucket/prefix")
    return S3Place(bucket=parts.netloc, prefix=parts.path.strip("/"), kms_key=kms_key, region=region)


def read_object(uri: str, limit: int, region: str | None = None) -> bytes:
    """The bytes of ``s3://bucket/key``.

    Raises:
        AwsError: no such object, one over ``limit`` bytes, or AWS refuses.
    """
    parts = urlsplit(uri)
    with told(uri):
        answer = aws_client("s3", region).get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
        if answer["ContentLength"] > limit:
            raise AwsError(f"{uri}: over the limit of {limit:,} bytes; split the Bundle by encounter")
        found: bytes = answer["Body"].read()
    return found
