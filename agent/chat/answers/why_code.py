"""Why this code, what supports it, and by which guideline."""

from agent.chat.answer import Answer
from agent.chat.answers.wording import (
    confidence_words,
    diagnosis_words,
    guideline_words,
    line_words,
    listed,
    quoted,
    section,
)
from agent.chat.question import Question
from agent.coding import CodedDiagnosis, CodedLine


def why_code(q: Question) -> Answer | None:
    """The coder's reason, evidence and guideline of a billed code; of one that is not billed, why it is not."""
    code = q.code
    if code is None:
        return None
    if not q.view.on_claim(code):
        from agent.chat.answers.why_not import why_not

        return why_not(q)
    return _billed(q, code, "why_code")


def is_coded(q: Question) -> Answer | None:
    """Why a code is on the claim, or why what the words name is not."""
    if q.code is not None:
        return why_code(q)
    from agent.chat.answers.why_not import why_not

    return why_not(q)


def support(q: Question) -> Answer | None:
    """What in the record supports a code."""
    code = q.code
    if code is None:
        return None
    if not q.view.on_claim(code):
        from agent.chat.answers.why_not import why_not

        return why_not(q)
    return _billed(q, code, "support")


def guideline_of(q: Question) -> Answer | None:
    """The guideline behind a code, the text of a section asked for by id, or every section that was cited."""
    if q.slots.guidelines:
        return _sections(q, q.slots.guidelines)
    code = q.code
    if code is None:
        return None if q.name and not _about_the_claim(q.name) else _all_cited(q)
    found = q.view.diagnosis(code)
    refs = found.guidelines if found else ()
    rejected = [r for r in q.view.coding.rejected if r.code == code]
    ids = [r.id for r in refs] or [r.rule for r in rejected]
    text = (
        f"{code}: {guideline_words(q, refs)}"
        if found
        else f"{code}: {listed(ids, 'no guideline section is cited')}"
    )
    return Answer(
        text=text,
        facts={"intent": "guideline_of", "code": code, "guidelines": ids},
        evidence=found.evidence if found else (),
    )


def _about_the_claim(name: str) -> bool:
    from agent.chat.words import content_words

    return not set(content_words(name)) - {
        "appl",
        "follow",
        "cited",
        "cite",
        "behind",
        "matter",
        "work",
        "were",
    }


def _sections(q: Question, ids: tuple[str, ...]) -> Answer | None:
    found = [s for i in ids if (s := section(q, i)) is not None]
    if not found:
        return Answer(
            text=f"the guidelines of the date of service have no section {listed(ids)}",
            facts={"intent": "guideline_of", "guidelines": [], "unknown": list(ids)},
        )
    return Answer(
        text=" ".join(f"{s.id} {s.title}: {s.text} (source: {s.source})" for s in found),
        facts={"intent": "guideline_of", "guidelines": [s.id for s in found]},
    )


def _all_cited(q: Question) -> Answer:
    cited = {g.id: g.title for d in q.view.coding.diagnoses for g in d.guidelines}
    rules = {r.code: r.rule for r in q.view.coding.rejected}
    words = [f"{i} {t} ({listed(_codes_by(q, i))})" for i, t in cited.items()]
    words += [f"{rule} ({code} not coded)" for code, rule in rules.items()]
    return Answer(
        text=f"cited: {'; '.join(words) or 'none'}",
        facts={"intent": "guideline_of", "guidelines": list(dict.fromkeys([*cited, *rules.values()]))},
    )


def _codes_by(q: Question, section_id: str) -> list[str]:
    return [d.code for d in q.view.coding.diagnoses if section_id in {g.id for g in d.guidelines}]


def _billed(q: Question, code: str, intent: str) -> Answer:
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
