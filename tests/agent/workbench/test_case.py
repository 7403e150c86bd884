import re
from pathlib import Path

import pytest

from tests.agent.workbench.test_changes import form, rows


def amended(desk, encounter, visitor, change, reason="because"):
    """The page's form with a change to its rows, as data to post."""
    case = desk.case(encounter)
    diagnoses, lines = rows(case)
    change(diagnoses, lines)
    data = {}
    for name, value in form(diagnoses, lines).multi_items():
        data.setdefault(name, []).append(value)
    return {**data, "claim_sha256": case.claim_sha256, "reason": reason}


def downcode(_, lines):
    lines[0]["code"] = "99213"


def test_the_page_shows_codes_note_and_reasons(visit, token, desk):
    page = visit("viewer.north").get(f"/case/{token('02-diabetes-heart-depression')}").text
    case = desk.case("02-diabetes-heart-depression")
    for code in [d.code for d in case.coding.diagnoses] + [s.code for s in case.coding.service_lines]:
        assert f'value="{code}"' in page
    assert case.item.reasons[0].text.replace("'", "&#39;") in page
    assert 'data-owners="d1' in page
    assert "Walter Lindqvist" in page


def test_the_note_is_whole_in_spite_of_the_highlights(visit, token, desk):
    from html import unescape

    page = visit("viewer.north").get(f"/case/{token('02-diabetes-heart-depression')}").text
    shown = re.search(r'<div class="text">(.*?)</div></article>', page, re.DOTALL).group(1)
    text = desk.case("02-diabetes-heart-depression").documents[0].text
    assert unescape(re.sub(r"<[^>]+>", "", shown)) == text


@pytest.mark.parametrize(
    ("who", "has", "lacks"),
    [
        ("viewer.north", (), ("Save amendment", "Approve</button>")),
        ("coder.north", ("Save amendment",), ("Approve</button>", "Reject</button>")),
        ("reviewer.north", ("Save amendment", "Approve</button>", "Reject</button>"), ()),
    ],
)
def test_a_role_is_offered_what_it_may(visit, token, fresh, who, has, lacks):
    page = visit(who).get(f"/case/{token(fresh())}").text
    assert all(words in page for words in has)
    assert not any(words in page for words in lacks)


def test_preview_tells_findings_and_money_and_changes_nothing(visit, token, desk, fresh):
    encounter = fresh()
    visitor, before = visit("coder.north"), desk.case(encounter)
    answer = visitor.post(f"/case/{token(encounter)}/preview", amended(desk, encounter, visitor, downcode))
    said = answer.json()
    assert said["said"].startswith("1 change not saved, −$")
    assert said["total"] != f"${before.claim.total_charge:,.2f}"
    assert "99213" in said["findings"]
    assert desk.case(encounter).claim_sha256 == before.claim_sha256


def test_a_preview_that_can_not_be_made_says_why(visit, token, desk, fresh):
    encounter = fresh()

    def wrong(diagnoses, _):
        diagnoses[0]["code"] = "ZZZ"

    visitor = visit("coder.north")
    said = visitor.post(f"/case/{token(encounter)}/preview", amended(desk, encounter, visitor, wrong)).json()
    assert "ZZZ" in said["said"]
    assert "findings" not in said


def test_an_amendment_is_saved_and_a_decision_on_the_old_claim_is_stale(visit, token, desk, fresh):
    encounter = fresh()
    visitor, old = visit("reviewer.north"), desk.case(encounter).claim_sha256
    url = f"/case/{token(encounter)}"
    done = visitor.post(f"{url}/amend", amended(desk, encounter, visitor, downcode))
    assert done.headers["location"] == f"{url}?done=amend"
    assert desk.case(encounter).coding.service_lines[0].code == "99213"
    assert "The amendment is saved" in visitor.get(done.headers["location"]).text
    stale = visitor.post(f"{url}/approve", {"claim_sha256": old})
    assert stale.status_code == 409
    assert "notice bad" in stale.text
    assert desk.case(encounter).item.status == "held"


def test_an_unchanged_form_is_no_amendment(visit, token, desk, fresh):
    encounter = fresh()
    visitor = visit("coder.north")
    answer = visitor.post(
        f"/case/{token(encounter)}/amend", amended(desk, encounter, visitor, lambda *_: None)
    )
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.text


def test_approval_emits_and_the_audit_holds_it(visit, token, desk, fresh):
    encounter = fresh("07-smoking-after-discharge")
    visitor, url = visit("reviewer.north"), f"/case/{token(encounter)}"
    sha = desk.case(encounter).claim_sha256
    assert visitor.post(f"{url}/approve", {"claim_sha256": sha}).status_code == 303
    assert desk.case(encounter).item.status == "emitted"
    page = visitor.get(url).text
    assert "Approve</button>" not in page
    assert "reviewer.north" in visitor.get("/audit").text
    assert "the chain holds" in visitor.get("/audit").text


def test_rejection_needs_a_reason(visit, token, desk, fresh):
    encounter = fresh()
    visitor, url = visit("reviewer.north"), f"/case/{token(encounter)}"
    sha = desk.case(encounter).claim_sha256
    assert visitor.post(f"{url}/reject", {"claim_sha256": sha, "reason": " "}).status_code == 409
    assert desk.case(encounter).item.status == "held"
    assert visitor.post(f"{url}/reject", {"claim_sha256": sha, "reason": "wrong visit"}).status_code == 303
    assert desk.case(encounter).item.status == "rejected"


def test_an_error_is_overridden_with_a_reason_and_stays_to_be_seen(visit, token, desk, fresh):
    encounter = fresh()
    visitor, url = visit("reviewer.north"), f"/case/{token(encounter)}"

    def wrong_modifier(_, lines):
        lines[0]["modifiers"] = "59"

    visitor.post(f"{url}/amend", amended(desk, encounter, visitor, wrong_modifier))
    assert 'name="rule" value="modifier.not_allowed"' in visitor.get(url).text
    form = {"claim_sha256": desk.case(encounter).claim_sha256, "rule": "modifier.not_allowed"}
    assert visitor.post(f"{url}/override", {**form, "reason": " "}).status_code == 409
    done = visitor.post(f"{url}/override", {**form, "reason": "the payer asks for it"})
    assert done.headers["location"] == f"{url}?done=override"
    page = visitor.get(url).text
    assert "Overridden by reviewer.north (reviewer): the payer asks for it" in page
    assert 'name="rule" value="modifier.not_allowed"' not in page


def test_a_rule_that_nobody_may_override_stays(visit, token, desk, fresh):
    encounter = fresh()
    sha = desk.case(encounter).claim_sha256
    answer = visit("reviewer.north").post(
        f"/case/{token(encounter)}/override",
        {"claim_sha256": sha, "rule": "no.such.rule", "reason": "because"},
    )
    assert answer.status_code == 403


def test_a_case_in_other_hands_is_shown_so_and_refused(visit, token, desk, fresh):
    encounter = fresh()
    first, second, url = visit("reviewer.north"), visit("second.north"), f"/case/{token(encounter)}"
    assert "In your hands" in first.post(f"{url}/lease").text
    page = second.get(url).text
    assert "In hand with <b>reviewer.north</b>" in page
    assert "Approve</button>" not in page
    assert "reviewer.north" in second.get("/worklist").text
    sha = desk.case(encounter).claim_sha256
    assert second.post(f"{url}/approve", {"claim_sha256": sha}).status_code == 409
    assert second.post(f"{url}/lease", headers={"x-fragment": "1"}).status_code == 409
    assert first.post(f"{url}/release").status_code == 204
    assert "In your hands" in second.post(f"{url}/lease").text


def test_an_opportunity_taken_becomes_a_query_and_its_answer_an_addendum(visit, token, desk, fresh):
    encounter = fresh("07-smoking-after-discharge")
    code = desk.case(encounter).coding.opportunities[0].code
    visitor, url = visit("coder.north"), f"/case/{token(encounter)}"
    assert visitor.post(f"{url}/opportunity/accept", {"code": code}).status_code == 303
    page = visitor.get(url).text
    assert "accepted by coder.north" in page
    assert "/opportunity/accept" not in page
    doctor = visit("physician.north")
    page = doctor.get("/queries").text
    answer = re.search(r'action="(/queries/[^"]+/answer)"', page).group(1)
    done = doctor.post(answer, {"text": "Counselling lasted 12 minutes."})
    assert done.status_code == 200
    assert "What it changed" in done.text
    documents = desk.case(encounter).documents
    assert any("Counselling lasted 12 minutes." in d.text and d.kind == "addendum" for d in documents)
    assert doctor.post(answer, {"text": "again"}).status_code == 409 or "No query is open" in done.text


def test_search_and_look_up_of_codes(visit, token):
    visitor, url = visit("viewer.north"), f"/case/{token('05-ankle-injury')}"
    hits = visitor.post(f"{url}/search", {"text": "sprained left ankle"}).text
    assert "S93.40" in hits
    assert 'data-code="99214"' in visitor.post(f"{url}/search", {"text": "99214", "system": "cpt"}).text
    looked = visitor.post(f"{url}/look-up", {"code": "S93.402"}).text
    assert "7th character" in looked
    assert "Add to the claim" not in looked
    assert "99214" in visitor.post(f"{url}/look-up", {"code": "99214", "system": "cpt"}).text
    assert "is not in ICD-10-CM" in visitor.post(f"{url}/look-up", {"code": "ZZZ"}).text


def test_chat_about_a_case_and_about_one_whose_trace_is_gone(visit, token, desk, fresh):
    encounter = fresh()
    visitor, url = visit("viewer.north"), f"/case/{token(encounter)}/chat"
    assert "99214" in visitor.post(url, {"question": "why 99214?"}).text
    (Path(desk.case(encounter).item.out) / "trace.jsonl").unlink()
    answer = visit("viewer.north").post(url, {"question": "why 99214?"}, headers={"x-fragment": "1"})
    assert (answer.status_code, answer.text) == (409, "This case keeps no trace to talk about.")


def test_the_claim_is_drawn_as_837p_and_as_paper(visit, token):
    visitor, url = visit("viewer.north"), f"/case/{token('05-ankle-injury')}"
    whole, part = (
        visitor.get(f"{url}/claim").text,
        visitor.get(f"{url}/claim", headers={"x-fragment": "1"}).text,
    )
    assert '<span class="name">CLM</span>' in part
    assert "<html" in whole
    assert "<html" not in part
    image = visitor.get(f"{url}/cms1500/0")
    assert image.content.startswith(b"\x89PNG")
    assert visitor.get(f"{url}/cms1500/9").status_code == 404


def test_the_next_case_is_another_held_one_that_nobody_has(visit, token, fresh):
    one, other = fresh("02-diabetes-heart-depression"), fresh("07-smoking-after-discharge")
    first, second = visit("reviewer.north"), visit("second.north")
    assert first.get(f"/next?after={token(one)}").headers["location"] == f"/case/{token(other)}"
    second.post(f"/case/{token(other)}/lease")
    assert first.get(f"/next?after={token(one)}").headers["location"] == "/worklist?status=held"
    second.post(f"/case/{token(other)}/release")


@pytest.mark.parametrize(
    ("query", "shown"),
    [({"text": "ankle"}, "05-"), ({"status": "emitted"}, "05-"), ({"text": "no such words"}, None)],
)
def test_the_worklist_is_narrowed(visit, query, shown):
    page = visit("viewer.north").post("/worklist", query).text
    found = re.findall(r"data-row>([^<]+)<", page)
    assert all(name.startswith(shown) for name in found) if shown else not found
    assert bool(found) is bool(shown)
