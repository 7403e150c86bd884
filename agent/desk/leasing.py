"""Leases: who works on an encounter; others are refused until it is released or runs out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.desk import rows
from agent.desk.errors import LeaseTaken
from agent.desk.people import Person
from agent.desk.records import Lease

if TYPE_CHECKING:
    from agent.desk.desk import Desk

LEASE_TIME = timedelta(minutes=15)


def take(desk: "Desk", encounter: str, person: Person) -> Lease:
    """Take or renew the lease.

    Raises:
        LeaseTaken: somebody else has it.
    """
    now = desk.clock()
    given = rows.lease(desk.book.take_lease(encounter, person.name, person.role, now, now + LEASE_TIME))
    if given.by != person.name:
        raise LeaseTaken(encounter, given.by, given.until)
    return given


@contextmanager
def leased(desk: "Desk", encounter: str, person: Person) -> Iterator[None]:
    """The lease for one decision; who had none before has none after."""
    desk.row(encounter)
    had = encounter in desk.book.leases(desk.clock())
    take(desk, encounter, person)
    try:
        yield
    finally:
        if not had:
            desk.book.drop_lease(encounter, person.name)
