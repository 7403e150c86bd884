"""What-ifs: the question becomes one change, the trace is forked with it, both outcomes stand side by side."""

import re
from collections.abc import Callable

from agent.chat.answer import Answer, Json
from agent.chat.naming import on_claim
from agent.chat.question import Question
from agent.chat.understand import expanded
from agent.chat.view import CaseView
from agent.chat.words import content_words
from agent.context import Context
from agent.replay import Change, ForkError, fork
from agent.replay.side_by_side import Column, SideBySide

DROP = re.compile(
    r"\b(?:drop|remove|delete|take|leave|strip|kill|omit|cut|pull|without|lose|lost|get rid of|ditch|scrap|forget|skip|"
    r"throw out|do away with|unbill|came off|comes off|went away|goes away|gone)\b|\bnot (?:be |been )?(?:done|bill(?:ed)?|cod(?:ed?)|given|performed|charged|there|on)\b"
)
TOTAL = re.compile(
    r"[^.\n]*\b(?:total|spent|spend)\b[^.\n]*?\b(\d{1,3})\s*(?:-\s*)?min(?:ute)?s?\b[^.\n]*", re.IGNORECASE
)
TIMED = re.compile(r"[^.\n]*?\b(\d{1,3})\s*(?:-\s*)?min(?:ute)?s?\b", re.IGNORECASE)
SENTENCE = "I spent a total of {minutes} minutes on this patient's care on the date of the encounter."


def what_if(q: Question) -> Answer | None:
    """Run the change that the question asks for; a question that asks for none that is known is not understood."""
    change = change_of(q)
    if change is None:
        return None
    return run_change(q.view, q.context, change)


def run_change(view: CaseView, context: Context, change: Change) -> Answer:
    """Fork the trace with a change and tell both outcomes; a change that can not be is told, not raised."""
    try:
        told = fork(view.events, context, change)
    except ForkError as error:
        return Answer(
            text=f"This what-if can not be run: {error}", facts={"intent": "what_if", "refused": str(error)}
        )
    compared = told.compared
    moved = "; ".join(compared.moved) or "nothing would move"
    notes = f" Note: {'; '.join(told.notes)}." if told.notes else ""
    text = f"What if {change.told()}: {moved}.{notes} Nothing real was changed."
    return Answer(text=text, facts=_facts(change, compared), what_if=compared)


def _facts(change: Change, compared: SideBySide) -> Json:
    was, now = compared.before, compared.after
    gone, new = _codes(was) - _codes(now), _codes(now) - _codes(was)
    same = {x[:5] for x in was.lines} & {x[:5] for x in now.lines}
    changed = {
        c for c in same if [x for x in was.lines if x[:5] == c] != [x for x in now.lines if x[:5] == c]
    }
    return {
        "intent": "what_if",
        "change": change.told(),
        "before_em": was.em,
        "after_em": now.em,
        "before_charge": f"{was.charge:.2f}",
        "after_charge": f"{now.charge:.2f}",
        "before_status": was.status,
        "after_status": now.status,
        "lines_gone": sorted(gone),
        "lines_new": sorted(new),
        "lines_changed": sorted(changed),
        "diagnoses": list(now.diagnoses),
        "findings": list(now.findings),
        "moved": list(compared.moved),
    }


def _codes(column: Column) -> set[str]:
    return {line[:5] for line in column.lines}


def change_of(q: Question) -> Change | None:
    """The one change that the question asks for, or None."""
    for reading in READINGS:
        change = reading(q)
        if change is not None:
            return change
    return None


def _modifier(q: Question) -> Change | None:
    """A modifier put on a line, or taken off."""
    if not q.slots.modifiers:
        return None
    lines = q.lines_meant
    off = bool(DROP.search(q.slots.text)) or bool(
        re.search(r"\b(?:not|no|without)\b[^?]*<_modifier>", q.slots.text)
    )
    asked = q.slots.modifiers
    chosen = [
        x for x in lines if ({m.code for m in x.modifiers} & set(asked)) == (set(asked) if off else set())
    ]
    if len(chosen) != 1 and not (chosen and q.numbered):
        return None
    line = chosen[0]
    now = [m.code for m in line.modifiers if m.code not in asked]
    now += [] if off else list(asked)
    return Change(sets={f"line.{line.line}.modifiers": ",".join(now) or "none"})


def _drop(q: Question) -> Change | None:
    """A line or a diagnosis less, named by place, by code, or by what it is called."""
    text = expanded(q.slots.text)
    if not DROP.search(text):
        return None
    coding = q.view.coding
    named = set(q.slots.codes)
    if not (q.numbered or q.slots.lines or q.slots.dx):
        called = on_claim(q.view, DROP.sub(" ", text))
        named = {called} if called else set()
    lines = [*q.slots.lines, *(x.line for x in coding.service_lines if x.code in named)]
    dx = [*q.slots.dx, *(d.sequence for d in coding.diagnoses if d.code in named)]
    return Change(drop_lines=tuple(lines), drop_diagnoses=tuple(dx)) if lines or dx else None


def _units(q: Question) -> Change | None:
    if q.slots.units is None:
        return None
    named = set(q.numbered)
    lines = [x for x in q.view.coding.service_lines if x.code in named] or [
        x for x in q.view.coding.service_lines if x.units > 1
    ]
    return Change(sets={f"line.{lines[0].line}.units": str(q.slots.units)}) if len(lines) == 1 else None


def _minutes(q: Question) -> Change | None:
    """Other minutes: those of the activity the question names (counselling), else the total time of the visit."""
    minutes = q.slots.minutes
    if minutes is None:
        return None
    note = "\n".join(d.text for d in q.view.facts.documents)
    activity = _of_activity(note, q.slots.text)
    found = activity or TOTAL.search(note)
    if found is None:
        return Change(add_note=SENTENCE.format(minutes=minutes))
    old = found[0]
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return Change(replace_note=((old, f"{old[:start]}{minutes}{old[end:]}"),))


def _of_activity(note: str, question: str) -> "re.Match[str] | None":
    """A timed sentence of the note that shares a telling word with the question."""
    asked = {w[:6] for w in content_words(question) if len(w) >= 6} - {"minute", "total", "spent"}
    for found in TIMED.finditer(note):
        said = {w[:6] for w in content_words(found[0]) if len(w) >= 6}
        if asked & said:
            return found
    return None


def _facts_change(q: Question) -> Change | None:
    """Payer, kind of patient, place, age, sex: all that are named together make one change."""
    s = q.slots
    sets = {
        "payer": s.payer,
        "new_patient": None if s.new_patient is None else str(s.new_patient).lower(),
        "place": s.place,
        "age": None if s.age is None else str(s.age),
        "sex": s.sex,
    }
    given = {k: v for k, v in sets.items() if v is not None}
    return Change(sets=given) if given else None


def _words(q: Question) -> Change | None:
    """Other words in the note: “new” instead of “old”, or one sentence more."""
    quotes = q.slots.quotes
    if len(quotes) == 2:
        swapped = re.search(r"<_quote>.*\b(?:instead of|rather than|not)\b.*<_quote>", q.slots.text)
        old, new = (quotes[1], quotes[0]) if swapped else quotes
        return Change(replace_note=((old, new),))
    if len(quotes) == 1 and re.search(
        r"\b(?:note|said|says|documented|added?|wrote|mentioned)\b", q.slots.text
    ):
        return Change(add_note=quotes[0])
    return None


SIDES = {"left": "right", "right": "left"}


def _side(q: Question) -> Change | None:
    """The other side of the body: "right ankle" reads "left ankle" all through the note."""
    found = re.search(r"\b(left|right) ([a-z]{3,})", q.slots.text)
    if found is None:
        return None
    wanted, part = found[1], found[2].removesuffix("s")
    note = "\n".join(d.text for d in q.view.facts.documents)
    other = re.compile(rf"\b({SIDES[wanted]})(?= {part})", re.IGNORECASE)
    said = dict.fromkeys(
        f"{m[1]} {note[m.end() + 1 : m.end() + 1 + len(part)]}" for m in other.finditer(note)
    )
    pairs = tuple((old, old.replace(old.split(" ")[0], _cased(wanted, old), 1)) for old in said)
    return Change(replace_note=pairs) if pairs else None


def _cased(word: str, like: str) -> str:
    """The word in the case of another's beginning."""
    return (
        word.upper()
        if like.split(" ", maxsplit=1)[0].isupper()
        else word.capitalize()
        if like[0].isupper()
        else word
    )


READINGS: tuple[Callable[[Question], Change | None], ...] = (
    _words,
    _modifier,
    _units,
    _minutes,
    _side,
    _facts_change,
    _drop,
)
