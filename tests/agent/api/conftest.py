"""The service over a desk of two practices, with a token for each role in each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from agent.api.app import create_api
from agent.desk import open_desk
from agent.desk.desk import Desk
from agent.settings import Settings
from agent.workbench.desks import Desks
from tests.conftest import ROOT

ENCOUNTERS = ROOT / "evals" / "encounters"
POLICY = ENCOUNTERS / "policy.toml"
ROLES = ("viewer", "coder", "reviewer", "physician", "admin")
HOLDING = """
[hold]
modifiers = ["25"]
"""


def bundle(name: str) -> dict[str, Any]:
    return orjson.loads((ENCOUNTERS / f"{name}.json").read_bytes())


@dataclass
class Service:
    """The application, a client of it, and the tokens by role and practice."""

    app: FastAPI
    client: TestClient
    desk: Desk
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)

    def as_(self, role: str, tenant: str = "north") -> dict[str, str]:
        return {"authorization": f"Bearer {self.secrets[role, tenant]}"}

    def post(self, url: str, body: Any = None, role: str = "reviewer", tenant: str = "north"):
        return self.client.post(url, json=body, headers=self.as_(role, tenant))

    def get(self, url: str, role: str = "reviewer", tenant: str = "north"):
        return self.client.get(url, headers=self.as_(role, tenant))

    def code(self, name: str, tenant: str = "north") -> dict[str, Any]:
        answer = self.post("/encounters?wait=1", {"encounter": bundle(name)}, "coder", tenant)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def make(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Makes services; all are closed with the module."""
    from contextlib import ExitStack

    with ExitStack() as opened:

        def new(store: Path | None = None, policy: Path | None = POLICY, *, threads: int = 1) -> Service:
            folder = store or tmp_path_factory.mktemp("api") / "store"
            settings = Settings(home=home, contact_phone="2175550100")
            desk = opened.enter_context(open_desk(settings, store=folder, tenant="north", policy=policy))
            app = create_api(Desks(desk), settings, folder, threads=threads)
            client = opened.enter_context(TestClient(app, base_url="http://127.0.0.1"))
            service = Service(app, client, desk)
            tokens = app.state.house.tokens
            for tenant in ("north", "south"):
                for role in ROLES:
                    name = f"{role}-{tenant}"
                    if name not in {t.name for t in tokens.all()}:
                        service.secrets[role, tenant] = tokens.make(name, role=role, tenant=tenant)
            return service

        yield new


@pytest.fixture(scope="module")
def service(make: Callable[..., Service]) -> Service:
    return make()
