"""Recorded runs again: ``replay`` (same inputs, same result, or where it parted)."""

from agent.replay.play import Replayed, replay

__all__ = ["Replayed", "replay"]
