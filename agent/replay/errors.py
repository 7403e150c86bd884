"""What a what-if can refuse."""


class ForkError(Exception):
    """A what-if can not be run as asked: what, and what to do instead."""
