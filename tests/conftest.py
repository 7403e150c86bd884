"""Fixtures every room of the tests shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def home() -> Path:
    """The data folder of the tests; every worker shares it, and the store in it survives between runs."""
    return ROOT / ".superbill" / "test-home"


@pytest.fixture(scope="session")
def shelf(home: Path) -> Iterator[Bookshelf]:
    """An opened bookshelf over the starter store."""
    opened = Bookshelf.open(home)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development folder beside the repository; tests that use it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the development folder ../shared is absent")
    return SHARED
