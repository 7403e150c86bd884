"""How requests prove who asks: a bearer token, SMART backend services, and SigV4 against an independent verifier."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import orjson
import pytest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.tools.fhir.record import resources
from tests.tools.fhir.servers import NOW, TODAY, Time, client, fetched, holding, ids, many
from tools.fhir.rest import FhirClient, RefusedError, fetch
from tools.fhir.rest.auth import Bearer, SigV4, SmartBackend
from tools.fhir.server import FhirService, Request
from tools.fhir.server.service import Reply, outcome

TOKEN_URL = "https://idp.example/token"


def bearer_check(*accepted: str) -> Callable[[Request], Reply | None]:
    def check(request: Request) -> Reply | None:
        given = request.headers.get("authorization", "")
        return None if given in {f"Bearer {one}" for one in accepted} else outcome(401, "login", "no")

    return check


def test_a_bearer_token_opens_and_no_or_another_one_does_not() -> None:
    served = holding(*resources().values(), check=bearer_check("s3cret"))
    assert fetch(client(served, signer=Bearer(token="s3cret")), "enc", as_of=TODAY).encounter is not None
    for signer in (Bearer(token="old-s3cret"), None):
        with pytest.raises(RefusedError, match="renew the credentials") as told:
            fetch(client(served, signer=signer), "enc", as_of=TODAY)
        assert "s3cret" not in str(told.value)


def test_no_secret_is_shown() -> None:
    assert "s3cret" not in repr(Bearer(token="s3cret"))
    smart, _ = backend(rsa_key())
    smart._token = "s3cret"
    assert "s3cret" not in repr(smart)
    assert "PRIVATE" not in repr(smart)
    signer = SigV4(credentials=Credentials("AKID", "s3cret", "s3cret"), region="us-east-1", clock=lambda: NOW)
    assert "s3cret" not in repr(signer)


# SMART backend services.


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any) -> bytes:
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made


class Idp:
    """A token endpoint that verifies the assertion by its own means."""

    def __init__(self, key: Any, time: Time) -> None:
        self.key, self.time, self.given, self.jtis = key.public_key(), time, 0, set[str]()

    def ask(self, url: str, form: dict[str, str]) -> httpx.Response:
        assert url == TOKEN_URL
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"].endswith(":jwt-bearer")
        head, claims = self.verified(form["client_assertion"])
        assert claims["iss"] == claims["sub"] == "our-client"
        assert claims["aud"] == TOKEN_URL
        assert claims["jti"] not in self.jtis
        assert self.time.now < claims["exp"] <= self.time.now + 300
        assert head["kid"] == "key-1"
        self.jtis.add(claims["jti"])
        self.given += 1
        return httpx.Response(
            200, json={"access_token": f"token-{self.given}", "expires_in": 300, "token_type": "bearer"}
        )

    def verified(self, token: str) -> tuple[Any, Any]:
        text, _, signature = token.rpartition(".")
        raw = decoded(signature)
        if isinstance(self.key, rsa.RSAPublicKey):
            self.key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA384())
        else:
            half = len(raw) // 2
            pair = (int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
            self.key.verify(encode_dss_signature(*pair), text.encode(), ec.ECDSA(hashes.SHA384()))
        head, claims = (orjson.loads(decoded(part)) for part in text.split("."))
        assert head["alg"] == ("RS384" if isinstance(self.key, rsa.RSAPublicKey) else "ES384")
        return head, claims


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def backend(key: Any, time: Time | None = None) -> tuple[SmartBackend, Idp]:
    clock = time or Time()
    idp = Idp(key, clock)
    made = SmartBackend(
        client_id="our-client",
        key=pem(key),
        key_id="key-1",
        token_url=TOKEN_URL,
        scope="system/*.read",
        ask=idp.ask,
        clock=clock.clock,
    )
    return made, idp


@pytest.mark.parametrize("key", [rsa_key(), ec.generate_private_key(ec.SECP384R1())], ids=["RS384", "ES384"])
def test_smart_fetches_one_token_for_many_requests(key: Any) -> None:
    smart, idp = backend(key)
    served = holding(*resources().values(), check=bearer_check("token-1"))
    assert fetch(client(served, signer=smart), "enc", as_of=TODAY).encounter is not None
    assert idp.given == 1


def test_smart_renews_before_the_token_ends_and_when_it_is_refused() -> None:
    time = Time()
    smart, idp = backend(rsa_key(), time)
    served = holding(*resources().values(), check=bearer_check("token-1", "token-2"))
    reader = client(served, time, signer=smart)
    reader.read("Patient", "pat")
    time.now += 271
    reader.read("Patient", "pat")
    assert idp.given == 2
    served._check = bearer_check("token-3")
    assert reader.read("Patient", "pat").id == "pat"
    assert idp.given == 3


def test_smart_tries_a_fresh_token_once_only() -> None:
    smart, idp = backend(rsa_key())
    served = holding(*resources().values(), check=bearer_check("never"))
    with pytest.raises(RefusedError):
        client(served, signer=smart).read("Patient", "pat")
    assert idp.given == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "invalid_client"}),
        httpx.Response(200, json={}),
        httpx.Response(200, content=b"<html>"),
    ],
)
def test_an_idp_that_gives_no_token_is_told(answer: httpx.Response) -> None:
    smart, _ = backend(rsa_key())
    smart.ask = lambda url, form: answer
    with pytest.raises(RefusedError, match="SMART token endpoint"):
        client(holding(*resources().values()), signer=smart).read("Patient", "pat")


# SigV4: the AWS rule written down anew, over what the server really received.

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class Aws:
    """Verifies Signature Version 4 as the service does; ``offset`` is what its clock is ahead."""

    def __init__(self, *, offset: float = 0.0, token: str | None = None) -> None:
        self.offset, self.token, self.refused = offset, token, list[str]()

    def now(self) -> float:
        return NOW + self.offset

    def __call__(self, request: Request) -> Reply | None:
        problem = self.problem(request)
        if problem is None:
            return None
        self.refused.append(problem)
        date = {"Date": formatdate(self.now(), usegmt=True)}
        return Reply(status=403, body=orjson.dumps({"message": problem}), headers=date)

    def problem(self, request: Request) -> str | None:
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
            r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if found is None:
            return "Missing Authentication Token"
        key, day, region, service, signed, signature = found.groups()
        at = request.headers["x-amz-date"]
        if (key, region, service) != (KEY, "us-east-1", "healthlake") or not at.startswith(day):
            return "The credential is not of this service"
        if self.token and request.headers.get("x-amz-security-token") != self.token:
            return "The security token included in the request is expired"
        moment = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        if abs(moment - self.now()) > 300:
            return "Signature expired: it is now later"
        if not {"host", "x-amz-date"} <= set(signed.split(";")):
            return "host and date must be signed"
        wanted = self.signature(request, signed.split(";"), day, at)
        return (
            None
            if hmac.compare_digest(wanted, signature)
            else "The request signature we calculated does not match"
        )

    def signature(self, request: Request, signed: list[str], day: str, at: str) -> str:
        path, _, query = request.target.partition("?")
        # The service decodes what it received and encodes strictly: a wire that says it otherwise fails.
        pairs = sorted(
            (strict(unquote(k)), strict(unquote(v)))
            for k, _, v in (p.partition("=") for p in query.split("&"))
            if k
        )
        text = "\n".join(
            (
                request.method,
                quote(path, safe="/-_.~"),
                "&".join(f"{k}={v}" for k, v in pairs),
                *(f"{name}:{' '.join(request.headers[name].split())}" for name in signed),
                "",
                ";".join(signed),
                hashlib.sha256(request.body).hexdigest(),
            )
        )
        scope = f"{day}/us-east-1/healthlake/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(text.encode()).hexdigest()}"
        secret = f"AWS4{SECRET}".encode()
        for part in (day, "us-east-1", "healthlake", "aws4_request"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        return hmac.new(secret, to_sign.encode(), "sha256").hexdigest()


def strict(value: str) -> str:
    return quote(value, safe="-_.~")


def signed(served: FhirService, token: str | None = None, secret: str = SECRET) -> FhirClient:
    time = Time()
    signer = SigV4(credentials=Credentials(KEY, secret, token), region="us-east-1", clock=time.clock)
    return client(served, time, signer=signer)


@pytest.mark.parametrize("by", ["search", "everything"])
@pytest.mark.parametrize("token", [None, "session/token+with=signs"])
def test_every_request_of_an_encounter_is_signed_rightly(by: Any, token: str | None) -> None:
    """Reads, ``$everything``, form posts, and next links whose tokens hold ``+ / =``."""
    aws = Aws(token=token)
    served = holding(*resources().values(), *many(230), mode="healthlake", check=aws)
    raw = fetch(signed(served, token), "enc", as_of=TODAY, by=by)
    assert len(ids(raw, "Condition")) == 230
    assert aws.refused == []
    assert [r for r in served.seen if "page=" in r.target]


def test_awkward_values_are_signed_as_they_travel() -> None:
    aws = Aws()
    served = holding(*resources().values(), check=aws)
    reader = signed(served)
    reader._post = False
    reader.search("Observation", [("code", "http://loinc.org|8302-2"), ("category", "a b+c~d&e=f,é")])
    assert aws.refused == []
    assert dict(parse_qsl(urlsplit(served.seen[-1].target).query))["category"] == "a b+c~d&e=f,é"


def test_the_verifier_refuses_what_is_wrong() -> None:
    served = holding(*resources().values(), check=Aws())
    with pytest.raises(RefusedError):
        signed(served, secret="another").read("Patient", "pat")
    with pytest.raises(RefusedError):
        client(served).read("Patient", "pat")


@pytest.mark.parametrize("offset", [-7200.0, 5400.0])
def test_a_clock_that_is_off_is_set_by_the_servers_date(offset: float) -> None:
    aws = Aws(offset=offset)
    served = holding(*resources().values(), check=aws)
    assert fetch(signed(served), "enc", as_of=TODAY).encounter is not None
    assert aws.refused == ["Signature expired: it is now later"]


def test_expired_aws_credentials_are_told_as_such() -> None:
    served = holding(*resources().values(), check=Aws(token="fresh"))
    with pytest.raises(RefusedError, match="the credentials have expired"):
        signed(served, token="stale").read("Patient", "pat")
    assert len(served.seen) == 1


def test_credentials_that_refresh_are_read_for_every_request() -> None:
    class Refreshing:
        def __init__(self) -> None:
            self.asked = 0

        def get_frozen_credentials(self) -> Any:
            self.asked += 1
            return Credentials(KEY, SECRET, f"token-{self.asked}").get_frozen_credentials()

    source = Refreshing()
    served = holding(*resources().values())
    reader = client(served, signer=SigV4(credentials=source, region="us-east-1", clock=lambda: NOW))
    reader.read("Patient", "pat")
    reader.read("Encounter", "enc")
    assert [r.headers["x-amz-security-token"] for r in served.seen] == ["token-1", "token-2"]


def test_an_unauthenticated_server_needs_nothing() -> None:
    served = holding(*resources().values())
    fetched(served)
    assert all("authorization" not in r.headers for r in served.seen)
