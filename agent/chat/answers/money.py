"""Charges, relative values and units."""

from decimal import Decimal

from agent.chat.answer import Answer
from agent.chat.answers.wording import line_words
from agent.chat.question import Question
from agent.coding import CodedLine


def money(q: Question) -> Answer:
    """Charge and RVU of the claim, or of the lines named; whether the charges are the practice's own."""
    lines = q.lines_meant
    charge = sum((x.charge for x in lines), Decimal("0.00"))
    rvu = sum((x.rvu.total for x in lines if x.rvu), Decimal("0.00"))
    work = sum((x.rvu.work for x in lines if x.rvu), Decimal("0.00"))
    derived = [x.code for x in lines if x.charge_basis == "derived"]
    told = [f"{line_words(x)}: ${x.charge:.2f}" for x in lines]
    text = f"${charge:.2f} charged, {rvu:.2f} RVU (work {work:.2f}). {'; '.join(told)}."
    if derived:
        text += " These charges are derived from the fee schedule, not from a charge master; what the payer pays is not known here."
    facts = {
        "intent": "money",
        "charge": f"{charge:.2f}",
        "rvu": f"{rvu:.2f}",
        "work_rvu": f"{work:.2f}",
        "derived": derived,
    }
    return Answer(text=text, facts=facts)


def units(q: Question) -> Answer | None:
    """How the units of a line came about: the dose by the unit of a drug, minutes, or one service; and the limit."""
    code = q.code_of(diagnosis=False) or _with_units(q)
    lines = q.view.lines(code) if code else ()
    if not lines:
        return None
    line = lines[0]
    drug, limit = (
        q.shelf.procedures.drug_unit(line.code),
        q.shelf.edits.mue(line.code, q.view.facts.date_of_service),
    )
    told = f"{line_words(line)} has {_plain(line)} unit(s): {line.rationale}"
    if drug is not None:
        told += f"; one unit of {line.code} is {drug.amount.normalize():f} {drug.unit} of {drug.drug}"
    if limit is not None:
        told += f"; the unit limit is {limit.mue} a day (MAI {limit.mai})"
    facts = {
        "intent": "units",
        "code": line.code,
        "units": _plain(line),
        "limit": limit.mue if limit else None,
    }
    return Answer(text=f"{told}.", facts=facts, evidence=line.evidence)


def _with_units(q: Question) -> str | None:
    """The line with the units that the question names, else the only one with more than one unit."""
    lines = q.view.coding.service_lines
    fitting = [x.code for x in lines if q.slots.units is not None and x.units == q.slots.units]
    several = [x.code for x in lines if x.units > 1]
    chosen = fitting or several
    return chosen[0] if len(chosen) == 1 else None


def _plain(line: CodedLine) -> str:
    return f"{line.units.normalize():f}"
