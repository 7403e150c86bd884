"""AWS clients: made once, with our time-outs and retries; what AWS answers becomes one line without any value in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

RETRY_CODES = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)


MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey"})


class AwsError(Exception):
    """AWS refused for good: where, why, what to do."""


class AwsMissingError(AwsError):
    """There is no such object or bucket: the address is wrong, AWS is not."""


class AwsBusyError(AwsError):
    """AWS could not do it now (throttled, out of reach, a server fault): the same call later may work."""


@cache
def aws_client(service: str, region: str | None = None) -> Any:
    """A client of ``service`` (``dynamodb.resource`` is the higher interface); throttling, time-outs and 5xx are tried five times in all, with jitter."""
    import boto3
    from botocore.config import Config

    retries = Config(
        retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=60
    )
    if service.endswith(".resource"):
        return boto3.resource(service.removesuffix(".resource"), region_name=region, config=retries)
    return boto3.client(service, region_name=region, config=retries)


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what botocore raises into one line that names the place and the code, never the content.

    Raises:
        AwsBusyError: worth another try later.
        AwsError: not without mending something.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "?"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in RETRY_CODES or status == 429 or status >= 500:
            raise AwsBusyError(f"{where}: AWS is busy ({code}); run again") from None
        refusal = AwsMissingError if code in MISSING else AwsError
        raise refusal(f"{where}: {_advice(code)}") from None
    except (NoCredentialsError, NoRegionError) as error:
        kind = type(error).__name__
        raise AwsError(
            f"{where}: {kind}; set AWS_REGION and credentials (a profile, a role or keys)"
        ) from None
    except BotoCoreError as error:
        raise AwsBusyError(f"{where}: AWS can not be reached ({type(error).__name__}); run again") from None


def _advice(code: str) -> str:
    advice = {
        "NoSuchKey": "no such object; check the address",
        "404": "no such object; check the address",
        "NoSuchBucket": "no such bucket; check the address",
        "AccessDenied": "access denied; the role needs permission for it",
        "ExpiredToken": "the credentials have expired; renew them and run again",
        "ExpiredTokenException": "the credentials have expired; renew them and run again",
    }
    return advice.get(code, f"AWS refuses ({code})")
