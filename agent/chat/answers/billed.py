"""What stands behind a billed code: the coder's reason, its evidence, its guideline, and what points where."""

from agent.chat.answer import Answer
from agent.chat.answers.wording import (
    confidence_words,
    diagnosis_words,
    guideline_words,
    line_words,
    listed,
    quoted,
)
from agent.chat.question import Question
from agent.coding import CodedDiagnosis, CodedLine


def billed(q: Question, code: str, intent: str) -> Answer:
    """The diagnosis or the lines of a code on the claim; ``intent`` is the question's."""
    found = q.view.diagnosis(code)
    return _diagnosis(q, found, intent) if found else _line(q, q.view.lines(code), intent)


def _diagnosis(q: Question, d: CodedDiagnosis, intent: str) -> Answer:
    used = [f"line {x.line} ({x.code})" for x in q.view.coding.service_lines if d.sequence in x.pointers]
    text = (
        f"{diagnosis_words(d)}: {d.rationale}. Evidence: {quoted(d.evidence)}. "
        f"Guideline: {guideline_words(q, d.guidelines)}. Points from: {listed(used)}.{confidence_words(d.confidence)}"
    )
    facts = {
        "intent": intent,
        "code": d.code,
        "on_claim": True,
        "sequence": d.sequence,
        "rationale": d.rationale,
        "guidelines": [g.id for g in d.guidelines],
        "quotes": [e.text for e in d.evidence],
    }
    return Answer(text=text, facts=facts, evidence=d.evidence)


def _line(q: Question, lines: tuple[CodedLine, ...], intent: str) -> Answer:
    em = q.view.coding.em
    texts = []
    for line in lines:
        told = f"{line_words(line)}: {line.rationale}. Evidence: {quoted(line.evidence)}"
        if em and em.code == line.code:
            told += f". E/M by {'time' if em.basis == 'time' else 'decision making'}: {em.explanation}"
        told += (
            f". Points to: {listed(_dx_at(q, p) for p in line.pointers)}.{confidence_words(line.confidence)}"
        )
        texts.append(told)
    facts = {
        "intent": intent,
        "code": lines[0].code,
        "on_claim": True,
        "lines": [x.line for x in lines],
        "rationale": lines[0].rationale,
        "guidelines": [],
        "quotes": [e.text for x in lines for e in x.evidence],
        "modifiers": [m.code for x in lines for m in x.modifiers],
    }
    return Answer(text=" ".join(texts), facts=facts, evidence=tuple(e for x in lines for e in x.evidence))


def _dx_at(q: Question, sequence: int) -> str:
    return next((d.code for d in q.view.coding.diagnoses if d.sequence == sequence), str(sequence))
