"""One encounter through the REST client: whole, the patient's own, known on the day, and equal to its file."""

from datetime import date
from typing import Any

import pytest

from tests.tools.fhir.record import note, past, resources
from tests.tools.fhir.servers import ENCOUNTERS, TODAY, client, fetched, holding, ids, many, service, targets
from tools.encounter import EncounterFacts
from tools.fhir import InputError, gather
from tools.fhir.bundle import from_object
from tools.fhir.rest import FhirError, ForeignResourceError, NotFoundError, fetch
from tools.fhir.rest.address import base_of
from tools.fhir.rest.guard import check_owner
from tools.intake import read_one

MODES = ("plain", "hapi", "healthlake")
FILES = sorted(ENCOUNTERS.glob("[01]*.json"))


def comparable(facts: EncounterFacts) -> dict[str, Any]:
    """Facts without what a server may change: its bytes, its order, the day it wrote."""
    found = facts.model_dump(mode="json")
    history = [{k: v for k, v in h.items() if k not in {"sha256", "recorded"}} for h in found["history"]]
    return {**found, "history": sorted(history, key=lambda h: (h["reference"], h["pointer"]))}


@pytest.mark.parametrize("by", ["search", "everything"])
@pytest.mark.parametrize("mode", MODES)
def test_shipped_encounters_have_the_facts_of_their_files(mode: str, by: str) -> None:
    served = service(*FILES, mode=mode)
    reader = client(served)
    assert len(FILES) == 10
    for path in FILES:
        raw = fetch(reader, path.stem, as_of=TODAY, by=by)  # type: ignore[arg-type] # parametrised
        assert comparable(gather(raw, as_of=TODAY)) == comparable(gather(read_one(path), as_of=TODAY))


def test_the_bytes_are_the_stored_ones_where_the_server_keeps_them() -> None:
    served = service(FILES[0])
    raw = fetched(served, FILES[0].stem)
    stored = {row.reference: row.sha256 for row in served.store.select("1=1", ())}
    assert {one.reference: one.sha256 for one in raw.bundle.resources} == stored


def test_the_same_record_has_the_same_hash_whatever_the_way() -> None:
    served = service(FILES[1])
    ways = [fetched(served, FILES[1].stem, by=by).sha256 for by in ("search", "everything")]
    assert ways[0] == ways[1]
    changed = many(1, subject={"reference": "Patient/02-diabetes-heart-depression-patient"})
    for one in changed:
        served.writer.put("Condition", one["id"], __import__("json").dumps(one))
    assert fetched(served, FILES[1].stem).sha256 != ways[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("by", ["search", "everything"])
def test_every_page_is_read(mode: str, by: str) -> None:
    served = holding(*resources().values(), *many(437), mode=mode)
    assert len(ids(fetched(served, by=by), "Condition")) == 437


def test_patient_or_subject_by_the_capability_statement() -> None:
    asked = {mode: [r.body.decode() for r in _served(mode).seen if b"patient" in r.body] for mode in MODES}
    assert any(body.startswith("patient=pat") for body in asked["plain"])
    served = _served("healthlake")
    forms = {r.target.split("/")[-2]: r.body.decode() for r in served.seen if r.method == "POST"}
    assert forms["Condition"].startswith("subject=Patient%2Fpat&")
    assert forms["Immunization"].startswith("patient=pat&")


def _served(mode: str) -> Any:
    served = holding(*resources().values(), mode=mode)
    fetched(served)
    return served


def test_patients_are_asked_for_in_bodies_not_in_addresses() -> None:
    served = _served("plain")
    assert not [t for t in targets(served) if "patient" in t]
    assert [t for t in targets(served) if t.startswith("GET")][:2] == [
        "GET /Encounter/enc",
        "GET /Patient/pat",
    ]


def test_a_type_that_can_not_be_searched_by_patient_is_told() -> None:
    served = holding(*resources().values())
    statement = served.handle
    import orjson

    from tools.fhir.server.service import Reply

    def crippled(request: Any) -> Reply:
        reply = statement(request)
        if request.target.endswith("/metadata"):
            body = orjson.loads(reply.body)
            for one in body["rest"][0]["resource"]:
                one["searchParam"] = [
                    p for p in one["searchParam"] if p["name"] not in {"patient", "subject"}
                ]
            return Reply(status=200, body=orjson.dumps(body), headers=reply.headers)
        return reply

    served.handle = crippled  # type: ignore[method-assign] # a server with less
    with pytest.raises(FhirError, match="can not be searched by patient"):
        fetched(served)
    assert ids(fetched(served, by="everything"), "Coverage") == {"cov"}


@pytest.mark.parametrize("by", ["search", "everything"])
def test_a_strangers_resource_stops_the_encounter(by: str) -> None:
    served = holding(*resources().values())
    served.faults.add("foreign", path="Condition/_search" if by == "search" else "everything")
    with pytest.raises(ForeignResourceError, match="nothing was coded"):
        fetched(served, by=by)
    assert fetched(served, by=by).encounter is not None


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {"display": "Jo Doe"},
        {"reference": "https://elsewhere.example/r4/Patient/pat"},
        {"reference": "Group/g"},
    ],
)
def test_what_names_no_patient_of_the_server_is_not_taken(subject: dict[str, str] | None) -> None:
    stray = {"resourceType": "Condition", "id": "x", "code": {"text": "x"}} | (
        {"subject": subject} if subject else {}
    )
    served = holding(*resources().values())
    from tools.fhir.server.service import Reply

    answer = served.handle

    def adding(request: Any) -> Reply:
        reply = answer(request)
        if not request.target.endswith("Condition/_search"):
            return reply
        import orjson

        page = orjson.loads(reply.body)
        page["entry"].append({"resource": stray})
        return Reply(status=200, body=orjson.dumps(page), headers=reply.headers)

    served.handle = adding  # type: ignore[method-assign] # a server that gives too much
    with pytest.raises(ForeignResourceError):
        fetched(served)


def test_a_patient_may_be_named_by_identifier_or_absolutely() -> None:
    record = resources()
    record["pat"]["identifier"] = [{"system": "urn:mrn", "value": "7"}]
    absolute = past("Condition", "c1", subject={"reference": "http://127.0.0.1/fhir/r4/Patient/pat"})
    assert ids(fetched(holding(*record.values(), absolute)), "Condition") == {"c1"}


@pytest.mark.parametrize(
    ("subject", "own"),
    [
        ({"identifier": {"system": "urn:mrn", "value": "7"}}, True),
        ({"identifier": {"system": "urn:mrn", "value": "8"}}, False),
        ({"identifier": {"value": "7"}}, False),
        ({"reference": "Patient/other", "identifier": {"system": "urn:mrn", "value": "7"}}, False),
    ],
)
def test_an_identifier_stands_for_a_reference_that_is_not_given(subject: dict[str, Any], own: bool) -> None:
    patient = from_object(
        {"resourceType": "Patient", "id": "pat", "identifier": [{"system": "urn:mrn", "value": "7"}]}
    )
    fact = from_object(past("Condition", "c", subject=subject))
    base = base_of("https://h.example/r4")
    if own:
        check_owner(fact, patient, base)
        return
    with pytest.raises(ForeignResourceError):
        check_owner(fact, patient, base)


def test_a_subscriber_who_is_another_patient_is_read() -> None:
    record = resources()
    record["cov"] |= {
        "subscriber": {"reference": "Patient/mother"},
        "relationship": {"coding": [{"code": "child"}]},
    }
    mother = {**record["pat"], "id": "mother", "name": [{"family": "Doe", "given": ["May"]}]}
    facts = gather(fetched(holding(*record.values(), mother)), as_of=TODAY)
    assert facts.primary is not None
    assert facts.primary.subscriber is not None
    assert facts.primary.subscriber.name.first == "May"


def test_the_note_may_stand_in_a_binary() -> None:
    record = resources()
    data = record["note"]["content"][0]["attachment"].pop("data")
    record["note"]["content"][0]["attachment"]["url"] = "Binary/b1"
    binary = {"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": data}
    facts = gather(fetched(holding(*record.values(), binary)), as_of=TODAY)
    assert "Acute bronchitis" in facts.documents[0].text


def test_a_note_elsewhere_is_not_fetched_but_missed() -> None:
    record = resources()
    record["note"]["content"][0]["attachment"] = {
        "contentType": "text/plain",
        "url": "https://elsewhere.example/Binary/b1",
    }
    with pytest.raises(InputError, match="without data"):
        gather(fetched(holding(*record.values())), as_of=TODAY)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_learned_later_is_seen(mode: str) -> None:
    late = past("Condition", "late", recordedDate="2026-09-01", code={"text": "learned later"})
    early = past("Condition", "early", recordedDate="2026-08-01", code={"text": "known"})
    addendum = note("addendum", "Addendum: malignant.", date="2026-09-01T10:00:00-05:00")
    served = holding(*resources().values(), late, early, addendum, mode=mode)
    on = date(2026, 8, 20)
    facts = gather(fetched(served, as_of=on), as_of=on)
    assert [h.display for h in facts.history if h.kind == "condition"] == ["known"]
    assert [d.id for d in facts.documents] == ["DocumentReference/note"]
    today = gather(fetched(served), as_of=TODAY)
    assert len(today.documents) == 2
    assert len([h for h in today.history if h.kind == "condition"]) == 2


def test_a_claim_of_this_very_encounter_is_no_history_of_it() -> None:
    item = {"sequence": 1, "productOrService": {"coding": [{"code": "99213"}]}}
    claims = [
        {
            "resourceType": "Claim",
            "id": own_id,
            "patient": {"reference": "Patient/pat"},
            "item": [{**item, "encounter": [{"reference": f"Encounter/{encounter}"}]}],
        }
        for own_id, encounter in (("own", "enc"), ("earlier", "before"))
    ]
    assert ids(fetched(holding(*resources().values(), *claims)), "Claim") == {"earlier"}


def test_people_of_the_history_are_read_with_their_roles() -> None:
    record = resources()
    visit = {
        **record["enc"],
        "id": "old",
        "participant": [{"individual": {"reference": "Practitioner/other"}}],
    }
    other = {**record["doctor"], "id": "other"}
    role = {**record["role"], "id": "r2", "practitioner": {"reference": "Practitioner/other"}}
    raw = fetched(holding(*record.values(), visit, other, role))
    assert ids(raw, "PractitionerRole") == {"role", "r2"}


def test_an_encounter_that_is_not_there_or_names_no_patient() -> None:
    record = resources()
    with pytest.raises(NotFoundError, match="Encounter/none: HTTP 404"):
        fetched(holding(*record.values()), "none")
    del record["enc"]["subject"]
    with pytest.raises(FhirError, match="names no Patient"):
        fetched(holding(*record.values()))


def test_everything_must_be_offered() -> None:
    served = holding(*resources().values())
    reader = client(served)
    object.__setattr__(reader, "capability", type("C", (), {"everything": lambda self: False})())
    with pytest.raises(FhirError, match="SUPERBILL_FHIR_FETCH=search"):
        fetch(reader, "enc", as_of=TODAY, by="everything")
