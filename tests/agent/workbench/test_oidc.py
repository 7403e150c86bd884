"""Sign-in by an issuer: a small one on loopback that behaves, and misbehaves in each way that must be refused."""

import base64
import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from agent.settings import Settings, SettingsError
from agent.workbench import create_app
from agent.workbench.app import Options
from agent.workbench.desks import Desks
from agent.workbench.oidc import load_oidc
from tests.agent.workbench.conftest import ADDRESS, CHEAP, PASSWORD


class Issuer(ThreadingHTTPServer):
    """Answers discovery, keys and token requests; ``claims`` and ``changes`` are what a test bends."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.published = [self.key]
        self.signing, self.header = self.key, {"alg": "RS256", "kid": "one"}
        self.claims = {"email": "ada@north.example", "groups": ["staff", "reviewers"], "practice": "n"}
        self.code, self.challenge, self.nonce = "the-code", "", ""
        self.name = self.url
        self.asked = []

    def token(self):
        now = int(time.time())
        standard = {
            "iss": self.url,
            "aud": "superbill",
            "sub": "42",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        return jwt.encode(
            self.header, {**standard, **self.claims}, self.signing, algorithms=[self.header["alg"]]
        )


class Answering(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        issuer = self.server
        issuer.asked.append(self.path)
        if self.path == "/keys":
            self.say(200, {"keys": [k.as_dict(private=False) for k in issuer.published]})
            return
        paths = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
        self.say(200, {"issuer": issuer.name, **{k: issuer.url + v for k, v in paths.items()}})

    def do_POST(self):
        issuer = self.server
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        proof = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        known = self.headers["authorization"] == "Basic " + base64.b64encode(b"superbill:hush").decode()
        if form["code"] != [issuer.code] or challenge != issuer.challenge or not known:
            self.say(400, {"error": "invalid_grant"})
            return
        self.say(200, {"id_token": issuer.token()})


@pytest.fixture
def issuer():
    made = Issuer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def config(folder, issuer, **changed):
    secret = folder / "secret"
    secret.write_text("hush\n")
    said = {
        "issuer": issuer,
        "client_id": "superbill",
        "client_secret_file": str(secret),
        "redirect": f"{ADDRESS}/signin/oidc/back",
        "name_claim": "email",
        "role_claim": "groups",
        "tenant_claim": "practice",
        **changed,
    }
    lines = [f'{k} = "{v}"' for k, v in said.items() if v is not None]
    tables = '[roles]\nreviewers = "reviewer"\ndoctors = "physician"\n[tenants]\nn = "north"\ns = "south"\n'
    path = folder / "oidc.toml"
    path.write_text("\n".join(lines) + "\n" + tables)
    return path


@pytest.fixture
def client(issuer, desk, home, tmp_path):
    settings = Settings(home=home, oidc=config(tmp_path, issuer.url))
    app = create_app(Desks(desk), settings, Options(store=tmp_path / "store", hasher=CHEAP))
    with TestClient(app, base_url=ADDRESS) as made:
        yield made


def go(client, issuer):
    """The browser's way to the issuer; what the issuer will be asked."""
    answer = client.get("/signin/oidc", follow_redirects=False)
    where = urlsplit(answer.headers["location"])
    asked = {k: v[0] for k, v in parse_qs(where.query).items()}
    issuer.challenge, issuer.nonce = asked["code_challenge"], asked["nonce"]
    return asked


def come_back(client, asked, code="the-code", state=None):
    return client.get(
        "/signin/oidc/back", params={"code": code, "state": state or asked["state"]}, follow_redirects=False
    )


def test_a_person_of_the_organisation_gets_role_and_practice(client, issuer):
    assert "/signin/oidc" in client.get("/signin").text
    asked = go(client, issuer)
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    arrived = come_back(client, asked)
    assert arrived.status_code == 200
    assert "samesite=strict" in arrived.headers["set-cookie"].lower()
    page = client.get("/worklist").text
    assert "ada@north.example" in page
    assert "02-diabetes-heart-depression" in page
    assert "03-chest-pain" not in page


def refused(client, issuer, **come):
    answer = come_back(client, go(client, issuer), **come)
    assert answer.status_code == 403
    assert client.get("/worklist", follow_redirects=False).status_code == 303
    return re.search(r'role="alert">([^<]+)', answer.text).group(1)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": ["superbill", "another"], "azp": "another"},
        {"nonce": "stolen"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
    ],
    ids="-".join,
)
def test_a_token_that_is_not_for_us_is_refused(client, issuer, claims):
    issuer.claims |= claims
    assert "token" in refused(client, issuer)


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"groups": ["staff"]}, "no role"),
        ({"groups": None}, "no role"),
        ({"practice": "x"}, "one practice"),
        ({"practice": ["n", "s"]}, "one practice"),
        ({"email": ""}, "email"),
    ],
)
def test_a_person_without_role_or_practice_stays_outside(client, issuer, claims, told):
    issuer.claims |= claims
    assert told in refused(client, issuer)


def test_a_token_of_another_key_is_refused(client, issuer):
    issuer.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert "not signed" in refused(client, issuer)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_without_the_issuers_signature_is_refused(client, issuer, monkeypatch, alg):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def unsigned(self):
        said = {"iss": self.url, "aud": "superbill", "nonce": self.nonce, "exp": 9_999_999_999, **self.claims}
        return f"{part({'alg': alg, 'kid': 'one'})}.{part(said)}."

    monkeypatch.setattr(Issuer, "token", unsigned)
    assert "not signed" in refused(client, issuer)


def test_a_changed_key_is_fetched_anew(client, issuer):
    come_back(client, go(client, issuer))
    issuer.signing = RSAKey.generate_key(2048, {"kid": "two"})
    issuer.header = {"alg": "RS256", "kid": "two"}
    issuer.published = [issuer.signing]
    assert come_back(client, go(client, issuer)).status_code == 200
    assert issuer.asked.count("/keys") == 2


def test_a_code_that_is_not_the_issuers_or_a_foreign_state_is_refused(client, issuer):
    assert "did not succeed" in refused(client, issuer, code="guessed")
    assert "another window" in refused(client, issuer, state="x" * 43)
    client.cookies.delete("superbill_oidc")
    assert client.get("/signin/oidc/back?state=&code=the-code").status_code == 403


def test_nobody_arrives_under_a_local_users_name(client, issuer):
    client.app.state.bench.users.add("ada@north.example", role="viewer", tenant="north", password=PASSWORD)
    assert "local user" in refused(client, issuer)


def test_an_issuer_that_is_away_or_another_is_told(client, issuer):
    issuer.name = "http://127.0.0.1:1"
    answer = client.get("/signin/oidc")
    assert answer.status_code == 502
    assert "another name" in answer.text


def test_without_configuration_there_is_no_such_way_in(visit):
    visitor = visit()
    assert "/signin/oidc" not in visitor.get("/signin").text
    assert visitor.get("/signin/oidc").status_code == 404


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": "http://id.example.org"}, "https"),
        ({"redirect": "http://wb.example.org/back"}, "https"),
        ({"tenant": "north"}, "either tenant"),
        ({"tenant_claim": None}, "either tenant"),
        ({"colour": "blue"}, "colour"),
        ({"role_claim": None}, "role_claim"),
    ],
)
def test_a_wrong_configuration_is_told_before_serving(tmp_path, changed, told):
    said = {"issuer": "https://id.example.org", **changed}
    path = config(tmp_path, said.pop("issuer"), **said)
    with pytest.raises(SettingsError, match=told):
        load_oidc(path)
