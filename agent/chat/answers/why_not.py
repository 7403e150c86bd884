"""Why a code is not on the claim: set aside with a reason, an opportunity, another level or kind, found but not chosen, or never raised."""

from collections.abc import Callable, Iterator

import orjson

from agent.chat.answer import Answer, Json
from agent.chat.answers.billed import billed
from agent.chat.answers.wording import listed, quoted, titled
from agent.chat.question import Question
from agent.chat.words import content_words
from agent.replay.recorded import of_kind
from knowledge.records import NoteEvidence


def why_not(q: Question) -> Answer | None:
    """The first reason that holds, in the order: billed after all, set aside, opportunity, level, kind, tables, note, never raised."""
    code = _target(q)
    if code is None:
        return _named_in_the_note(q)
    if q.view.on_claim(code):
        told = billed(q, code, "why_code")
        return told.model_copy(update={"text": f"It is on the claim. {told.text}"})
    for reason in REASONS:
        answer = reason(q, code)
        if answer is not None:
            return answer
    return None


def _target(q: Question) -> str | None:
    """The code asked about: in "why A rather than B" it is the one that is not billed."""
    named = q.numbered
    if named:
        absent = [c for c in named if not q.view.on_claim(c)]
        return absent[0] if absent else named[0]
    return q.code_of(diagnosis=None, aside=True, tables=True)


def _facts(code: str, kind: str, **more: object) -> Json:
    return {"intent": "why_not", "code": code, "on_claim": False, "kind": kind, **more}


def _set_aside(q: Question, code: str) -> Answer | None:
    rows = [
        r
        for r in q.view.coding.rejected
        if r.code == code or r.code.startswith(code) or code.startswith(r.code)
    ]
    if not rows:
        return None
    r = rows[0]
    text = (
        f"{r.code} was considered and set aside: {r.reason} (rule {r.rule}). Evidence: {quoted(r.evidence)}."
    )
    return Answer(
        text=text, facts=_facts(r.code, "rejected", rule=r.rule, reason=r.reason), evidence=r.evidence
    )


def _opportunity(q: Question, code: str) -> Answer | None:
    o = next((o for o in q.view.coding.opportunities if o.code == code), None)
    if o is None:
        return None
    text = (
        f"{titled(code, _display(q, code))} is an opportunity, not billed by itself. Documented: {listed(o.documented)}. "
        f"Missing: {listed(o.missing)}. Guideline {o.guideline}."
    )
    return Answer(text=text, facts=_facts(code, "opportunity", rule=o.guideline, missing=list(o.missing)))


def _level(q: Question, code: str) -> Answer | None:
    """An E/M of another level is answered by what it would need."""
    if code not in q.shelf.em.by_code or q.view.coding.em is None:
        return None
    from agent.chat.answers.em import em_need_of

    return em_need_of(q, code)


def _display(q: Question, code: str) -> str:
    icd, procedure = q.icd(code), q.procedure(code)
    return icd.display if icd else procedure.title if procedure else ""


def _no_such_code(q: Question, code: str) -> Answer | None:
    on = q.view.facts.date_of_service
    icd, procedure = q.icd(code), q.procedure(code)
    if icd is None and procedure is None:
        text = f"{code} is in none of the loaded tables on {on}, so nothing can propose it"
        return Answer(text=text, facts=_facts(code, "unknown_code"))
    if icd is not None and not icd.billable:
        children = [c.code for c in q.shelf.icd.children(code, on)][:8]
        text = f"{titled(code, icd.display)} is a header, not billable: it needs {icd.needs}; under it: {listed(children)}."
        below = [d.code for d in q.view.coding.diagnoses if d.code.startswith(code)]
        text += f" On the claim: {listed(below)}." if below else ""
        return Answer(text=text, facts=_facts(code, "not_billable", needs=icd.needs, below=below))
    return None


def _kind_of_patient(q: Question, code: str) -> Answer | None:
    """A code for new patients where the patient is established, or the other way; an age or sex that the code excludes."""
    facts, procedure = q.view.facts, q.procedure(code)
    if procedure is None:
        return None
    title = procedure.title.lower()
    for word, wanted in (("new patient", True), ("established", False)):
        if word in title and facts.new_patient is not None and facts.new_patient is not wanted:
            is_ = "new" if facts.new_patient else "established"
            text = f"{titled(code, procedure.title)}: the patient is {is_} ({facts.new_patient_why})."
            return Answer(text=text, facts=_facts(code, "patient_status", new_patient=facts.new_patient))
    low, high, age = procedure.age_min, procedure.age_max, facts.age_years
    if age is not None and ((low is not None and age < low) or (high is not None and age > high)):
        text = f"{titled(code, procedure.title)} is for ages {low or 0} to {high or 'any'}; the patient is {age}."
        return Answer(text=text, facts=_facts(code, "age", age=age))
    return None


def _clash(q: Question, code: str) -> Answer | None:
    """A pair edit with a billed line, or an Excludes1 note with a coded diagnosis."""
    on = q.view.facts.date_of_service
    for line in q.view.coding.service_lines:
        row = q.shelf.edits.ptp_between(code, line.code, on) if line.code != code else None
        if row is not None:
            text = (
                f"{titled(code, _display(q, code))} and {line.code} (line {line.line}) are a code pair edit: {row.column1} "
                f"includes {row.column2}, modifier indicator {row.modifier_indicator}."
            )
            kind = _facts(
                code,
                "pair_edit",
                column1=row.column1,
                column2=row.column2,
                modifier_indicator=row.modifier_indicator,
            )
            return Answer(text=text, facts=kind)
    if q.icd(code) is None:
        return None
    for d in q.view.coding.diagnoses:
        note = q.shelf.icd.excludes1_conflict(code, d.code, on)
        if note is not None:
            text = f"{titled(code, _display(q, code))} excludes {d.code} on the claim (Excludes1 at {note.origin}: {note.text})."
            return Answer(text=text, facts=_facts(code, "excludes1", with_code=d.code, origin=note.origin))
    return None


def _in_the_note(q: Question, code: str) -> Answer | None:
    """What the note says of it: denied, uncertain, of a relative, of the past."""
    told = [(m, why) for m in _mentions_of(q, code) if (why := _standing(m))]
    if not told:
        return None
    m, why = told[0]
    quote = _quote(q, m)
    text = f"{titled(code, _display(q, code))}: the note's “{m['text']}” ({m.get('section')}) is {why}, so it is not coded as a diagnosis of today."
    return Answer(text=text, facts=_facts(code, "note", standing=why), evidence=(quote,))


def _named_in_the_note(q: Question) -> Answer | None:
    """What the words name in the note, where it has no code here and the note does not claim it for today."""
    asked = set(content_words(q.name))
    for m in q.view.mentions if asked else ():
        said = set(content_words(f"{m['text']} {m.get('concept') or ''}"))
        if m["kind"] == "problem" and asked <= said and (why := _standing(m)):
            quote = _quote(q, m)
            text = f"The note's “{m['text']}” ({m.get('section')}) is {why}, so it is not coded as a diagnosis of today."
            facts = {"intent": "why_not", "code": None, "on_claim": False, "kind": "note", "standing": why}
            return Answer(text=text, facts=facts, evidence=(quote,))
    return None


def _quote(q: Question, m: Json) -> NoteEvidence:
    document = m.get("document") or q.view.facts.documents[0].id
    return NoteEvidence(
        document=document, text=m["text"], start=m["start"], end=m["end"], section=m.get("section")
    )


def _mentions_of(q: Question, code: str) -> Iterator[Json]:
    """Mentions whose concept the vocabulary gives a code of the same category."""
    for m in q.view.mentions:
        for term in q.shelf.vocabulary.problem(str(m.get("concept") or "")) if m["kind"] == "problem" else ():
            if term.code[:3] == code[:3]:
                yield m


STANDING = {
    "absent": "denied or found absent",
    "uncertain": "documented as uncertain (outpatient claims code the sign or symptom, IV.H)",
    "conditional": "conditional",
    "hypothetical": "hypothetical",
    "planned": "planned",
}


def _standing(m: Json) -> str:
    if m.get("experiencer") not in {None, "patient"}:
        return "a relative's condition"
    if m.get("assertion") in STANDING:
        return STANDING[m["assertion"]]
    return "of the past" if m.get("temporality") == "historical" else ""


def _seen(q: Question, code: str) -> list[int]:
    """The events whose tool answers held the code."""
    mark = f'"{code}"'.encode()
    return [
        e.seq
        for e in of_kind(q.view.events, "answer")
        if mark in orjson.dumps(e.data["content"]).replace(b'\\"', b'"')
    ]


def _considered(q: Question, code: str) -> Answer | None:
    seen = _seen(q, code)
    if not seen:
        return None
    better = [d.code for d in q.view.coding.diagnoses if d.code[:3] == code[:3]]
    chosen = f" Chosen in its place: {listed(better)}." if better else ""
    text = f"{titled(code, _display(q, code))} came up in the look-ups (events {listed(map(str, seen[:4]))} of the trace) and was not chosen.{chosen}"
    return Answer(text=text, facts=_facts(code, "considered", events=seen, chosen=better))


def _never(q: Question, code: str) -> Answer | None:
    like = [x.code for x in q.view.coding.service_lines if _alike(q, code, x.code)]
    like += [d.code for d in q.view.coding.diagnoses if d.code[:3] == code[:3]]
    instead = f" Billed of its kind: {listed(like)}." if like else ""
    text = f"{titled(code, _display(q, code))}: nothing in the record led to it; no look-up and no mention raised it.{instead}"
    return Answer(text=text, facts=_facts(code, "never_raised", alike=like))


def _alike(q: Question, code: str, other: str) -> bool:
    one, two = q.shelf.procedures.find(code), q.shelf.procedures.find(other)
    return one is not None and two is not None and one.category == two.category


REASONS: tuple[Callable[[Question, str], Answer | None], ...] = (
    _set_aside,
    _opportunity,
    _level,
    _no_such_code,
    _kind_of_patient,
    _clash,
    _in_the_note,
    _considered,
    _never,
)
