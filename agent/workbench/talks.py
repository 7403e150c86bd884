"""Conversations about cases: one a signed-in person and case, kept while they are used; nothing of them is stored."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agent.chat import Answer, Conversation
    from agent.desk.desk import Desk

MOST: Final = 64
Key = tuple[str, str, str, str]


class Talks:
    """The open conversations, the least used of which are let go."""

    def __init__(self) -> None:
        self._open: OrderedDict[Key, tuple[Conversation, Lock]] = OrderedDict()
        self._lock = Lock()

    def ask(self, session: str, desk: "Desk", encounter: str, out: Path, question: str) -> "Answer":
        """Ask about a case; a claim that has changed begins a new conversation.

        Args:
            session: mark of the person's session, so that nobody reads another's questions.
            desk: of the person's tenant.
            encounter: which case.
            out: its output folder.
            question: as typed.
        """
        shown = desk.case(encounter).claim_sha256 or ""
        talk, turn = self._talk((session, desk.tenant, encounter, shown), desk, out)
        with turn:
            return talk.ask(question)

    def forget(self, session: str) -> None:
        """Let go of all conversations of a session."""
        with self._lock:
            for key in [k for k in self._open if k[0] == session]:
                del self._open[key]

    def _talk(self, key: Key, desk: "Desk", out: Path) -> "tuple[Conversation, Lock]":
        from agent.chat import Conversation, load_view

        with self._lock:
            if key not in self._open:
                self._open[key] = (Conversation(load_view(out), desk.session.context), Lock())
            self._open.move_to_end(key)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
            return self._open[key]
