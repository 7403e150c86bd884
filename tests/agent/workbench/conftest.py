"""A desk of two practices with shipped encounters in it, an application over it, and signed-in clients."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from agent.desk import Person, open_desk
from agent.desk.desk import Desk
from agent.settings import Settings
from agent.workbench import create_app
from agent.workbench.app import Options
from agent.workbench.desks import Desks
from tools.intake import read_one

ROOT = Path(__file__).resolve().parents[3]
ENCOUNTERS = ROOT / "evals" / "encounters"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
ADDRESS = "http://127.0.0.1"
ROLES = ("viewer", "coder", "reviewer", "physician", "admin")


def code(desk: Desk, name: str) -> str:
    """Code a shipped encounter into the desk's store; its id."""
    return desk.submit(read_one(ENCOUNTERS / f"{name}.json", None)).coding.encounter_id


@pytest.fixture(scope="session")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk of practice ``north``, with three encounters; ``south`` has one of the same ids."""
    store = tmp_path_factory.mktemp("workbench") / "store"
    policy = Path(str(files("agent.workbench") / "demo.toml"))
    with open_desk(Settings(home=home), store=store, tenant="north", policy=policy) as opened:
        for name in ("02-diabetes-heart-depression", "05-ankle-injury", "07-smoking-after-discharge"):
            code(opened, name)
        code(opened.for_tenant("south"), "03-chest-pain")
        yield opened


@pytest.fixture(scope="session")
def app(desk: Desk, home: Path) -> FastAPI:
    """The application; users of every role in both practices (``coder.north`` ...)."""
    made = create_app(Desks(desk), Settings(home=home), Options(store=desk.store.folder, hasher=CHEAP))
    for tenant in ("north", "south"):
        for role in ROLES:
            made.state.bench.users.add(f"{role}.{tenant}", role=role, tenant=tenant, password=PASSWORD)
    made.state.bench.users.add("second.north", role="reviewer", tenant="north", password=PASSWORD)
    return made


@dataclass
class Visitor:
    """A browser without script: keeps cookies, knows its CSRF token."""

    client: TestClient
    csrf: str = ""

    def get(self, url: str, **kw):
        return self.client.get(url, follow_redirects=False, **kw)

    def post(self, url: str, data=None, **kw):
        return self.client.post(url, data={"csrf": self.csrf, **(data or {})}, follow_redirects=False, **kw)

    def sign_in(self, name: str, password: str = PASSWORD):
        mark = re.search(r'name="mark" value="(\w+)"', self.get("/signin").text)
        answer = self.client.post(
            "/signin",
            data={"name": name, "password": password, "mark": mark.group(1) if mark else ""},
            follow_redirects=False,
        )
        if answer.status_code == 303:
            page = self.client.get("/queries")
            self.csrf = re.search(r'name="csrf" content="([^"]+)"', page.text).group(1)
        return answer


@pytest.fixture
def visit(app: FastAPI) -> Callable[..., Visitor]:
    """Make a visitor, signed in when a name is given."""

    def made(name: str | None = None, address: str = ADDRESS) -> Visitor:
        visitor = Visitor(TestClient(app, base_url=address, raise_server_exceptions=False))
        if name:
            assert visitor.sign_in(name).status_code == 303
        return visitor

    return made


@pytest.fixture
def token(app: FastAPI) -> Callable[..., str]:
    """The opaque id of a case of a practice."""

    def made(encounter: str, tenant: str = "north", kind: str = "case") -> str:
        return app.state.bench.seal.close(tenant, kind, encounter)

    return made


@pytest.fixture
def fresh(desk: Desk) -> Callable[[], str]:
    """Code the encounter with an opportunity anew, as if it had never gone out, and free it of leases; its id."""

    def made(name: str = "02-diabetes-heart-depression") -> str:
        with desk.store.writing() as db:
            for table in ("emission", "billed"):
                db.execute(f"delete from {table} where tenant = 'north' and encounter = ?", (name,))
        encounter = code(desk, name)
        for who in ("reviewer.north", "second.north", "coder.north", "admin.north"):
            desk.release(encounter, Person(name=who, role="reviewer", tenant="north"))
        return encounter

    return made
