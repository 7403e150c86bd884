"""A person at a terminal, over the shared bookshelf."""

import sys
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from tests.agent.cli_run import Desk
from tests.agent.coded import Coded, code_all


@pytest.fixture
def desk(
    tmp_path: Path,
    home: Path,
    shelf: Bookshelf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    return Desk(tmp_path, capsys)


@pytest.fixture(scope="session")
def coded(shelf: Bookshelf, tmp_path_factory: pytest.TempPathFactory) -> Coded:
    """The ten shipped encounters, coded once; whoever changes a folder works on a copy."""
    return code_all(shelf, tmp_path_factory.mktemp("coded"))
