"""An S3 prefix: an object is written whole or not at all, and never over another one."""

from typing import Any

from agent.submit.carrier import DeliveryError


class S3Carrier:
    """Objects ``prefix/name``; there is no temporary object, because a put is atomic."""

    kind = "application/edi-x12"

    def __init__(self, bucket: str, prefix: str, client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._given = client

    def stage(self, staged: str, content: bytes) -> None:
        """See :class:`~agent.submit.carrier.Carrier`; nothing to do."""

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        """See :class:`~agent.submit.carrier.Carrier`: False when the object exists already.

        Raises:
            DeliveryError: AWS refuses or can not be reached.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client().put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=content,
                IfNoneMatch="*",
                ServerSideEncryption="aws:kms",
                ContentType=self.kind,
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed":
                return False
            raise DeliveryError(f"s3://{self._bucket}: {code}; nothing was delivered, run again") from None
        except BotoCoreError as error:
            raise DeliveryError(f"s3://{self._bucket}: {type(error).__name__}; run again") from None
        return True

    def discard(self, staged: str) -> None:
        """See :class:`~agent.submit.carrier.Carrier`; nothing to do."""

    def _client(self) -> Any:
        import boto3

        self._given = self._given or boto3.client("s3")
        return self._given
