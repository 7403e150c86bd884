"""Parsing: exact bytes kept, references resolved, faults named with their place."""

import hashlib
import json

import pytest

from tests.tools.fhir.record import PATIENT, bundle
from tools.fhir import InputError, read_bundle
from tools.fhir.scan import scan


def test_a_resource_is_hashed_over_its_own_bytes_in_the_source() -> None:
    inner = '{ "resourceType" : "Patient",\n "id":"a", "multipleBirthInteger": 1.50, "note":"\\u00e9 é 💊"}'
    source = '{"resourceType":"Bundle", "entry" : [ {"fullUrl":"urn:uuid:a", "resource":' + inner + " } ]}"
    (found,) = read_bundle(source.encode(), "x.json").resources
    assert found.sha256 == hashlib.sha256(inner.encode()).hexdigest()
    assert str(found.body["multipleBirthInteger"]) == "1.50"


def test_scan_agrees_with_the_json_module() -> None:
    text = bundle(PATIENT, PATIENT).decode()
    found = scan(text)
    assert [e.resource for e in found.entries] == [e["resource"] for e in json.loads(text)["entry"]]
    assert [json.loads(e.source) for e in found.entries] == [e.resource for e in found.entries]


@pytest.mark.parametrize("empty", ['{"resourceType":"Bundle"}', '{"resourceType":"Bundle","entry":[]}'])
def test_an_empty_bundle_has_no_resources(empty: str) -> None:
    assert read_bundle(empty.encode(), "x.json").resources == ()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (b'{"resourceType":"Bundle",\n "entry":[{"resource":{"a":}}]}', "line 2, column 28"),
        (b'{"resourceType":"Bundle","entry":[{]}', "broken JSON"),
        (b'{"resourceType":"Bundle","entry":[1]}', "broken JSON"),
        (b'{"resourceType":"Bundle"', "broken JSON"),
        (b'{"resourceType":"Bundle"} x', "Extra data"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","a":NaN}}]}', "NaN"),
        (b"[]", "broken JSON"),
        (b"", "broken JSON"),
        (b'{"resourceType":"Patient"}', "a FHIR Patient, not a Bundle"),
        (b'{"x":1}', "no FHIR resource, not a Bundle"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"id":"a"}}]}', "entry[0].resource"),
        (b'{"resourceType":"Bundle","entry":[{"resource":7}]}', "entry[0].resource"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"P\xff"}}]}', "not UTF-8 (byte 64)"),
    ],
)
def test_a_bad_bundle_is_one_clear_line(source: bytes, told: str) -> None:
    with pytest.raises(InputError) as fault:
        read_bundle(source, "x.json")
    assert told in str(fault.value)
    assert str(fault.value).startswith("x.json")
    assert "\n" not in str(fault.value)


def test_nesting_beyond_reason_is_an_input_error() -> None:
    deep = b'{"resourceType":"Bundle","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    with pytest.raises(InputError, match="nested too deeply"):
        read_bundle(deep, "x.json")


def test_a_byte_order_mark_before_the_json_is_no_fault() -> None:
    assert len(read_bundle(b"\xef\xbb\xbf" + bundle(PATIENT), "x.json").resources) == 1


def test_a_delete_request_without_resource_is_skipped() -> None:
    source = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "Patient/a"}}]}
    assert read_bundle(json.dumps(source).encode(), "x.json").resources == ()


ORGANIZATION = {
    "resourceType": "Organization",
    "id": "o1",
    "identifier": [{"system": "urn:x", "value": "42"}],
}


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Organization/o1"},
        {"reference": "https://fhir.example/base/Organization/o1"},
        {"reference": "https://fhir.example/base/Organization/o1/_history/3"},
        {"reference": "urn:uuid:7b1c"},
        {"reference": "Organization?identifier=urn:x|42"},
        {"reference": "Organization?identifier=urn%3Ax%7C42"},
        {"type": "Organization", "identifier": {"system": "urn:x", "value": "42"}},
    ],
)
def test_every_form_of_reference_resolves(reference: dict[str, object]) -> None:
    source = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:7b1c", "resource": ORGANIZATION}]}
    found = read_bundle(json.dumps(source).encode(), "x.json")
    assert found.resolve(reference) is found.resources[0]


@pytest.mark.parametrize(
    "reference",
    [
        None,
        {},
        {"reference": "Organization/o2"},
        {"reference": "Patient/o1"},
        {"reference": "#o1"},
        {"display": "x"},
        {"identifier": {"system": "urn:y", "value": "42"}},
    ],
)
def test_what_is_not_there_does_not_resolve(reference: dict[str, object] | None) -> None:
    assert read_bundle(bundle(ORGANIZATION), "x.json").resolve(reference) is None


def test_a_contained_resource_resolves_inside_its_owner_only() -> None:
    owner = {
        "resourceType": "Coverage",
        "id": "c",
        "contained": [{"resourceType": "Organization", "id": "in"}],
    }
    found = read_bundle(bundle(owner, ORGANIZATION), "x.json")
    inside = found.resolve({"reference": "#in"}, found.resources[0])
    assert inside is not None
    assert inside.reference == "Coverage/c#in"
    assert found.resolve({"reference": "#in"}, found.resources[1]) is None


def test_an_entry_without_id_is_known_by_its_address() -> None:
    source = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": "urn:uuid:9f", "resource": {"resourceType": "Patient"}}],
    }
    (found,) = read_bundle(json.dumps(source).encode(), "x.json").resources
    assert (found.id, found.reference) == ("9f", "urn:uuid:9f")
