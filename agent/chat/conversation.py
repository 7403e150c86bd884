"""Conversation: questions about one coded encounter, answered by rule from the trace and the tables."""

import re
from dataclasses import replace

from agent.chat.answer import Answer
from agent.chat.answers import answerers
from agent.chat.cues import second_guesses
from agent.chat.question import Question
from agent.chat.slots import Slots, find_slots
from agent.chat.understand import guesses, intents
from agent.chat.view import CaseView
from agent.context import Context

LONGEST = 500
BACK = re.compile(r"\b(?:it|that code|this code|that one|this one|that line|this line|there)\b")


class Conversation:
    """Remembers only which code was spoken of last, so that "what supports it?" can follow."""

    def __init__(self, view: CaseView, context: Context) -> None:
        """``context`` gives the tables and, for what-ifs, the model; nothing is written."""
        self._view = view
        self._context = context
        self._last: str | None = None

    def ask(self, question: str) -> Answer:
        """Answer one question; ``understood`` is False when it is none that can be answered here."""
        if len(question) > LONGEST:
            return not_understood()
        slots = self._with_last(find_slots(question, self._context.bookshelf))
        for guess in (*guesses(slots), *second_guesses(slots, self._view)):
            asked = Question(view=self._view, context=self._context, slots=slots, name=guess.name)
            answer = answerers()[guess.intent](asked)
            if answer is not None:
                self._last = answer.facts.get("code") or self._last
                return answer
        return not_understood()

    def _with_last(self, slots: Slots) -> Slots:
        """The code spoken of last, where the question only points back at it."""
        if self._last is None or slots.codes or slots.lines or slots.dx or not BACK.search(slots.text):
            return slots
        found = BACK.sub("<_code>", slots.text, count=1)
        return replace(slots, codes=(self._last,), text=found)


def not_understood() -> Answer:
    """Says so, and what can be asked."""
    examples = " ".join(dict.fromkeys(i.example for i in intents()))
    return Answer(
        text=f"I did not understand that. I answer questions about this encounter's coding, for example: {examples}",
        understood=False,
    )
