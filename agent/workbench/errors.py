"""The workbench's errors that a person at a terminal can mend."""


class UserError(Exception):
    """A user can not be made or changed as asked: what, and what to do."""
