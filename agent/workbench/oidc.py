"""Sign-in by an OpenID Connect issuer: authorization code with PKCE; the identity token is verified by the issuer's keys.

The configuration is a TOML file (``SUPERBILL_OIDC``)::

    issuer = "https://id.example.org"
    client_id = "superbill"
    client_secret_file = "/etc/superbill/oidc.secret"   # left out for a public client
    redirect = "https://workbench.example.org/signin/oidc/back"
    name_claim = "email"
    role_claim = "groups"
    tenant = "north"             # or tenant_claim, with a table [tenants] from its values to practices
    [roles]                      # first that fits
    superbill-reviewers = "reviewer"
"""

import base64
import hashlib
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import Field, ValidationError

from agent.desk.people import Role
from agent.settings import SettingsError
from agent.workbench.users import User
from knowledge.records import Record

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
TIMEOUT: Final = 10.0
LEEWAY: Final = 60


class OidcError(Exception):
    """The issuer's answer can not be taken: why, without any value of it."""


class OidcConfig(Record):
    """The file, checked."""

    issuer: str
    client_id: str
    client_secret_file: Path | None = None
    redirect: str
    scope: str = "openid profile email"
    name_claim: str = "preferred_username"
    role_claim: str
    roles: dict[str, Role] = Field(min_length=1)
    tenant: str | None = None
    tenant_claim: str | None = None
    tenants: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A sign-in under way: where the browser goes, and what it must bring back."""

    url: str
    state: str
    nonce: str
    verifier: str

    def packed(self) -> str:
        """What the browser keeps, sealed by the caller."""
        return orjson.dumps([self.state, self.nonce, self.verifier]).decode()


def load_oidc(path: Path) -> OidcConfig:
    """Read the configuration.

    Raises:
        SettingsError: it can not be read, a key is wrong, or an address is not https (loopback apart).
    """
    try:
        made = OidcConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: can not be read ({type(error).__name__})") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if (made.tenant is None) == (made.tenant_claim is None):
        raise SettingsError(f"{path}: give either tenant, or tenant_claim with a table [tenants]")
    for name in ("issuer", "redirect"):
        _check_address(f"{path}: {name}", getattr(made, name), SettingsError)
    return made


def _check_address(what: str, url: str, error: type[Exception]) -> None:
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise error(f"{what} is not an https address")


class Oidc:
    """The issuer as a client sees it; discovery and keys are fetched when first needed and kept."""

    def __init__(self, config: OidcConfig, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=transport is None)
        self._lock = Lock()
        self._found: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def begin(self) -> Begun:
        """Start a sign-in.

        Raises:
            OidcError: the issuer can not be reached or describes itself wrongly.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": self._config.redirect,
            "scope": self._config.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        where = self._discovered()["authorization_endpoint"]
        url = f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"
        return Begun(url=url, state=state, nonce=nonce, verifier=verifier)

    def finish(self, code: str, nonce: str, verifier: str) -> User:
        """Exchange the code and read who signed in.

        Raises:
            OidcError: the issuer refuses, the token is not valid, or its claims map to no role or practice.
        """
        given = self._exchange(code, verifier)
        return self._user(self._claims(given, nonce))

    def _exchange(self, code: str, verifier: str) -> str:
        secret = self._config.client_secret_file
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._config.redirect,
            "client_id": self._config.client_id,
            "code_verifier": verifier,
        }
        auth = (self._config.client_id, secret.read_text(encoding="utf-8").strip()) if secret else None
        answer = self._json("POST", self._discovered()["token_endpoint"], data=form, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcError("the issuer gave no identity token")
        return token

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        claims = self._verified(token)
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self._config.issuer},
            aud={"essential": True, "value": self._config.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            rules.validate(dict(claims))
        except JoseError as error:
            raise OidcError(f"the identity token is not valid ({error.error})") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._config.client_id:
            raise OidcError("the identity token was made for another client")
        return claims

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token signed by the issuer; unknown keys are fetched once more, for issuers change them."""
        for renew in (False, True):
            try:
                return jwt.decode(token, self._keyset(renew=renew), algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError):
                continue
        raise OidcError("the identity token is not signed by the issuer")

    def _user(self, claims: Mapping[str, Any]) -> User:
        name = claims.get(self._config.name_claim)
        if not isinstance(name, str) or not name.strip() or len(name) > 128:
            raise OidcError(f"the identity token has no usable claim {self._config.name_claim}")
        return User(
            name=name.strip(),
            tenant=self._tenant(claims),
            role=self._role(claims),
            origin=self._config.issuer,
        )

    def _role(self, claims: Mapping[str, Any]) -> Role:
        held = _texts(claims.get(self._config.role_claim))
        role = next((role for value, role in self._config.roles.items() if value in held), None)
        if role is None:
            raise OidcError("the organisation has given this person no role here")
        return role

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        if self._config.tenant_claim is None:
            return self._config.tenant or ""
        held = _texts(claims.get(self._config.tenant_claim))
        found = {self._config.tenants[value] for value in held if value in self._config.tenants}
        if len(found) != 1:
            raise OidcError("the organisation has not placed this person in one practice")
        return found.pop()

    def _discovered(self) -> Mapping[str, Any]:
        with self._lock:
            if self._found is None:
                found = self._json(
                    "GET", f"{self._config.issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                if found.get("issuer") != self._config.issuer:
                    raise OidcError("the issuer describes itself under another name")
                for key in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _check_address(f"the issuer's {key}", str(found.get(key, "")), OidcError)
                self._found = found
            return self._found

    def _keyset(self, *, renew: bool) -> KeySet:
        where = self._discovered()["jwks_uri"]
        with self._lock:
            if self._keys is None or renew:
                found: Any = self._json("GET", where)
                self._keys = KeySet.import_key_set(found)
            return self._keys

    def _json(self, method: str, url: str, **kw: Any) -> Mapping[str, Any]:
        try:
            answer = self._client.request(method, url, **kw)
            answer.raise_for_status()
            found = orjson.loads(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise OidcError(f"the issuer did not answer as it should ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise OidcError("the issuer did not answer as it should")
        return found


def _texts(value: object) -> frozenset[str]:
    """The values of a claim that is a text or a list of texts."""
    given = value if isinstance(value, list) else [value]
    return frozenset(v for v in given if isinstance(v, str))
