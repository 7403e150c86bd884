"""A real server on loopback in a thread, and headless Chromium. Without Chromium the tests skip, except in CI."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from agent.desk import open_desk
from agent.desk.desk import Desk
from agent.settings import Settings
from agent.workbench import create_app
from agent.workbench.app import Options
from agent.workbench.desks import Desks
from tests.agent.workbench.conftest import CHEAP, PASSWORD, code
from tools.fhir.context_file import read_context
from tools.intake import read_one

CHROMIUM = Path("/usr/bin/chromium")
CONTEXT = b"""{"encounter": "script-laden", "age": 44, "sex": "male", "date_of_service": "2026-08-04",
 "payer": "commercial", "place_of_service": "11", "new_patient": false}"""
SCRIPTS = Path(__file__).with_name("script-laden.txt")
CODED = (
    "01-memory-loss",
    "02-diabetes-heart-depression",
    "03-chest-pain",
    "07-smoking-after-discharge",
    "08-telehealth-adhd",
    "10-new-patient-physical",
)


@dataclass(frozen=True)
class Served:
    """Where the workbench answers, and the desk behind it."""

    url: str
    desk: Desk


@pytest.fixture(scope="session")
def served(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    store = tmp_path_factory.mktemp("browser") / "store"
    policy = Path(str(files("agent.workbench") / "demo.toml"))
    with open_desk(Settings(home=home), store=store, policy=policy) as desk:
        for name in CODED:
            code(desk, name)
        desk.submit(read_one(SCRIPTS, read_context(CONTEXT)))
        app = create_app(Desks(desk), Settings(home=home), Options(store=store, hasher=CHEAP))
        for name, role in (("ann", "reviewer"), ("ben", "reviewer"), ("cay", "coder"), ("doc", "physician")):
            app.state.bench.users.add(name, role=role, tenant="default", password=PASSWORD)
        with running(app) as url:
            yield Served(url=url, desk=desk)


class running:
    """uvicorn in a thread."""

    def __init__(self, app):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listener.close()


def need(program: Path, environ: Mapping[str, str]) -> None:
    """Without the program a test skips; in CI it fails, for there no browser test may skip."""
    if program.exists():
        return
    if environ.get("CI"):
        pytest.fail(f"{program} is missing; .ci/run installs it, and in CI no browser test may skip")
    pytest.skip(f"{program} is missing")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need(CHROMIUM, os.environ)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


class Faults(list):
    """What the pages complained of; a test fails with it unless it says it expected that."""


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert not found


@pytest.fixture
def signed_in(browser: Browser, served: Served, faults: Faults) -> Iterator[Callable[..., Page]]:
    """Open a window of one's own and sign in; console errors and refused requests fail the test."""
    contexts: list[BrowserContext] = []

    def made(name: str, *, width: int = 1280, height: int = 820) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.set_default_timeout(8000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
        page.on(
            "request",
            lambda r: None if r.url.startswith((served.url, "data:")) else faults.append(f"left: {r.url}"),
        )
        page.goto(served.url)
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/(worklist|queries)$"))
        return page

    yield made
    for context in contexts:
        context.close()


@pytest.fixture
def open_case(served: Served) -> Callable[[Page, str], None]:
    def made(page: Page, encounter: str) -> None:
        page.goto(f"{served.url}/worklist")
        page.get_by_role("link", name=encounter).click()
        page.wait_for_selector("[data-case]")

    return made
