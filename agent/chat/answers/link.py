"""Links: why a line points to a diagnosis, and whether the tables say that it justifies the service."""

from agent.chat.answer import Answer, Json
from agent.chat.answers.wording import listed
from agent.chat.naming import on_claim
from agent.chat.question import Question
from knowledge.records import Linkage


def link(q: Question) -> Answer | None:
    """One pair when both are named, every diagnosis of the line when only the service is, every line when only the diagnosis is."""
    named = q.numbered
    diagnosis = next((c for c in named if _is_diagnosis(q, c)), None)
    procedure = next((c for c in named if not _is_diagnosis(q, c)), None)
    if len(named) > 1 and (diagnosis is None or procedure is None):
        return None
    if procedure is None and q.name:
        procedure = on_claim(q.view, q.name, diagnosis=False) if named else q.code_of(diagnosis=False)
    if diagnosis and procedure:
        return _pair(q, diagnosis, procedure)
    if procedure:
        return _line(q, procedure)
    return _diagnosis(q, diagnosis) if diagnosis else None


def _is_diagnosis(q: Question, code: str) -> bool:
    return q.icd(code) is not None


def _judge(q: Question, diagnosis: str, procedure: str) -> Linkage:
    facts = q.view.facts
    used = [m.code for x in q.view.lines(procedure) for m in x.modifiers]
    return q.shelf.linkage.check(
        diagnosis,
        procedure,
        on=facts.date_of_service,
        age=facts.age_years,
        sex=facts.patient.sex,
        modifiers=tuple(used),
    )


def _pair(q: Question, diagnosis: str, procedure: str) -> Answer:
    said, found = _judge(q, diagnosis, procedure), q.view.diagnosis(diagnosis)
    linked = found is not None and any(found.sequence in x.pointers for x in q.view.lines(procedure))
    stands = "points to" if linked else "does not point to"
    text = (
        f"On the claim {procedure} {stands} {diagnosis}. The tables say {said.verdict.replace('_', ' ')}: {said.reason} "
        f"({said.source.table} {said.source.edition}, row {said.source.row})."
    )
    if said.verdict == "no_rule":
        text += " No rule is not the same as covered."
    facts = {
        "intent": "link",
        "diagnosis": diagnosis,
        "procedure": procedure,
        "verdict": said.verdict,
        "linked": linked,
        "row": said.source.row,
    }
    return Answer(text=text, facts=facts, evidence=found.evidence if found else ())


def _line(q: Question, procedure: str) -> Answer | None:
    lines = q.view.lines(procedure)
    if not lines:
        return None
    dx = [d for p in lines[0].pointers for d in q.view.coding.diagnoses if d.sequence == p]
    judged = [(d.code, _judge(q, d.code, procedure)) for d in dx]
    told = [f"{code} ({said.verdict.replace('_', ' ')}: {said.reason})" for code, said in judged]
    return Answer(
        text=f"line {lines[0].line}, {procedure} points to {listed(told)}",
        facts={"intent": "link", "procedure": procedure, "diagnoses": [d.code for d in dx]},
        evidence=tuple(e for d in dx for e in d.evidence),
    )


def _diagnosis(q: Question, diagnosis: str) -> Answer | None:
    found = q.view.diagnosis(diagnosis)
    if found is None:
        return None
    lines = [x.code for x in q.view.coding.service_lines if found.sequence in x.pointers]
    return Answer(
        text=f"{diagnosis} is pointed to by {listed(lines)}",
        facts={"intent": "link", "diagnosis": diagnosis, "procedures": lines},
        evidence=found.evidence,
    )


def pair(q: Question) -> Answer | None:
    """Whether two services (pair edits) or two diagnoses (Excludes1) may stand on one claim."""
    if len(q.numbered) < 2:
        return None
    one, two = q.numbered[:2]
    kinds = {_is_diagnosis(q, one), _is_diagnosis(q, two)}
    if len(kinds) == 2:
        return link(q)
    return _excludes(q, one, two) if kinds == {True} else _edit(q, one, two)


def _edit(q: Question, one: str, two: str) -> Answer:
    on = q.view.facts.date_of_service
    row = q.shelf.edits.ptp_between(one, two, on)
    facts: Json = {"intent": "pair", "codes": [one, two], "edit": row is not None}
    if row is None:
        known = q.shelf.edits.covers(one, on) and q.shelf.edits.covers(two, on)
        told = (
            "the loaded edits hold no such pair"
            if known
            else "the loaded edits do not cover both codes, which is not the same as allowed"
        )
        return Answer(text=f"{one} and {two}: {told}.", facts=facts)
    opens = {"0": "no modifier opens it", "1": "a modifier may open it where both were needed"}
    text = (
        f"{row.column1} includes {row.column2}; indicator {row.modifier_indicator}: "
        f"{opens.get(row.modifier_indicator, 'the edit is not in use')}."
    )
    used = {
        x.code: [m.code for m in x.modifiers] for x in q.view.coding.service_lines if x.code in {one, two}
    }
    text += f" On the claim: {listed('-'.join([c, *m]) for c, m in used.items())}." if used else ""
    return Answer(text=text, facts={**facts, "column1": row.column1, "indicator": row.modifier_indicator})


def _excludes(q: Question, one: str, two: str) -> Answer:
    note = q.shelf.icd.excludes1_conflict(one, two, q.view.facts.date_of_service)
    facts: Json = {"intent": "pair", "codes": [one, two], "edit": note is not None}
    if note is None:
        return Answer(text=f"no Excludes1 note keeps {one} and {two} apart.", facts=facts)
    return Answer(
        text=f"{one} and {two} exclude each other (Excludes1 at {note.origin}: {note.text}).", facts=facts
    )
