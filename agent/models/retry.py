"""Which failures of a model call are worth another try (throttling, timeouts, 5xx; never access or validation)."""

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

TRANSIENT_CODES = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailableException",
        "InternalServerException",
        "ModelTimeoutException",
        "ModelNotReadyException",
        "ModelErrorException",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
TRANSIENT_TYPES = (
    ReadTimeoutError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ConnectionClosedError,
    TimeoutError,
)


def is_transient(error: Exception) -> bool:
    """True for throttling, timeouts and server faults, also where a library wraps them."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TRANSIENT_TYPES):
            return True
        if isinstance(seen, ClientError):
            return _transient_client_error(seen)
        seen = seen.__cause__ or seen.__context__
    return False


def _transient_client_error(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code in TRANSIENT_CODES or status == 429 or status >= 500
