"""A practice's desk over the shared bookshelf, with a clock that tests move, and people to sit at it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.desk import Person, open_desk
from agent.desk.desk import Desk
from agent.settings import Settings
from knowledge.bookshelf import Bookshelf
from tests.agent.cli_run import ENCOUNTERS
from tools.fhir.source import RawEncounter
from tools.intake import read_one

ANKLE = "05-ankle-injury"
ANN = Person(name="ann", role="reviewer", tenant="default")
BOB = Person(name="bob", role="reviewer", tenant="default")
CODER = Person(name="cora", role="coder", tenant="default")
DOCTOR = Person(name="Dr. Dana Reyes", role="physician", tenant="default")
VIEWER = Person(name="vic", role="viewer", tenant="default")


@dataclass
class Clock:
    """A time that stands still until a test moves it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **by: int) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Opened = Callable[[], AbstractContextManager[Desk]]


@pytest.fixture
def opened(
    tmp_path: Path, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Opened:
    """Opens the practice's desk; opening it again is what a restart, or a second process, does."""
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    return lambda: open_desk(Settings(home=home), store=tmp_path / "store", clock=clock)


@pytest.fixture
def sitting(opened: Opened) -> Iterator[Desk]:
    """A desk of practice ``default``; without a charge master everything that is coded is held by the policy."""
    with opened() as desk:
        yield desk


def shipped(name: str = ANKLE) -> RawEncounter:
    """A shipped encounter."""
    return read_one(ENCOUNTERS / f"{name}.json")


def shown(desk: Desk, encounter: str = ANKLE) -> str:
    """The hash of the claim a person sees now."""
    return desk.case(encounter).claim_sha256 or ""
