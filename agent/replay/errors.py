"""What a what-if can refuse."""

from agent.trace import TraceError


class ForkError(TraceError):
    """A what-if can not be run as asked: what, and what to do instead."""
