import re

import pytest

from agent.workbench.sessions import PER_USER
from tests.agent.workbench.conftest import ADDRESS, PASSWORD


@pytest.fixture(autouse=True)
def clean_slate(app):
    """Failures of one test do not count in the next."""
    yield
    with app.state.bench.database.writing() as db:
        db.execute("delete from failure")


def cookie(answer, name):
    return next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{name}="))


def test_signing_in_leads_to_the_worklist_and_out_again(visit):
    visitor = visit()
    assert visitor.get("/worklist").headers["location"] == "/signin"
    assert visitor.sign_in("reviewer.north").headers["location"] == "/"
    assert visitor.get("/worklist").status_code == 200
    assert visitor.post("/signout").headers["location"] == "/signin"
    assert visitor.get("/worklist").headers["location"] == "/signin"


def test_signing_out_ends_the_session_on_the_server_too(visit):
    visitor = visit("reviewer.north")
    kept = visitor.client.cookies["superbill"]
    visitor.post("/signout")
    again = visit()
    again.client.cookies.set("superbill", kept, domain="127.0.0.1")
    assert again.get("/worklist").status_code == 303


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_is_for_this_site_and_no_script(visit, scheme, secure):
    made = cookie(visit(address=f"{scheme}://127.0.0.1").sign_in("viewer.north"), "superbill").lower()
    assert "httponly" in made
    assert "samesite=strict" in made
    assert ("secure" in made) is secure


def test_each_sign_in_has_a_session_and_a_token_of_its_own(visit):
    one, other = visit("viewer.north"), visit("viewer.north")
    assert one.client.cookies["superbill"] != other.client.cookies["superbill"]
    assert one.csrf != other.csrf


def test_a_wrong_password_and_an_unknown_name_are_told_alike(visit):
    wrong, unknown = visit().sign_in("viewer.north", "wrong password"), visit().sign_in("nobody")
    assert wrong.status_code == unknown.status_code == 401
    told = [re.sub(r'value="\w{64}"', "", a.text) for a in (wrong, unknown)]
    assert told[0] == told[1]
    assert "superbill=" not in str(wrong.headers.get_list("set-cookie"))


def test_after_too_many_failures_not_even_the_right_password_is_taken(visit):
    for _ in range(PER_USER):
        assert visit().sign_in("coder.south", "wrong password").status_code == 401
    assert visit().sign_in("coder.south", PASSWORD).status_code == 429
    assert visit().sign_in("coder.north", PASSWORD).status_code == 303


def test_another_site_can_not_sign_a_browser_in(visit, app):
    visitor = visit()
    form = {"name": "viewer.north", "password": PASSWORD, "mark": app.state.bench.seal.mark("")}
    assert visitor.client.post("/signin", data=form, follow_redirects=False).status_code == 403
    visitor.get("/signin")
    form["mark"] = "0" * 64
    assert visitor.client.post("/signin", data=form, follow_redirects=False).status_code == 403


def test_a_disabled_user_is_out_at_once(visit, app):
    users = app.state.bench.users
    users.add("short.north", role="viewer", tenant="north", password=PASSWORD)
    visitor = visit("short.north")
    users.disable("short.north")
    assert visitor.get("/worklist").headers["location"] == "/signin"
    assert visit().sign_in("short.north").status_code == 401


def test_a_foreign_host_name_is_refused(app):
    from starlette.testclient import TestClient

    assert TestClient(app, base_url="http://evil.example").get("/signin").status_code == 400
    assert TestClient(app, base_url=ADDRESS).get("/signin").status_code == 200
