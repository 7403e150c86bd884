"""``superbill train local``: what the embedded coder learns from approved cases, without a GPU."""

from typing import Any


def add(actions: Any) -> None:
    """Declare the action."""
