"""Modifiers: which stand on the lines and why, and why one does not."""

from agent.chat.answer import Answer
from agent.chat.answers.wording import listed
from agent.chat.question import Question
from agent.coding import CodedLine


def modifiers(q: Question) -> Answer:
    """Every modifier with the criterion that was met; of the lines named, or of all."""
    used = [(x, m) for x in q.lines_meant for m in x.modifiers]
    text = "; ".join(f"line {x.line}, {x.code}-{m.code}: {m.why}" for x, m in used)
    by_code: dict[str, list[str]] = {}
    for x, m in used:
        by_code.setdefault(x.code, []).append(m.code)
    return Answer(
        text=text or "no line carries a modifier",
        facts={"intent": "modifiers", "modifiers": by_code},
        evidence=tuple(e for x, _ in used for e in x.evidence),
    )


def why_modifier(q: Question) -> Answer:
    """Why a modifier stands on a line, what it means and asks for, and which edit it answers."""
    modifier = q.slots.modifiers[0]
    row = q.shelf.modifiers.get(modifier)
    lines = q.lines_meant
    carrying = [x for x in lines if modifier in {m.code for m in x.modifiers}]
    if not carrying:
        return _not_used(q, modifier, lines)
    told = [f"line {x.line}, {x.code}-{modifier}: {_why(x, modifier)}" for x in carrying]
    pairs = [p for x in carrying for p in _pairs(q, x)]
    text = f"{'; '.join(told)}. {modifier} says: {row.title}. It asks for: {listed(row.criteria)}."
    text += f" Without it: {'; '.join(pairs)}." if pairs else ""
    facts = {
        "intent": "why_modifier",
        "modifier": modifier,
        "code": carrying[0].code,
        "lines": [x.line for x in carrying],
        "on_claim": True,
        "why": _why(carrying[0], modifier),
        "source": row.source,
    }
    return Answer(text=text, facts=facts, evidence=tuple(e for x in carrying for e in x.evidence))


def _why(line: CodedLine, modifier: str) -> str:
    return next(m.why for m in line.modifiers if m.code == modifier)


def _pairs(q: Question, line: CodedLine) -> list[str]:
    """Pair edits of this line that a modifier may open."""
    on = q.view.facts.date_of_service
    others = [x for x in q.view.coding.service_lines if x.line != line.line]
    rows = [row for x in others if (row := q.shelf.edits.ptp_between(line.code, x.code, on)) is not None]
    return [f"{r.column1} includes {r.column2} (indicator {r.modifier_indicator})" for r in rows]


def _not_used(q: Question, modifier: str, lines: list[CodedLine]) -> Answer:
    row = q.shelf.modifiers.get(modifier)
    verdicts = []
    for line in lines:
        procedure = q.procedure(line.code)
        if procedure is not None:
            verdict = q.shelf.modifiers.allowed(modifier, procedure)
            verdicts.append(
                f"line {line.line}: {'could carry it' if verdict.ok else 'can not'} ({verdict.why})"
            )
    text = f"No such line carries {modifier} ({row.title}). It asks for: {listed(row.criteria)}. {'; '.join(verdicts)}."
    return Answer(
        text=text,
        facts={"intent": "why_modifier", "modifier": modifier, "on_claim": False, "code": None, "lines": []},
    )
