"""Fixtures every room of the tests shares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge.bookshelf import Bookshelf

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


HOME = ROOT / ".superbill" / "test-home"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of which every test is slow come first, so that no process waits at the end for one that begins late."""
    quick = {item.path for item in items if item.get_closest_marker("slow") is None}
    items.sort(key=lambda item: item.path in quick)


@pytest.fixture(scope="session")
def home() -> Path:
    """The data folder of the tests; every worker shares it, and the store in it survives between runs."""
    return HOME


@pytest.fixture(scope="session", autouse=True)
def one_bookshelf() -> Iterator[None]:
    """Whoever opens the starter store in this process gets the same one: each more would cost a second and 200 MB."""
    kept: list[Bookshelf] = []
    really, close = Bookshelf.open, Bookshelf.close

    def opened(where: Path, **more: Any) -> Bookshelf:
        if where != HOME or any(value for name, value in more.items() if name != "progress"):
            return really(where, **more)
        if not kept:
            kept.append(really(where, **more))
        return kept[0]

    def closed(shelf: Bookshelf) -> None:
        if shelf not in kept:
            close(shelf)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bookshelf, "open", opened)
        patch.setattr(Bookshelf, "close", closed)
        yield
    for one in kept:
        one.close()


@pytest.fixture(scope="session")
def shelf(home: Path) -> Bookshelf:
    """The opened bookshelf over the starter store."""
    return Bookshelf.open(home)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development folder beside the repository; tests that use it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the development folder ../shared is absent")
    return SHARED
