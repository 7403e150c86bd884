"""What a code is, from the tables."""

from agent.chat.answer import Answer, Json
from agent.chat.answers.wording import listed
from agent.chat.question import Question

MOST = 5


def look_up(q: Question) -> Answer:
    """Title, whether it can be billed, the notes in force, and where it stands on this claim."""
    code = q.numbered[0]
    return _diagnosis(q, code) or _procedure(q, code) or _unknown(q, code)


def _standing(q: Question, code: str) -> str:
    return " It is on this claim." if q.view.on_claim(code) else " It is not on this claim."


def _diagnosis(q: Question, code: str) -> Answer | None:
    on = q.view.facts.date_of_service
    found = q.icd(code)
    if found is None:
        return None
    notes = q.shelf.icd.notes(code, on)
    kinds = (
        ("Excludes1", notes.excludes1),
        ("Excludes2", notes.excludes2),
        ("Code first", notes.code_first),
        ("Use additional", notes.use_additional),
        ("Code also", notes.code_also),
    )
    told = [f"{name}: {listed([n.text for n in rows][:MOST])}." for name, rows in kinds if rows]
    bill = "billable" if found.billable else f"not billable, needs {found.needs}"
    text = f"{code} is {found.display} (ICD-10-CM {found.edition}, {bill}). {' '.join(told)}".strip()
    facts: Json = {
        "intent": "look_up",
        "code": code,
        "system": "ICD-10-CM",
        "display": found.display,
        "billable": found.billable,
        "needs": found.needs,
        "edition": found.edition,
        "on_claim": q.view.on_claim(code),
    }
    own = q.view.diagnosis(code)
    return Answer(text=text + _standing(q, code), facts=facts, evidence=own.evidence if own else ())


def _procedure(q: Question, code: str) -> Answer | None:
    found = q.procedure(code)
    if found is None:
        return None
    limit = q.shelf.edits.mue(code)
    text = (
        f"{code} is {found.title} ({found.category.replace('_', ' ')}; status {found.status or 'none'}, global "
        f"{found.global_days or 'none'}, work RVU {found.work_rvu}, total {found.total_nonfacility}"
        f"{f', unit limit {limit.mue} a day' if limit else ''})."
    )
    facts: Json = {
        "intent": "look_up",
        "code": code,
        "system": "CPT" if code[0].isdigit() else "HCPCS",
        "display": found.title,
        "billable": True,
        "on_claim": q.view.on_claim(code),
    }
    return Answer(text=text + _standing(q, code), facts=facts)


def _unknown(q: Question, code: str) -> Answer:
    on = q.view.facts.date_of_service
    return Answer(
        text=f"{code} is in none of the loaded tables on {on}. The procedure table is a starter table: what it lacks is unknown, not invalid.",
        facts={"intent": "look_up", "code": code, "system": None, "billable": None, "on_claim": False},
    )
