"""The service as a program sees it: an encounter in, a claim out, decisions, questions, figures."""

import pytest

from tests.agent.api.conftest import Service, bundle

ANKLE, CHEST = "05-ankle-injury", "03-chest-pain"


def test_an_encounter_goes_in_and_its_claim_comes_out(service: Service) -> None:
    answer = service.post("/encounters?wait=1", {"encounter": bundle(ANKLE)}, "coder")
    assert answer.status_code == 200
    found = answer.json()
    assert found["status"] == "emitted"
    assert answer.headers["location"] == f"/encounters/{found['id']}"
    assert set(found["artifacts"]) == {
        "coding.json", "claim.json", "claim.837", "claim.cms1500.pdf", "claim.fhir.json", "report.html", "trace.jsonl",
    }  # fmt: skip
    coding = service.get(found["artifacts"]["coding.json"]).json()
    assert coding["encounter_id"] == ANKLE
    text = service.get(found["artifacts"]["claim.837"])
    assert text.headers["content-type"] == "application/edi-x12"
    assert text.text.startswith("ISA*")
    assert service.get(found["artifacts"]["claim.cms1500.pdf"]).content.startswith(b"%PDF")


def test_ids_tell_nothing_and_open_nothing_elsewhere(service: Service) -> None:
    found = service.code(ANKLE)
    assert ANKLE not in found["id"]
    assert service.get(f"/encounters/{found['id']}", tenant="south").status_code == 404
    assert service.get(found["artifacts"]["coding.json"], tenant="south").status_code == 404
    assert service.get(f"/encounters/{ANKLE}").status_code == 404


def test_202_and_the_outcome_later(service: Service) -> None:
    answer = service.post("/encounters", {"encounter": bundle(CHEST)}, "coder")
    assert answer.status_code == 202
    service.app.state.house.runner.wait_for("north", CHEST, 60)
    later = service.get(f"/encounters/{answer.json()['id']}").json()
    assert later["status"] in {"emitted", "held"}


def test_a_bare_note_is_held_for_what_the_claim_lacks(service: Service) -> None:
    body = {
        "encounter": {"note": "CHIEF COMPLAINT: Sore throat.\nASSESSMENT: Acute pharyngitis.\nPLAN: Fluids."},
        "context": {"age": 30, "sex": "female", "date_of_service": "2026-07-02", "payer": "commercial"},
    }
    found = service.post("/encounters?wait=1", body, "coder").json()
    assert found["status"] == "held"
    assert {r["kind"] for r in found["reasons"]} >= {"data"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "body.encounter: Field required"),
        ({"encounter": {}}, "Bundle"),
        ({"encounter": {"note": " "}}, "a text is needed"),
        ({"encounter": {"note": "x"}, "context": {"shoe_size": 9}}, "unknown key 'shoe_size'"),
        ({"encounter": "Encounter/1"}, "no FHIR server is configured"),
        ({"encounter": "s3://bucket/x"}, "Encounter/<id> is taken"),
        ({"encounter": {}, "more": 1}, "Extra inputs"),
    ],
)
def test_what_can_not_be_read_is_told_in_one_line(service: Service, body: dict, words: str) -> None:
    answer = service.post("/encounters", body, "coder")
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_review_from_worklist_to_emission(make) -> None:
    service = make(policy=None)
    found = service.code("10-new-patient-physical")
    assert found["status"] == "held"
    (row,) = service.get("/worklist?status=held").json()["items"]
    assert row["id"] == found["id"]
    url = f"/encounters/{found['id']}"
    lease = service.post(f"{url}/lease")
    assert (lease.status_code, lease.json()["by"]) == (200, "reviewer-north")
    taken = service.post(f"{url}/decision", _approval(found), "admin")
    assert (taken.status_code, "works on it" in taken.json()["error"]) == (409, True)
    stale = service.post(f"{url}/decision", {**_approval(found), "claim_sha256": "0" * 64})
    assert stale.status_code == 409
    done = service.post(f"{url}/decision", _approval(found))
    assert (done.status_code, done.json()["status"]) == (200, "emitted")
    assert service.post(f"{url}/decision", _approval(found)).status_code == 409
    figures = service.client.get("/metrics").text
    assert 'superbill_decisions_total{action="approve"} 1.0' in figures


def _approval(found: dict) -> dict:
    return {"action": "approve", "claim_sha256": found["claim_sha256"], "reason": "read it"}


def test_preview_changes_nothing_and_an_amendment_waits_again(make) -> None:
    service = make(policy=None)
    found = service.code("10-new-patient-physical")
    url = f"/encounters/{found['id']}"
    edit = {"op": "remove_line", "line": 1}
    tried = service.post(f"{url}/preview", {"edits": [edit]})
    assert tried.status_code == 200, tried.text
    assert tried.json()["difference"]["lines_removed"]
    assert service.get(url).json()["claim_sha256"] == found["claim_sha256"]
    empty = {"action": "amend", "claim_sha256": found["claim_sha256"], "reason": "x"}
    assert service.post(f"{url}/decision", empty).status_code == 422
    done = service.post(f"{url}/decision", {**empty, "edits": [edit]}).json()
    assert done["claim_sha256"] != found["claim_sha256"]


def test_chat_answers_from_the_trace(service: Service) -> None:
    found = service.code(ANKLE)
    said = service.post(f"/encounters/{found['id']}/chat", {"question": "why is it emitted?"}, "viewer")
    assert said.status_code == 200, said.text
    assert isinstance(said.json()["understood"], bool)
    assert said.json()["text"]


def test_health_docs_and_figures_need_no_token(service: Service) -> None:
    client = service.client
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ok"
    assert "superbill_encounters_waiting" in client.get("/metrics").text
    assert "/encounters/{id}/decision" in client.get("/docs").text
    assert client.get("/openapi.json").json()["info"]["title"] == "Superbill"
    assert "script" not in client.get("/docs").text


@pytest.mark.parametrize("given", [None, "Bearer sb_wrong", "Basic x", "Bearer "])
def test_without_a_live_token_nothing_is_shown(service: Service, given: str | None) -> None:
    answer = service.client.get("/worklist", headers={"authorization": given} if given else {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_revoked_token_is_dead(make) -> None:
    service = make()
    assert service.get("/worklist").status_code == 200
    service.app.state.house.tokens.revoke("reviewer-north")
    assert service.get("/worklist").status_code == 401


MAY = {
    ("GET", "/worklist"): {"viewer", "coder", "reviewer", "admin"},
    ("GET", "/encounters/{id}"): {"viewer", "coder", "reviewer", "admin"},
    ("GET", "/encounters/{id}/artifacts/coding.json"): {"viewer", "coder", "reviewer", "admin"},
    ("POST", "/encounters"): {"coder", "reviewer", "admin"},
    ("POST", "/encounters/{id}/lease"): {"coder", "reviewer", "admin"},
    ("DELETE", "/encounters/{id}/lease"): {"coder", "reviewer", "admin"},
    ("POST", "/encounters/{id}/decision"): {"reviewer", "admin"},
    ("POST", "/encounters/{id}/preview"): {"coder", "reviewer", "admin"},
    ("POST", "/encounters/{id}/chat"): {"viewer", "coder", "reviewer", "admin"},
    ("GET", "/queries"): {"viewer", "coder", "reviewer", "physician", "admin"},
    ("POST", "/queries/{id}/answer"): {"physician"},
    ("POST", "/queries/{id}/dismiss"): {"reviewer", "admin"},
}
BODIES = {
    "/encounters": {"encounter": {}},
    "/encounters/{id}/decision": {"action": "approve", "claim_sha256": "0" * 64},
    "/encounters/{id}/preview": {"edits": [{"op": "remove_line", "line": 1}]},
    "/encounters/{id}/chat": {"question": "why?"},
    "/queries/{id}/answer": {"text": "x"},
    "/queries/{id}/dismiss": {"reason": "x"},
}


def test_the_table_of_rights_names_every_operation(service: Service) -> None:
    schema = service.app.openapi()["paths"]
    told = {
        (m.upper(), p)
        for p, operations in schema.items()
        for m in operations
        if "health" not in operations[m]["tags"]
    }
    named = {(m, p.replace("coding.json", "{name}")) for m, p in MAY}
    assert told == named


@pytest.mark.parametrize(("method", "path"), list(MAY))
def test_every_role_may_what_the_table_says_and_no_other_practice(
    service: Service, method: str, path: str
) -> None:
    found = service.code(ANKLE)
    url = path.replace("{id}", found["id"])
    for role in ("viewer", "coder", "reviewer", "physician", "admin"):
        answer = service.client.request(method, url, json=BODIES.get(path), headers=service.as_(role))
        assert (answer.status_code != 403) == (role in MAY[method, path]), (role, answer.text)
        assert answer.status_code < 500
        if "{id}" in path:
            other = service.client.request(
                method, url, json=BODIES.get(path), headers=service.as_(role, "south")
            )
            assert other.status_code in {403, 404}
