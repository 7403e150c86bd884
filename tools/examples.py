"""Examples: approved cases of the same practice that read like this one. What they were coded with, never their text."""

from typing import Protocol, runtime_checkable

from knowledge.records import Record


class Example(Record):
    """One approved case: its codes, its lines, and what people had changed before they approved it.

    ``score`` is the cosine similarity of the notes, 0..1. An example is advice; a code still needs words of the note
    at hand.
    """

    encounter: str
    score: float
    diagnoses: tuple[str, ...]
    lines: tuple[str, ...]
    changes: tuple[str, ...] = ()


@runtime_checkable
class Examples(Protocol):
    """Where approved cases of one practice are found."""

    def similar(self, text: str, *, limit: int, leave_out: str = "") -> tuple[Example, ...]:
        """The approved cases whose notes are nearest to ``text``, best first, without the encounter ``leave_out``."""
