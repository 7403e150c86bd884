"""One request to a FHIR server, tried again as long as that can help; the answer's bytes or a clear error."""

import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import orjson

from tools.fhir.rest.auth import Signer
from tools.fhir.rest.errors import (
    BrokenAnswerError,
    FhirError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnsupportedError,
)
from tools.fhir.views import objects, text

JSON = "application/fhir+json"
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_THROTTLED = (b"ThrottlingException", b"TooManyRequestsException", b"throttled", b"Rate exceeded")
_EXPIRED = (b"ExpiredToken", b"token expired", b"security token included in the request is expired")
_CODE = re.compile(r"[a-z-]{2,40}")
_SAID = {
    401: "not authenticated; renew the credentials (SUPERBILL_FHIR_AUTH, SUPERBILL_FHIR_TOKEN)",
    403: "not allowed; check the credentials' rights and the clock of this machine",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a request may be tried.

    Attributes:
        tries: requests at most.
        first: seconds of the first pause; each further one doubles, up to ``longest``, and is taken by
            chance between nothing and that (full jitter).
        longest: seconds of one pause; a server that asks for more (``Retry-After``) is given up.
        timeout: seconds for connecting and for each read.
    """

    tries: int = 6
    first: float = 0.5
    longest: float = 30.0
    timeout: float = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back: status below 300, headers, and the bytes as they came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Sends requests to one server. Clock, sleep and chance are given, so that tests need no time."""

    def __init__(
        self,
        client: httpx.Client,
        signer: Signer,
        *,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        for name in ("httpx", "httpcore"):  # they log addresses and headers: patient ids and tokens
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client, self._signer, self._patience = client, signer, patience
        self._clock, self._sleep, self._chance = clock, sleep or time.sleep, chance

    def send(
        self,
        method: str,
        url: str,
        what: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send until the server answers for good.

        Args:
            method: HTTP method; what is sent must be safe to send twice (reads, searches, conditional creates).
            url: strictly encoded.
            what: what is asked for, for messages (type and id).
            body: bytes of a form or a resource.
            headers: beside ``Accept`` and the proof.

        Raises:
            UnavailableError: throttled, failing or silent to the last try.
            RefusedError: 401 or 403. NotFoundError: 404 or 410. FhirError: any other refusal.
        """
        renewed = False
        for attempt in range(self._patience.tries):
            reply, why = self._once(method, url, body, headers)
            if reply is not None and reply.status_code in {401, 403} and not renewed:
                renewed = self._signer.renew(reply)
                if renewed:
                    reply, why = self._once(method, url, body, headers)
            if reply is not None and not _transient(reply):
                return _settled(reply, what)
            if attempt + 1 < self._patience.tries:
                self._pause(attempt, reply, what)
        message = f"FHIR server: {what}: {why} after {self._patience.tries} tries; run it again later"
        raise UnavailableError(message)

    def _once(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[httpx.Response | None, str]:
        request = self._client.build_request(
            method, url, content=body, headers={"Accept": JSON, **(headers or {})}
        )
        self._signer.sign(request)
        try:
            reply = self._client.send(request)
        except httpx.TransportError as fault:
            return None, type(fault).__name__
        return reply, f"HTTP {reply.status_code}"

    def _pause(self, attempt: int, reply: httpx.Response | None, what: str) -> None:
        asked = _retry_after(reply, self._clock()) if reply is not None else None
        if asked is not None and asked > self._patience.longest:
            raise UnavailableError(
                f"FHIR server: {what}: asks to wait {asked:.0f} s, longer than we do; run it again then"
            )
        most = min(self._patience.longest, self._patience.first * 2**attempt)
        self._sleep(max(asked or 0.0, most * self._chance()))


def _transient(reply: httpx.Response) -> bool:
    if reply.status_code == 400:
        return any(sign in reply.content for sign in _THROTTLED)
    return reply.status_code in _TRANSIENT


def _retry_after(reply: httpx.Response, now: float) -> float | None:
    given = reply.headers.get("Retry-After", "").strip()
    if given.isdigit():
        return float(given)
    try:
        return max(0.0, parsedate_to_datetime(given).astimezone(UTC).timestamp() - now)
    except ValueError:
        return None


def _settled(reply: httpx.Response, what: str) -> Answer:
    status = reply.status_code
    if status < 300:
        return Answer(status=status, headers=reply.headers, body=reply.content)
    where = f"FHIR server: {what}: HTTP {status}{outcome_codes(reply.content)}"
    if status in _SAID:
        expired = "; the credentials have expired" if any(e in reply.content for e in _EXPIRED) else ""
        raise RefusedError(f"{where}{expired}; {_SAID[status]}")
    if status in {404, 410}:
        raise NotFoundError(f"{where}; check the id and the base address")
    if status < 400:
        raise BrokenAnswerError(f"{where}: a redirect is not followed; give the final address")
    kind = UnsupportedError if status in {405, 501} else FhirError
    raise kind(f"{where}; the server does not accept the request")


def outcome_codes(data: bytes) -> str:
    """The issue codes of an OperationOutcome, for messages; its texts may hold a patient's data and stay out."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""
    codes = (text(one, "code") or "" for one in objects(body, "issue"))
    found = dict.fromkeys(c for c in codes if _CODE.fullmatch(c))
    return f" ({', '.join(found)})" if found else ""


def utc_day(seconds: float) -> str:
    """The UTC instant of a clock reading, as FHIR writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
