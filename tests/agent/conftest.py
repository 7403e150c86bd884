"""A person at a terminal, over the shared bookshelf."""

import sys
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from tests.agent.cli_run import Desk


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
