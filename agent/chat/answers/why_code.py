"""Why this code, what supports it, and by which guideline."""

from agent.chat.answer import Answer
from agent.chat.answers.billed import billed
from agent.chat.answers.why_not import why_not
from agent.chat.answers.wording import guideline_words, listed, section
from agent.chat.question import Question
from agent.chat.words import content_words


def why_code(q: Question) -> Answer | None:
    """The coder's reason, evidence and guideline of a billed code; of one that is not billed, why it is not."""
    return _told(q, "why_code")


def is_coded(q: Question) -> Answer | None:
    """Why a code is on the claim, or why what the words name is not."""
    return why_not(q) if q.code is None else why_code(q)


def support(q: Question) -> Answer | None:
    """What in the record supports a code."""
    return _told(q, "support")


def _told(q: Question, intent: str) -> Answer | None:
    code = q.code
    if code is None:
        return None
    return billed(q, code, intent) if q.view.on_claim(code) else why_not(q)


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
