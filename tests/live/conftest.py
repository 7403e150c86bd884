"""Tests that talk to real AWS: ``pytest tests/live --live``; skipped without it. They cost money (see docs/aws.md)."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--live`` and where the deployed stack is."""
    parser.addoption("--live", action="store_true", default=False, help="talk to real AWS (costs money)")
    parser.addoption("--stack", default="superbill", help="name of the deployed stack")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the live tests unless they are asked for."""
    if config.getoption("--live", default=False):
        return
    skip = pytest.mark.skip(reason="talks to real AWS: pytest tests/live --live --stack NAME")
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(skip)
