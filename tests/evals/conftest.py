"""One opened bookshelf for all tests of this folder: what opens it by itself gets the same one."""

from collections.abc import Iterator

import pytest

from knowledge.bookshelf import Bookshelf


@pytest.fixture(scope="package", autouse=True)
def one_shelf(shelf: Bookshelf) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(Bookshelf, "open", classmethod(lambda cls, home, **_: shelf))
    patch.setattr(Bookshelf, "close", lambda self: None)
    yield
    patch.undo()
