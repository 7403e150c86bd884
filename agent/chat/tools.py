"""The tools a model converses with: the same answerers, what-ifs and trace, with their arguments spelled out."""

from collections.abc import Callable
from typing import Literal

import orjson
from langchain_core.tools import BaseTool, ToolException, tool

from agent.chat.answer import Answer
from agent.chat.answers import answerers
from agent.chat.answers.what_if import run_change
from agent.chat.question import Question
from agent.chat.slots import Slots
from agent.chat.view import CaseView
from agent.context import Context
from agent.replay import Change
from agent.replay.change import parse_sets
from agent.replay.errors import ForkError
from agent.replay.timeline import timeline

Topic = Literal[
    "claim",
    "why_code",
    "why_not",
    "support",
    "guideline_of",
    "em_elements",
    "em_need",
    "no_em",
    "modifiers",
    "why_modifier",
    "link",
    "units",
    "money",
    "checks",
    "status",
    "missing",
    "queries",
    "opportunities",
    "rejected",
    "patient",
    "payer",
    "who_coded",
    "editions",
    "changed",
    "look_up",
]
MOST_EVENTS = 60


def case_tools(view: CaseView, context: Context, heard: Callable[[Answer], None]) -> list[BaseTool]:
    """Tools over one case; each answer is also told to ``heard``, which keeps facts and evidence for the reader."""

    @tool(parse_docstring=True)
    def explain(
        topic: Topic, codes: list[str] | None = None, modifier: str | None = None, line: int | None = None
    ) -> str:
        """Answer one topic about the coded encounter from its trace and the tables.

        Topics that need a code: why_code, why_not, support, em_need (an E/M code), look_up, units; link takes a service
        and a diagnosis code. why_modifier needs the modifier. The others tell the whole claim.

        Args:
            topic: what to explain
            codes: the codes it is about, as on the claim or as asked for
            modifier: the modifier it is about
            line: the service line it is about
        """
        slots = Slots(
            codes=tuple(c.strip().upper() for c in codes or ()),
            modifiers=(modifier.strip().upper(),) if modifier else (),
            lines=(line,) if line else (),
        )
        return _told(_explained(Question(view=view, context=context, slots=slots), topic), heard)

    @tool(parse_docstring=True)
    def what_if(
        sets: list[str] | None = None,
        replace_in_note: list[list[str]] | None = None,
        add_to_note: str | None = None,
        drop_lines: list[int] | None = None,
        drop_diagnoses: list[int] | None = None,
    ) -> str:
        """Run the encounter again with one change and compare codes, findings and money; nothing real changes.

        Args:
            sets: KEY=VALUE of new_patient (true or false), payer, place, age, sex, line.<n>.modifiers, line.<n>.units,
                line.<n>.pointers, line.<n>.code, dx.<n>.code, policy.<field>
            replace_in_note: pairs of words of the note and the words that stand there instead
            add_to_note: one more sentence of the note, e.g. the total minutes on the date
            drop_lines: service lines to leave out, counted from 1
            drop_diagnoses: diagnoses to leave out, counted from 1
        """
        change = Change(
            replace_note=_pairs(replace_in_note or []),
            sets=_sets(sets or []),
            add_note=add_to_note,
            drop_lines=tuple(drop_lines or ()),
            drop_diagnoses=tuple(drop_diagnoses or ()),
        )
        return _told(run_change(view, context, change), heard)

    @tool(parse_docstring=True)
    def show_trace(first: int = 1, last: int = MOST_EVENTS) -> str:
        """List what happened while the encounter was coded, one line an event.

        Args:
            first: number of the first event
            last: number of the last event
        """
        rows = [m for m in timeline(view.events) if first <= m.seq <= min(last, first + MOST_EVENTS)]
        return orjson.dumps([{"seq": m.seq, "who": m.who, "what": m.what} for m in rows]).decode()

    return [explain, what_if, show_trace]


NEEDS_CODE = frozenset({"why_code", "why_not", "support", "em_need", "look_up"})


def _explained(q: Question, topic: Topic) -> Answer:
    if topic in NEEDS_CODE and not q.numbered:
        raise ToolException(f"{topic} needs a code; name it, or the line")
    if topic == "why_modifier" and (not q.slots.modifiers or q.slots.modifiers[0] not in q.shelf.modifiers):
        raise ToolException("why_modifier needs a modifier that the table knows")
    answer = answerers()[topic](q)
    if answer is None:
        raise ToolException(
            f"{topic}: nothing of this case fits these arguments; see topic claim for the codes"
        )
    return answer


def _pairs(given: list[list[str]]) -> tuple[tuple[str, str], ...]:
    if any(len(pair) != 2 for pair in given):
        raise ToolException("replace_in_note: give pairs [old words, new words]")
    return tuple((old, new) for old, new in given)


def _sets(given: list[str]) -> dict[str, str]:
    try:
        return parse_sets(given)
    except ForkError as error:
        raise ToolException(str(error)) from error


def _told(answer: Answer, heard: Callable[[Answer], None]) -> str:
    heard(answer)
    return orjson.dumps({"text": answer.text, "facts": answer.facts}).decode()
