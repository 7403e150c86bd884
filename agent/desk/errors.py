"""What can go wrong at the desk. Every message says what, where, and what to do, and holds no patient data.

DeskError
 |- NoSuchEncounter     not known to this tenant
 |- NoSuchQuery         not known to this tenant, or answered already
 |- LeaseTaken          another person works on it
 |- StaleDecision       the claim is another one by now
 |- NotWaiting          in this state nothing can be decided
 |- NotAllowed          this role may not, or the catalogue does not allow it
 `- EditRefused         the edits can not be made
"""

from datetime import datetime


class DeskError(Exception):
    """The desk refuses: what, where, what to do."""


class NoSuchEncounter(DeskError):  # noqa: N818 - says what is refused
    """The tenant has no such encounter."""


class NoSuchQuery(DeskError):  # noqa: N818 - says what is refused
    """The tenant has no such open query."""


class LeaseTaken(DeskError):  # noqa: N818 - says what is refused
    """Another person works on the encounter."""

    def __init__(self, encounter: str, by: str, until: datetime) -> None:
        super().__init__(
            f"{encounter}: {by} works on it until {until.isoformat(timespec='seconds')}; take another, or wait"
        )
        self.by = by
        self.until = until


class StaleDecision(DeskError):  # noqa: N818 - says what is refused
    """The claim that was looked at is not the one that waits."""


class NotWaiting(DeskError):  # noqa: N818 - says what is refused
    """The encounter is in a state in which this can not be decided."""


class NotAllowed(DeskError):  # noqa: N818 - says what is refused
    """The person's role, or the catalogue, does not allow it."""


class EditRefused(DeskError):  # noqa: N818 - says what is refused
    """An edit can not be made; the message names it."""
