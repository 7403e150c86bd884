"""How a request proves who asks: not at all, by a bearer token, by SMART backend services, or by SigV4."""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from uuid import uuid4

import httpx
import orjson

from tools.fhir.rest.errors import RefusedError

_SKEWED = ("Signature expired", "Signature not yet current", "RequestTimeTooSkewed", "RequestExpired")
_LIFE = 240
_EARLY = 30


class Signer(Protocol):
    """Puts the proof into a request."""

    def sign(self, request: httpx.Request) -> None:
        """Add the headers; called anew for every try, so that dates and tokens are fresh."""

    def renew(self, response: httpx.Response) -> bool:
        """After 401 or 403: True when the proof was mended and the request is worth one more try."""


class Anonymous:
    """No authentication: a server on this machine or inside a trusted network."""

    def sign(self, request: httpx.Request) -> None:
        """See :class:`Signer`; nothing to add."""

    def renew(self, response: httpx.Response) -> bool:
        """See :class:`Signer`; nothing to mend."""
        return False


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A token a person gave. It is never renewed here: expired, it is refused with a clear word."""

    token: str = field(repr=False)

    def sign(self, request: httpx.Request) -> None:
        """See :class:`Signer`."""
        request.headers["Authorization"] = f"Bearer {self.token}"

    def renew(self, response: httpx.Response) -> bool:
        """See :class:`Signer`; a static token can not be mended."""
        return False


@dataclass(kw_only=True)
class SmartBackend:
    """SMART backend services: a short token for a signed assertion (``private_key_jwt``, RFC 7523).

    Attributes:
        client_id: as registered with the server.
        key: the private key in PEM (RSA gives RS384, an EC key on P-384 gives ES384).
        token_url: the server's token endpoint.
        scope: for instance ``system/*.read``.
        ask: posts the form to the token endpoint and returns the answer.
        clock: seconds since 1970.
        key_id: ``kid`` of the key, where the server's key set has several.
    """

    client_id: str
    key: bytes = field(repr=False)
    token_url: str
    scope: str
    ask: Callable[[str, dict[str, str]], httpx.Response] = field(repr=False)
    clock: Callable[[], float] = field(repr=False)
    key_id: str | None = None
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def sign(self, request: httpx.Request) -> None:
        """See :class:`Signer`; fetches a token when there is none or it is about to expire.

        Raises:
            RefusedError: the token endpoint gives none.
        """
        with self._lock:
            if self.clock() >= self._until - _EARLY:
                self._fetch()
            request.headers["Authorization"] = f"Bearer {self._token}"

    def renew(self, response: httpx.Response) -> bool:
        """See :class:`Signer`: after 401 the token is thrown away, once a fresh one is tried."""
        if response.status_code != 401:
            return False
        with self._lock:
            self._until = 0.0
        return True

    def _fetch(self) -> None:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": kind,
            "client_assertion": self.assertion(),
        }
        try:
            answer = self.ask(self.token_url, form)
            given = orjson.loads(answer.content) if answer.status_code == 200 else {}
        except (httpx.HTTPError, orjson.JSONDecodeError) as fault:
            message = f"SMART token endpoint: {type(fault).__name__}; check SUPERBILL_FHIR_TOKEN_URL"
            raise RefusedError(message) from None
        token, life = given.get("access_token"), given.get("expires_in", 300)
        if not isinstance(token, str) or not isinstance(life, int | float):
            raise RefusedError(
                f"SMART token endpoint: no token (HTTP {answer.status_code}); check client id, key and scope"
            )
        self._token, self._until = token, self.clock() + life

    def assertion(self) -> str:
        """The signed JWT that stands for the client's password, good for four minutes."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key: Any = load_pem_private_key(self.key, password=None)
        curve = isinstance(key, ec.EllipticCurvePrivateKey)
        head = {"alg": "ES384" if curve else "RS384", "typ": "JWT"} | (
            {"kid": self.key_id} if self.key_id else {}
        )
        now = int(self.clock())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "iat": now,
            "exp": now + _LIFE,
            "jti": uuid4().hex,
        }
        text = f"{_url64(orjson.dumps(head))}.{_url64(orjson.dumps(claims))}"
        return f"{text}.{_url64(_signature(key, text.encode(), curve=curve))}"


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(key: Any, text: bytes, *, curve: bool) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if not curve:
        signed: bytes = key.sign(text, padding.PKCS1v15(), hashes.SHA384())
        return signed
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


@dataclass(kw_only=True)
class SigV4:
    """AWS Signature Version 4, by botocore's own signer, over exactly the URL that goes on the wire.

    Attributes:
        credentials: botocore credentials; read anew for every request, so that they may refresh.
        region: AWS region.
        clock: seconds since 1970; ``offset`` is what the server's clock is ahead of it.
        service: signing name.
    """

    credentials: Any = field(repr=False)
    region: str
    clock: Callable[[], float] = field(repr=False)
    service: str = "healthlake"
    offset: float = 0.0

    def sign(self, request: httpx.Request) -> None:
        """See :class:`Signer`."""
        from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
        from botocore.awsrequest import AWSRequest

        at = datetime.fromtimestamp(self.clock() + self.offset, UTC).strftime(SIGV4_TIMESTAMP)
        signer = SigV4Auth(self.credentials.get_frozen_credentials(), self.service, self.region)
        kept = {k: v for k, v in request.headers.items() if k in {"content-type", "host"}}
        aws = AWSRequest(method=request.method, url=str(request.url), data=request.content, headers=kept)
        aws.context["timestamp"] = at
        # The steps of SigV4Auth.add_auth, which would read the system clock.
        signer._modify_request_before_signing(aws)
        signature = signer.signature(signer.string_to_sign(aws, signer.canonical_request(aws)), aws)
        signer._inject_signature_to_request(aws, signature)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            if name in aws.headers:
                request.headers[name] = aws.headers[name]

    def renew(self, response: httpx.Response) -> bool:
        """See :class:`Signer`: a clock that is off is set by the server's own ``Date``."""
        if response.status_code != 403 or not any(sign in response.text for sign in _SKEWED):
            return False
        try:
            theirs = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except ValueError:
            return False
        offset = theirs - self.clock()
        changed = abs(offset - self.offset) >= 1
        self.offset = offset
        return changed
