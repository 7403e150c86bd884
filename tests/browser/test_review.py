"""Review with mouse and keyboard, in a real browser against a real server."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_a_reviewer_amends_sees_findings_change_and_approves(signed_in, open_case, served):
    page = signed_in("ann")
    open_case(page, "02-diabetes-heart-depression")
    before = served.desk.case("02-diabetes-heart-depression")
    expect(page.locator("#lease")).to_contain_text("In your hands")
    expect(page.get_by_role("button", name="Save amendment")).to_be_disabled()

    page.get_by_label("Line 1 code").fill("99213")
    expect(page.locator("#preview-state")).to_contain_text("1 change not saved, −$")
    expect(page.locator("#findings")).to_contain_text("99213")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    assert served.desk.case("02-diabetes-heart-depression").claim_sha256 == before.claim_sha256

    page.get_by_role("button", name="Save amendment").click()
    expect(page.locator("#preview-state")).to_have_text("Write the reason first.")
    page.keyboard.type("two stable conditions")
    page.get_by_role("button", name="Save amendment").click()
    expect(page.get_by_text("The amendment is saved")).to_be_visible()
    expect(page.get_by_label("Line 1 code")).to_have_value("99213")

    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert served.desk.case("02-diabetes-heart-depression").item.status == "emitted"


def test_a_code_lights_its_span_and_a_span_leads_to_its_code(signed_in, open_case):
    page = signed_in("ann")
    open_case(page, "03-chest-pain")
    page.locator("#d1 .quote").first.click()
    expect(page.locator("mark.on:focus")).to_have_count(1)
    expect(page.locator("#d1")).to_have_class(re.compile(r"\bon\b"))
    page.get_by_role("tab", name="Rejected").click()
    expect(page.locator("#d1")).to_be_hidden()
    page.locator('mark[data-owners^="d1"]').first.click()
    expect(page.locator("#d1")).to_be_focused()


def test_a_code_is_searched_looked_up_and_added_with_words_of_the_note(signed_in, open_case):
    page = signed_in("cay")
    open_case(page, "07-smoking-after-discharge")
    page.keyboard.press("/")
    page.get_by_label("Words or a code").fill("low back pain")
    page.locator(".hit", has_text="M54.50").click()
    page.get_by_role("button", name="Add to the claim").click()
    row = page.locator("#dx-rows .row").last
    expect(row.locator("[name=dx_code]")).to_have_value("M54.50")
    row.get_by_label("Evidence").fill("no such words in this note")
    expect(page.locator("#preview-state")).to_contain_text("do not stand in the record")
    row.get_by_label("Evidence").fill("smok")
    expect(page.locator("#preview-state")).to_contain_text("not saved")


def test_the_claim_is_shown_as_paper_and_as_segments(signed_in, open_case):
    page = signed_in("ann")
    open_case(page, "08-telehealth-adhd")
    page.get_by_role("tab", name="Claim").click()
    paper = page.get_by_alt_text("CMS-1500, page 1")
    expect(paper).to_be_visible()
    expect(paper).to_have_js_property("naturalWidth", 918)
    expect(page.locator(".x12 .diagnosis")).to_contain_text("HI")


def test_chat_answers_and_runs_what_ifs_beside_the_case(signed_in, open_case, served):
    page = signed_in("ann")
    open_case(page, "08-telehealth-adhd")
    before = served.desk.case("08-telehealth-adhd").claim_sha256
    page.keyboard.press("c")
    page.keyboard.type("why 99214?")
    page.keyboard.press("Enter")
    expect(page.locator(".answer").last).to_contain_text("99214")
    page.keyboard.type("drop line 1")
    page.keyboard.press("Enter")
    expect(page.locator(".whatif .differs")).not_to_have_count(0)
    page.keyboard.type("sing me a song")
    page.keyboard.press("Enter")
    expect(page.locator(".answer").last).to_contain_text("not understood")
    assert served.desk.case("08-telehealth-adhd").claim_sha256 == before


def test_everything_by_keyboard_alone(signed_in, served):
    page = signed_in("ann")
    press = page.keyboard.press
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    press("/")
    page.keyboard.type("10-new")
    press("Escape")
    press("j")
    expect(page.locator(":focus")).to_have_text("10-new-patient-physical")
    press("Enter")
    page.wait_for_selector("[data-case]")
    press("j")
    expect(page.locator("#d1")).to_be_focused()
    press("e")
    expect(page.locator("mark:focus")).to_have_class(re.compile(r"\bon\b"))
    press("Enter")
    expect(page.locator('[data-owner="d1"]')).to_be_focused()
    press("2")
    expect(page.locator("#em")).to_be_visible()
    press("r")
    page.keyboard.type("sent twice")
    press("Tab")
    for _ in range(3):
        if page.locator(":focus").get_attribute("id") == "reject":
            break
        press("Tab")
    press("Enter")
    expect(page.get_by_text("Rejected.", exact=True)).to_be_visible()
    assert served.desk.case("10-new-patient-physical").item.status == "rejected"
    press("n")
    expect(page.locator("h1")).not_to_contain_text("10-new")


def test_two_reviewers_at_once(signed_in, open_case, served, faults):
    first, second = signed_in("ann"), signed_in("ben")
    open_case(first, "01-memory-loss")
    expect(first.locator("#lease")).to_contain_text("In your hands")
    open_case(second, "01-memory-loss")
    expect(second.locator("#lease")).to_contain_text("In hand with ann")
    expect(second.get_by_role("button", name="Approve")).to_have_count(0)

    first.get_by_role("link", name="Worklist").click()
    expect(first.locator("table")).to_be_visible()
    open_case(second, "01-memory-loss")
    expect(second.locator("#lease")).to_contain_text("In your hands")
    stale = second.locator("#coding-form [name=claim_sha256]")
    old = stale.input_value()
    second.get_by_label("Line 1 code").fill("99203")
    second.get_by_label("Reason").fill("one problem")
    second.get_by_role("button", name="Save amendment").click()
    expect(second.get_by_text("The amendment is saved")).to_be_visible()
    stale.evaluate("(field, old) => { field.value = old; }", old)
    second.get_by_role("button", name="Approve").click()
    expect(second.get_by_role("alert")).to_be_visible()
    assert served.desk.case("01-memory-loss").item.status == "held"
    faults.clear()  # the browser reports the 409 of the stale decision


def test_a_script_laden_note_is_shown_harmless(signed_in, open_case, served):
    page = signed_in("ann")
    (item,) = [i for i in served.desk.worklist() if "script" in i.encounter]
    open_case(page, item.encounter)
    for number in range(1, 7):
        page.keyboard.press(str(number))
    page.keyboard.press("1")
    page.locator("mark").first.click()
    text = page.locator(".note .text").first.inner_text()
    assert "<script>window.harmed = 1</script>" in text
    assert "{{ 7*7 }}" in text
    assert page.evaluate("window.harmed") is None
    assert page.locator(".note script, .note img, .note svg, .note a").count() == 0


def test_the_physician_answers_and_sees_what_it_changed(signed_in, open_case):
    coder = signed_in("cay")
    open_case(coder, "07-smoking-after-discharge")
    coder.get_by_role("button", name="Accept: ask the physician").click()
    expect(coder.get_by_text("Accepted: the physician is asked")).to_be_visible()
    doctor = signed_in("doc")
    expect(doctor.get_by_role("link", name="Worklist")).to_have_count(0)
    doctor.get_by_role("textbox").first.fill("I counselled him on quitting for 12 minutes.")
    doctor.get_by_role("button", name="Sign the answer").first.click()
    expect(doctor.get_by_text("Signed and filed")).to_be_visible()
    expect(doctor.get_by_text("What it changed")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 820])
def test_no_page_scrolls_sideways(signed_in, open_case, width):
    page = signed_in("ann", width=width, height=1100)
    for visit in ("list", "case"):
        if visit == "case":
            open_case(page, "03-chest-pain")
            page.keyboard.press("c")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, visit
