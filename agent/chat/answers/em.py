"""The visit's level: how it was reached, what another would need, and why there is none."""

from agent.chat.answer import Answer, Json
from agent.chat.answers.wording import listed, titled
from agent.chat.question import Question
from knowledge.em import LEVELS, EmCode
from knowledge.records import Evidence
from tools.proposal import EmDecision, MdmElement

ELEMENTS = ("problems", "data", "risk")


def em_elements(q: Question) -> Answer | None:
    """Problems, data and risk with what was counted in each."""
    em = q.view.coding.em
    if em is None:
        return no_em(q)
    parts = [f"{name} {_of(em, name).level}: {_items(_of(em, name))}" for name in ELEMENTS]
    by = f"total time of {em.minutes} minutes" if em.basis == "time" else "decision making"
    text = f"{em.code} by {by}. {'. '.join(parts)}. {em.explanation}."
    facts: Json = {
        "intent": "em_elements",
        "code": em.code,
        "basis": em.basis,
        "minutes": em.minutes,
        **{name: _of(em, name).level for name in ELEMENTS},
        "items": {name: [i.category for i in _of(em, name).items] for name in ELEMENTS},
    }
    return Answer(text=text, facts=facts, evidence=_evidence(em))


def _of(em: EmDecision, name: str) -> MdmElement:
    return {"problems": em.problems, "data": em.data, "risk": em.risk}[name]


def _items(element: MdmElement) -> str:
    return "; ".join(f"{i.text} [{i.category.replace('_', ' ')}]" for i in element.items) or "nothing counted"


def _evidence(em: EmDecision) -> tuple[Evidence, ...]:
    return tuple(e for name in ELEMENTS for i in _of(em, name).items for e in i.evidence)


def em_need(q: Question) -> Answer | None:
    """What the E/M code asked about would need."""
    code = next((c for c in q.numbered if c in q.shelf.em.by_code and not q.view.on_claim(c)), None)
    code = code or next((c for c in q.numbered if c in q.shelf.em.by_code), None)
    if code is None:
        if not q.numbered or q.view.on_claim(q.numbered[0]):
            return None
        from agent.chat.answers.why_not import why_not

        return why_not(q)
    return em_need_of(q, code)


def em_need_of(q: Question, code: str) -> Answer:
    """The level or time a code asks for beside what the note carries."""
    wanted, found = q.shelf.em.by_code[code], q.procedure(code)
    title = found.title if found else ""
    em = q.view.coding.em
    have = {name: _of(em, name).level for name in ELEMENTS} if em else {}
    short = [n for n in ELEMENTS if em and _rank(have[n]) < _rank(wanted.level)]
    time = f", or at least {wanted.minutes} minutes of total time on the date" if wanted.minutes else ""
    parts = [
        f"{titled(code, title)} needs {wanted.level} decision making (two of problems, data, risk){time}."
    ]
    if em:
        parts.append(
            f"The note carries problems {have['problems']}, data {have['data']}, risk {have['risk']}{_minutes(em)}."
        )
        parts += _what_would(q, wanted, short)
    parts += _other_kind(q, wanted)
    facts: Json = {
        "intent": "em_need",
        "code": code,
        "billed": em.code if em else None,
        "needs_mdm": wanted.level,
        "needs_minutes": wanted.minutes,
        "have": have,
        "short": short,
        "on_claim": q.view.on_claim(code),
    }
    return Answer(text=" ".join(parts), facts=facts, evidence=_evidence(em) if em else ())


def _minutes(em: EmDecision) -> str:
    return f", {em.minutes} minutes documented" if em.minutes else ", no total time counted"


def _rank(level: str) -> int:
    return [str(x) for x in LEVELS].index(level)


def _what_would(q: Question, wanted: EmCode, short: list[str]) -> list[str]:
    """For each element under the level, the categories of the MDM table that would carry it."""
    if len(short) < 2:
        return ["Two elements meet it already."]
    told = []
    for name in short:
        rows = [c for (e, _), c in q.shelf.em.categories.items() if e == name and c.level == wanted.level]
        carrying = [r.meaning for r in rows] or _data_ways(wanted.level)
        told.append(f"{name.capitalize()} would be {wanted.level} by: {'; '.join(carrying)}.")
    spare = len(short) - 1
    return [f"{'One' if spare == 1 else 'Two'} of these would have to rise:", *told]


def _data_ways(level: str) -> list[str]:
    """Data counts by groups, not by single rows (CPT E/M guidelines, table of MDM)."""
    ways = {
        "low": "two tests, documents or results, or an independent historian",
        "moderate": "three tests, documents, results or a historian; or an own interpretation; or a talk with an outside professional",
        "high": "two of: three tests, documents, results or a historian; an own interpretation; a talk with an outside professional",
    }
    return [ways[level]] if level in ways else ["nothing in particular"]


def _other_kind(q: Question, wanted: EmCode) -> list[str]:
    new = q.view.facts.new_patient
    kind = {"new": True, "established": False}.get(wanted.patient)
    if kind is None or new is None or kind is new:
        return []
    return [
        f"It is for {wanted.patient} patients; this one is {'new' if new else 'established'} ({q.view.facts.new_patient_why})."
    ]


def no_em(q: Question) -> Answer | None:
    """Why no problem-oriented visit is billed; the level when one is."""
    coding = q.view.coding
    if coding.em is not None:
        return em_elements(q)
    rows = [(x, q.procedure(x.code)) for x in coding.service_lines]
    visits = [x.code for x, p in rows if p and p.category in {"preventive", "wellness"}]
    globals_ = [
        f"{x.code} (global {p.global_days})" for x, p in rows if p and p.global_days in {"000", "010", "090"}
    ]
    asked = any(c["tool"] == "em_level" for e in q.view.events if e.event == "turn" for c in e.data["calls"])
    parts = ["No problem-oriented E/M is billed."]
    if globals_:
        parts.append(
            f"The work around {listed(globals_)} is part of the procedure; a visit beside it needs a significant, separately "
            "identifiable problem (modifier 25), and the note documents none."
        )
    if visits:
        parts.append(
            f"The visit is {listed(visits)}; a problem visit beside it needs work of its own, and none is documented."
        )
    parts.append("A level was computed and not billed." if asked else "No level was computed.")
    return Answer(
        text=" ".join(parts),
        facts={"intent": "no_em", "em": None, "visits": visits, "procedures": [x.code for x, _ in rows]},
    )
