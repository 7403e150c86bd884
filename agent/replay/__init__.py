"""Recorded runs again: ``replay`` (same inputs, same result, or where it parted) and ``fork`` (one thing changed)."""

from agent.replay.change import Change
from agent.replay.errors import ForkError
from agent.replay.fork import Forked, fork
from agent.replay.play import Replayed, replay

__all__ = ["Change", "ForkError", "Forked", "Replayed", "fork", "replay"]
