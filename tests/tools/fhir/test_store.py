"""The embedded store: bytes kept as they came, files whole or not at all."""

import gzip
from pathlib import Path

import orjson
import pytest

from tests.tools.fhir.servers import ENCOUNTERS, service
from tools.fhir import InputError
from tools.fhir.server import FhirStore
from tools.fhir.server.load import load

NDJSON = b'{"resourceType":"Patient","id":"a","x":1.50}\n\n{"resourceType":"Patient","id":"b"}\n'


def test_bytes_are_kept_as_they_came(tmp_path: Path) -> None:
    source = b'{ "resourceType" : "Patient", "id":"a",\n "multipleBirthInteger": 1, "extension":[{"url":"u","valueDecimal":185.50}] }'
    (tmp_path / "p.json").write_bytes(source)
    store = FhirStore(tmp_path / "s.sqlite")
    assert load(store, tmp_path / "p.json") == 1
    row = store.get("Patient", "a")
    assert row is not None
    assert row.body == source
    store.close()
    again = FhirStore(tmp_path / "s.sqlite")
    assert again.counts() == {"Patient": 1}
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o777 == 0o600
    again.close()


def test_ndjson_plain_and_packed_folders_and_twice(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Patient.ndjson").write_bytes(NDJSON)
    (tmp_path / "more.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType":"Patient","id":"c"}'))
    (tmp_path / "notes.txt").write_text("no")
    store = FhirStore()
    assert load(store, tmp_path) == 3
    assert load(store, tmp_path) == 3
    assert store.counts() == {"Patient": 3}
    row = store.get("Patient", "a")
    assert row is not None
    assert (row.version, row.body) == (2, NDJSON.split(b"\n")[0])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.ndjson", NDJSON + b"{broken", "line 4: broken JSON"),
        ("x.json", b"{broken", "broken JSON"),
        ("x.json", b'{"a": 1}', "no FHIR resource"),
        ("x.ndjson", NDJSON + b'{"id":"z"}', "without a resourceType"),
        ("x.ndjson", NDJSON + b'{"resourceType":"Patient"}', "without an id"),
    ],
)
def test_a_broken_file_leaves_nothing_behind(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    store = FhirStore()
    with pytest.raises(InputError, match=told):
        load(store, tmp_path / name)
    assert store.counts() == {}


def test_nothing_to_load(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"no \.json"):
            load(FhirStore(), path)


def test_references_of_a_shipped_bundle_are_rewritten() -> None:
    served = service(ENCOUNTERS / "05-ankle-injury.json")
    assert b"urn:uuid" not in b"".join(row.body for row in served.store.select("1=1", ()))


def test_a_reference_by_number_is_resolved_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    number = {"system": "urn:n", "value": "7"}
    by_number = {"reference": "Practitioner?identifier=urn:n|7"}
    nobody = {"reference": "Practitioner?identifier=urn:n|8"}
    report = {"resourceType": "DiagnosticReport", "id": "r", "performer": [by_number, nobody]}
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [number]}
    for name, one in (("a.ndjson", report), ("b.ndjson", doctor)):
        (tmp_path / name).write_bytes(orjson.dumps(one))
    store = FhirStore()
    assert load(store, tmp_path) == 2
    row = store.get("DiagnosticReport", "r")
    assert row is not None
    assert orjson.loads(row.body)["performer"] == [{"reference": "Practitioner/d"}, nobody]


def test_a_reference_by_a_number_that_two_have_stays_as_it_came(tmp_path: Path) -> None:
    reference = {"reference": "Practitioner?identifier=urn:n|7"}
    doctors = [
        {"resourceType": "Practitioner", "id": i, "identifier": [{"system": "urn:n", "value": "7"}]}
        for i in ("d", "e")
    ]
    report = {"resourceType": "DiagnosticReport", "id": "r", "performer": [reference]}
    (tmp_path / "a.ndjson").write_bytes(b"\n".join(orjson.dumps(one) for one in (*doctors, report)))
    store = FhirStore()
    assert load(store, tmp_path) == 3
    row = store.get("DiagnosticReport", "r")
    assert row is not None
    assert orjson.loads(row.body)["performer"] == [reference]
