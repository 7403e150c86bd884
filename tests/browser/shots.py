"""Screenshots of every page for the docs: ``python -m tests.browser.shots [FOLDER]`` (default docs/), from the demo itself."""

import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
WIDE, TABLET = {"width": 1280, "height": 800}, {"width": 820, "height": 1100}


def main() -> None:
    """Start the demo, walk through it, keep a picture of each page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    command = [sys.executable, "-m", "agent", "workbench", "--demo", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as demo:
        said = ""
        while "password" not in said and demo.poll() is None:
            said += demo.stdout.readline()
        if "password" not in said:
            raise SystemExit("the demo did not start; try: superbill workbench --demo")
        url, password = re.search(r"(http\S+)", said).group(1), re.search(r"password (\S+)", said).group(1)
        try:
            walk(url, password, folder)
        finally:
            demo.terminate()


def walk(url: str, password: str, folder: Path) -> None:
    """Every page, in the order a person meets them."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])

        def enter(name: str, size: dict[str, int], scheme: str = "light") -> Page:
            page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
            page.goto(url)
            page.fill("#name", name)
            page.fill("#password", password)
            if name == "demo" and scheme == "light" and size is WIDE:
                keep(page, folder, "signin")
            page.click("button.primary")
            page.wait_for_url(re.compile("/(worklist|queries)$"))
            return page

        page = enter("demo", WIDE)
        page.keyboard.press("j")
        keep(page, folder, "worklist")
        page.keyboard.press("?")
        keep(page, folder, "keys")
        page.keyboard.press("Escape")
        review(page, folder)
        keep(enter("doctor", WIDE), folder, "queries")
        tablet = enter("demo2", TABLET)
        open_case(tablet, "02-diabetes")
        keep(tablet, folder, "tablet")
        dark = enter("demo2", WIDE, "dark")
        open_case(dark, "04-wellness")
        keep(dark, folder, "dark")
        browser.close()


def review(page: Page, folder: Path) -> None:
    """The parts of a case."""
    open_case(page, "04-wellness")
    page.keyboard.press("j")
    page.keyboard.press("j")
    keep(page, folder, "case")
    page.get_by_label("Line 1 modifiers").fill("59")
    page.get_by_text("not saved").wait_for()
    page.locator(".checked").scroll_into_view_if_needed()
    keep(page, folder, "editing")
    page.get_by_label("Line 1 modifiers").fill("25")
    for _ in range(2):
        page.keyboard.press("Escape")
    for number, name in ((2, "em"), (3, "history"), (5, "claim")):
        page.keyboard.press(str(number))
        if name == "claim":
            expect(page.locator(".paper").first).to_have_js_property("naturalWidth", 918)
        page.evaluate("scrollTo(0, 0)")
        keep(page, folder, name)
    page.locator(".x12").scroll_into_view_if_needed()
    keep(page, folder, "837p")
    page.keyboard.press("1")
    page.keyboard.press("/")
    page.get_by_label("Words or a code").fill("sprained left ankle")
    page.locator(".hit").first.click()
    page.locator("#looked h3").wait_for()
    keep(page, folder, "search")
    page.keyboard.press("Escape")
    page.get_by_text("Next").first.click()
    open_case(page, "02-diabetes")
    page.keyboard.press("c")
    page.keyboard.type("what if the note said 45 minutes?")
    page.keyboard.press("Enter")
    page.locator(".whatif").wait_for()
    keep(page, folder, "chat")
    page.get_by_label("Line 1 code").fill("99213")
    page.get_by_label("Reason").fill("two stable conditions")
    page.get_by_role("button", name="Save amendment").click()
    page.get_by_text("The amendment is saved").wait_for()
    page.get_by_role("link", name="Audit").click()
    keep(page, folder, "audit")


def open_case(page: Page, name: str) -> None:
    """From the worklist into a case."""
    page.get_by_role("link", name="Worklist").click()
    page.get_by_role("link", name=name).click()
    page.locator("#lease").get_by_text("your hands").wait_for()


def keep(page: Page, folder: Path, name: str) -> None:
    """One picture, small: few colours are enough for a page."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(folder / f"workbench-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
