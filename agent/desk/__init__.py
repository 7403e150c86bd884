"""The desk: worklist, leases, decisions, queries and feedback over one store. ``open_desk`` is the way in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.desk.errors import (
    DeskError,
    EditRefused,
    LeaseTaken,
    NoSuchEncounter,
    NoSuchQuery,
    NotAllowed,
    NotWaiting,
    StaleDecision,
)
from agent.desk.people import MAY, Person, Role

if TYPE_CHECKING:
    from agent.desk.desk import Desk
    from agent.settings import Settings

__all__ = [
    "MAY",
    "DeskError",
    "EditRefused",
    "LeaseTaken",
    "NoSuchEncounter",
    "NoSuchQuery",
    "NotAllowed",
    "NotWaiting",
    "Person",
    "Role",
    "StaleDecision",
    "open_desk",
]


@contextmanager
def open_desk(
    settings: "Settings",
    *,
    store: Path | None = None,
    model_spec: str | None = None,
    tenant: str | None = None,
    policy: Path | None = None,
    clock: Callable[[], datetime] | None = None,
) -> "Iterator[Desk]":
    """Open bookshelf, model, graph and store once, for any number of calls from any number of threads.

    Args:
        settings: of the environment.
        store: the store's folder; the one in the settings' home when not given.
        model_spec: the model that codes again after an answer; the settings' when not given.
        tenant: the practice; the settings' when not given. ``Desk.for_tenant`` opens others on the same session.
        policy: review policy file; the settings' when not given.
        clock: the time in UTC, for tests.
    """
    from agent.desk.book import Book
    from agent.desk.desk import Desk
    from agent.desk.looking import utc_now
    from agent.session import open_session
    from agent.store import Store

    own = replace(settings, tenant=tenant) if tenant else settings
    with open_session(own, model_spec=model_spec, store=store, policy=policy) as session:
        kept = session.context.store
        if not isinstance(kept, Store):
            raise DeskError("a desk needs a store in a folder; give --store")
        desk = Desk(
            tenant=own.tenant,
            store=kept,
            session=session,
            book=Book(kept, own.tenant),
            clock=clock or utc_now,
        )
        desk.settle()
        yield desk
