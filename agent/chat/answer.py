"""What a conversation hands back: text for people, facts for programs, the evidence, and the what-if if one was run."""

from typing import Any

from pydantic import Field

from agent.replay.side_by_side import SideBySide
from knowledge.records import Evidence, Record

Json = dict[str, Any]


class Answer(Record):
    """One answer.

    ``facts`` always holds ``intent`` when the question was understood; the other keys belong to the intent.
    ``understood`` is False when the question is none that can be answered here: ``text`` then says which can.
    """

    text: str
    facts: Json = Field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    understood: bool = True
    what_if: SideBySide | None = None
