"""Every route: who may not, whose it is not, and what no answer, address or log line holds."""

import logging

import pytest
from starlette.routing import Route

from agent.desk import MAY
from tests.agent.workbench.conftest import ROLES

SAMPLE = {"answer": "accept", "number": "0"}
FORM = {
    "claim_sha256": "0" * 64,
    "reason": "because",
    "rule": "line.charge_derived",
    "code": "99406",
    "text": "words",
    "question": "why 99214?",
}
NEEDS = {
    "/worklist": "look",
    "/next": "look",
    "/case/{token}": "look",
    "/case/{token}/claim": "look",
    "/case/{token}/cms1500/{number}": "look",
    "/case/{token}/search": "look",
    "/case/{token}/look-up": "look",
    "/case/{token}/chat": "look",
    "/case/{token}/approve": "approve",
    "/case/{token}/reject": "reject",
    "/case/{token}/override": "override",
    "/case/{token}/amend": "amend",
    "/case/{token}/preview": "amend",
    "/case/{token}/opportunity/{answer}": "opportunity",
    "/case/{token}/lease": "lease",
    "/case/{token}/release": "lease",
    "/queries/{token}/answer": "answer",
    "/queries/{token}/dismiss": "dismiss",
    "/audit": "approve",
}
FREE = {"/", "/queries", "/signout"}
OPEN = {"/signin", "/signin/oidc", "/signin/oidc/back"}


def routes(app):
    found = []
    stack = list(app.routes)
    while stack:
        one = stack.pop()
        original = getattr(one, "original_router", None)
        stack += list(original.routes) if original is not None else []
        if isinstance(one, Route):
            found += [(method, one.path) for method in sorted(one.methods - {"HEAD"})]
    return sorted(set(found))


def filled(path, token):
    return path.format(token=token, **SAMPLE)


def ask(visitor, method, url, **kw):
    return visitor.get(url, **kw) if method == "GET" else visitor.post(url, FORM, **kw)


def test_every_route_is_known_to_these_tests(app):
    assert {path for _, path in routes(app)} == set(NEEDS) | FREE | OPEN


def test_nobody_comes_in_without_a_session(app, visit, token):
    visitor = visit()
    for method, path in routes(app):
        if path not in OPEN:
            answer = ask(visitor, method, filled(path, token("05-ankle-injury")))
            assert (answer.status_code, answer.headers["location"]) == (303, "/signin"), path


def test_no_unsafe_request_is_met_without_the_csrf_token(app, visit, token, desk):
    visitor = visit("reviewer.north")
    good, other = visitor.csrf, visit("reviewer.north").csrf
    before = len(desk.audit())
    for wrong in ("", "x", other):
        visitor.csrf = wrong
        for method, path in routes(app):
            if method == "POST" and path not in OPEN:
                url = filled(path, token("05-ankle-injury"))
                assert ask(visitor, method, url).status_code == 403, (path, wrong)
    assert len(desk.audit()) == before
    visitor.csrf = good
    assert visitor.post("/worklist").status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_is_refused_in_every_route(app, visit, token, role):
    visitor = visit(f"{role}.north")
    for method, path in routes(app):
        if path in NEEDS and NEEDS[path] not in MAY[role]:
            kind = "query" if path.startswith("/queries") else "case"
            url = filled(path, token("05-ankle-injury", kind=kind))
            assert ask(visitor, method, url).status_code == 403, path


def test_another_practices_case_does_not_exist_in_any_route(app, visit, token, desk):
    theirs = token("03-chest-pain", tenant="south")
    assert visit("admin.south").get(f"/case/{theirs}").status_code == 200
    before = desk.for_tenant("south").audit()
    for role in ("admin.north", "physician.north"):
        visitor = visit(role)
        for method, path in routes(app):
            allowed = path in NEEDS and NEEDS[path] in MAY[role.split(".")[0]]
            if "{token}" in path and allowed:
                answer = ask(visitor, method, filled(path, theirs))
                assert answer.status_code == 404, path
                assert "chest" not in answer.text
    assert desk.for_tenant("south").audit() == before


def test_lists_hold_ones_own_practice_only(visit):
    assert "03-chest-pain" not in visit("reviewer.north").get("/worklist").text
    south = visit("reviewer.south").get("/worklist").text
    assert "03-chest-pain" in south
    assert "02-diabetes" not in south


def test_no_address_holds_an_id_of_the_encounter_or_patient(visit, desk):
    import re

    page = visit("reviewer.north").get("/worklist").text
    links = re.findall(r'(?:href|action|src)="([^"]*)"', page)
    assert any(link.startswith("/case/") for link in links)
    facts = [desk.case(i.encounter).facts for i in desk.worklist()]
    for held in {t for f in facts for t in (f.encounter_id, f.patient.id, f.patient.name.last)}:
        assert not any(held.lower() in link.lower() for link in links), held


def test_the_log_tells_routes_and_never_what_was_asked_for(visit, token, caplog):
    caplog.set_level(logging.INFO, "superbill.workbench")
    visitor = visit("reviewer.north")
    caplog.clear()
    visitor.get(f"/case/{token('05-ankle-injury')}")
    visitor.post("/worklist", {"text": "Lindqvist"})
    visitor.get("/nothing/Lindqvist?q=Lindqvist")
    lines = [r.getMessage() for r in caplog.records if r.name == "superbill.workbench"]
    assert lines[0].startswith("GET /case/{token} 200")
    assert lines[2].startswith("GET (no route) 404")
    assert not any(
        word in line for line in lines for word in ("Lindqvist", "ankle", token("05-ankle-injury"))
    )


def test_a_fault_of_ours_is_logged_without_its_message(visit, token, caplog, monkeypatch, desk):
    def broken(*_, **__):
        raise RuntimeError("Walter Lindqvist has diabetes")

    monkeypatch.setattr(type(desk), "worklist", broken)
    answer = visit("reviewer.north").get("/worklist")
    assert answer.status_code == 500
    assert "Lindqvist" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_answers_carry_the_strict_headers(visit, token):
    visitor = visit("reviewer.north")
    for url in ("/worklist", f"/case/{token('05-ankle-injury')}", "/signin", "/nothing"):
        headers = visitor.get(url).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
    assert "no-store" not in visitor.get("/static/main.js").headers["cache-control"]


def test_no_page_needs_inline_script_or_another_server(visit, token):
    import re

    for url in ("/worklist", f"/case/{token('05-ankle-injury')}", "/queries", "/audit", "/signin"):
        page = visit("admin.north").get(url).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:|<style", page), url
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), url


@pytest.mark.parametrize("length", ["5000000", "-1", "many"])
def test_what_is_too_large_is_refused_before_it_is_read(visit, length):
    answer = visit("reviewer.north").client.post(
        "/worklist", content=b"x", headers={"content-length": length}, follow_redirects=False
    )
    assert answer.status_code == 413


def test_the_physician_begins_with_the_queries_and_sees_nothing_else(visit):
    visitor = visit("physician.north")
    assert visitor.get("/").headers["location"] == "/queries"
    page = visitor.get("/queries").text
    assert 'href="/worklist"' not in page
    assert 'href="/audit"' not in page
