"""Conversations about cases: one a signed-in person and case, kept while they are used; nothing of them is stored."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agent.chat import Answer, Conversation
    from agent.desk.desk import Desk
    from agent.desk.records import Case

MOST: Final = 64
Key = tuple[str, str, str, str]


class NoTraceError(Exception):
    """The case keeps no trace."""


class Talks:
    """The open conversations, the least used of which are let go."""

    def __init__(self) -> None:
        self._open: OrderedDict[Key, tuple[Conversation, Lock]] = OrderedDict()
        self._lock = Lock()

    def ask(self, session: str, desk: "Desk", case: "Case", question: str) -> "Answer":
        """Ask about a case; a claim that has changed begins a new conversation.

        Args:
            session: mark of the person's session, so that nobody reads another's questions.
            desk: of the person's tenant.
            case: as the desk shows it now.
            question: as typed.

        Raises:
            NoTraceError: nothing of the run is kept to talk about.
        """
        out = case.item.out
        if out is None or not (Path(out) / "trace.jsonl").is_file():
            raise NoTraceError
        key = (session, desk.tenant, case.item.encounter, case.claim_sha256 or "")
        talk, turn = self._talk(key, desk, Path(out))
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
