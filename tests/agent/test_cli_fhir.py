"""``superbill fhir`` and ``superbill code Encounter/<id>`` over a real socket: results as of the file, claims written once."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.claim import Claim as R4Claim
from fhir.resources.R4B.provenance import Provenance as R4Provenance

from agent.aws.clients import AwsBusyError
from agent.cli.errors import user_errors
from agent.fhir import fetch_encounter, open_fhir
from agent.run import code_encounter
from agent.settings import FhirSettings, Settings, SettingsError, load_settings
from tests.agent.cli_run import ANKLE, ENCOUNTERS, Desk
from tests.agent.coded import Coded
from tools.fhir.server import FhirService, FhirStore
from tools.fhir.server.http import bind, running
from tools.fhir.server.load import load

FILES = sorted(ENCOUNTERS.glob("[01]*.json"))


def opened(mode: Any = "plain", *files: Path) -> tuple[FhirService, Any]:
    store = FhirStore()
    for path in files:
        load(store, path)
    server = bind(0)
    return FhirService(store, f"http://127.0.0.1:{server.server_port}/fhir/r4", mode=mode), server


@pytest.fixture
def served() -> Iterator[FhirService]:
    service, server = opened("plain", *FILES)
    with running(service, server):
        yield service
    service.store.close()


@pytest.fixture
def desk(desk: Desk, served: FhirService, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SUPERBILL_FHIR_URL", served.base)
    return desk


def told(coding: Any) -> Any:
    """A coding without what differs between two runs or two copies of a resource."""
    found = coding.model_dump(mode="json", exclude={"usage", "artifacts"})
    return _without_sha(found)


def _without_sha(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_sha(v) for k, v in value.items() if k != "sha256"}
    return [_without_sha(v) for v in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def all_ten() -> Iterator[FhirService]:
    service, server = opened("hapi", *FILES)
    with running(service, server):
        yield service
    service.store.close()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_shipped_encounter_codes_as_from_its_file(
    path: Path, coded: Coded, all_ten: FhirService, home: Path
) -> None:
    settings = Settings(home=home, fhir=FhirSettings(url=all_ten.base))
    with open_fhir(settings) as reader:
        raw = fetch_encounter(reader, f"Encounter/{path.stem}", settings)
    remote, local = code_encounter(raw, context=coded.context), coded.results[path.stem[:2]]
    assert told(remote.coding) == told(local.coding)
    assert remote.claim is not None
    assert local.claim is not None
    assert _without_sha(remote.claim.model_dump(mode="json")) == _without_sha(
        local.claim.model_dump(mode="json")
    )


def test_code_by_reference_writes_the_folder_of_the_encounter(desk: Desk) -> None:
    ran = desk.code(Path("Encounter/05-ankle-injury"))
    assert ran.code == 0, ran.err
    assert ran.json["status"] == "emitted"
    again = desk.code(ANKLE, out="file")
    assert again.code == 0
    assert (desk.folder / "out" / "claim.837").read_bytes() == (
        desk.folder / "file" / "claim.837"
    ).read_bytes()


def claims(served: FhirService) -> list[Any]:
    return [orjson.loads(row.body) for row in served.store.select("type='Claim'", ())]


def test_write_back_is_done_once_and_is_valid_fhir(desk: Desk, served: FhirService) -> None:
    for out in ("one", "two"):
        ran = desk.code(Path("Encounter/05-ankle-injury"), "--write-back", out=out)
        assert ran.code == 0, ran.err
    (claim,) = claims(served)
    R4Claim.model_validate(claim)
    assert claim["patient"] == {"reference": "Patient/05-ankle-injury-patient"}
    assert all(i["encounter"] == [{"reference": "Encounter/05-ankle-injury"}] for i in claim["item"])
    assert b'"value": 198.40' in served.store.select("type='Claim'", ())[0].body
    (row,) = served.store.select("type='Provenance'", ())
    provenance = orjson.loads(row.body)
    R4Provenance.model_validate(provenance)
    assert provenance["target"] == [{"reference": f"Claim/{claim['id']}"}]
    sources = {e["what"]["reference"] for e in provenance["entity"]}
    assert {"Encounter/05-ankle-injury", "DocumentReference/05-ankle-injury-note"} <= sources


@pytest.mark.parametrize("kind", ["drop", "throttle"])
def test_a_fault_while_writing_back_doubles_nothing(
    desk: Desk, served: FhirService, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    served.faults.add(kind, times=2, path="PUT /fhir/r4/Claim/")
    assert desk.code(Path("Encounter/05-ankle-injury"), "--write-back").code == 0
    assert len(claims(served)) == 1


def test_a_held_claim_is_not_written(desk: Desk, served: FhirService) -> None:
    assert desk.code(Path("Encounter/05-ankle-injury"), "--write-back", "--review", "always").code == 3
    assert claims(served) == []


def test_a_write_back_that_fails_is_told_and_the_claim_stays(desk: Desk, served: FhirService) -> None:
    served.faults.add("expired", times=9, path="PUT /fhir/r4/Claim/")
    ran = desk.code(Path("Encounter/05-ankle-injury"), "--write-back")
    assert ran.code == 2
    assert "emitted, but not written back" in ran.complaint
    assert "claim.837" in desk.files()
    served.faults.planned.clear()
    assert desk.code(Path("Encounter/05-ankle-injury"), "--write-back").code == 0
    assert len(claims(served)) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [("foreign", "another patient"), ("loop", "circle"), ("elsewhere", "another host"), ("expired", "renew")],
)
def test_a_record_that_can_not_be_trusted_is_one_line_and_no_claim(
    desk: Desk, served: FhirService, fault: str, said: str
) -> None:
    served.faults.add(fault, path="/Condition/_search")
    ran = desk.code(Path("Encounter/05-ankle-injury"))
    assert ran.code == 2
    assert said in ran.complaint
    assert desk.files() == set()
    assert not re.search("Whitcombe|Jamal", ran.err)


def test_a_server_that_is_down_is_worth_another_try(
    served: FhirService, home: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    served.faults.add("503", times=99)
    settings = Settings(home=home, fhir=FhirSettings(url=served.base))
    with open_fhir(settings) as reader, pytest.raises(AwsBusyError, match="run it again later"):
        fetch_encounter(reader, "Encounter/05-ankle-injury", settings)
    ran = desk.code(Path("Encounter/05-ankle-injury"))
    assert (ran.code, "run it again later" in ran.complaint) == (2, True)
    assert desk.files() == set()


def test_an_encounter_that_is_not_there(desk: Desk) -> None:
    ran = desk.code(Path("Encounter/none"))
    assert (ran.code, "HTTP 404" in ran.complaint) == (2, True)


def test_without_a_server_a_reference_says_what_to_set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPERBILL_FHIR_URL")
    assert "SUPERBILL_FHIR_URL is not set" in desk.code(Path("Encounter/x")).complaint
    assert "--write-back needs" in desk.code(ANKLE, "--write-back").complaint


# Settings.


def test_settings_of_the_server() -> None:
    given = load_settings(
        {
            "SUPERBILL_FHIR_URL": "https://h/r4",
            "SUPERBILL_FHIR_AUTH": "bearer",
            "SUPERBILL_FHIR_TOKEN": "s3cret",
            "SUPERBILL_FHIR_FETCH": "everything",
        }
    )
    assert given.fhir == FhirSettings(url="https://h/r4", auth="bearer", token="s3cret", fetch="everything")
    assert "s3cret" not in repr(given)
    assert load_settings({}).fhir is None
    with pytest.raises(SettingsError, match="one of none, bearer, smart, sigv4"):
        load_settings({"SUPERBILL_FHIR_URL": "x", "SUPERBILL_FHIR_AUTH": "basic"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"auth": "bearer"}, "SUPERBILL_FHIR_TOKEN"),
        ({"auth": "smart"}, "SUPERBILL_FHIR_TOKEN_URL"),
        ({"auth": "smart", "token_url": "http://idp.example/t"}, "https"),
        ({"auth": "smart", "token_url": "https://idp.example/t"}, "SUPERBILL_FHIR_KEY"),
        ({"ca": Path("/none/ca.pem")}, "SUPERBILL_FHIR_CA"),
        ({"url": "http://h.example/r4"}, "https"),
    ],
)
def test_settings_that_lack_something_say_what(changes: dict[str, Any], said: str) -> None:
    settings = Settings(home=Path(), fhir=FhirSettings(**{"url": "https://h.example/r4", **changes}))
    with pytest.raises(user_errors(), match=said), open_fhir(settings):
        pass


def test_sigv4_needs_credentials_and_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    settings = Settings(home=Path(), fhir=FhirSettings(url="https://h.example/r4", auth="sigv4"))
    with pytest.raises(SettingsError, match="no AWS credentials"), open_fhir(settings):
        pass
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(SettingsError, match="AWS_REGION"), open_fhir(settings):
        pass


# superbill fhir.


def test_load_then_serve(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    store = desk.folder / "fhir.sqlite"
    ran = desk.run("fhir", "load", ANKLE, "--store", store)
    assert ran.code == 0
    assert ran.out.startswith("13 resources of 1 file(s) loaded")
    command = (sys.executable, "-m", "agent", "fhir", "serve", "--store", str(store), "--port", "0")
    with subprocess.Popen(
        (*command, "--fault", "429:1:Condition"), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+/fhir/r4", server.stdout.readline())
            assert address is not None
            monkeypatch.setenv("SUPERBILL_FHIR_URL", address[0])
            assert desk.code(Path("Encounter/05-ankle-injury")).json["status"] == "emitted"
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("load", "/none"), "no .json"),
        (("serve", "--store", "/none/x.sqlite"), "superbill fhir load"),
        (("serve", "--store", str(ANKLE), "--fault", "nonsense"), "KIND[:TIMES[:PATH]]"),
        (("serve", "--store", str(ANKLE), "--port", "70000"), "port must be"),
    ],
)
def test_commands_that_can_not_be_done_say_why(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    ran = desk.run("fhir", *arguments)
    assert ran.code == 2
    assert said in ran.complaint
