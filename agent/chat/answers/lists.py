"""What is on the claim, what was set aside, asked, found wrong, held, and what more could be billed."""

from collections import Counter

from agent.chat.answer import Answer
from agent.chat.answers.wording import diagnosis_words, line_words, listed
from agent.chat.question import Question
from knowledge.records import Finding


def claim(q: Question) -> Answer:
    """Diagnoses and lines in order."""
    coding = q.view.coding
    parts = [*map(diagnosis_words, coding.diagnoses), *map(line_words, coding.service_lines)]
    facts = {
        "intent": "claim",
        "status": coding.status,
        "diagnoses": [d.code for d in coding.diagnoses],
        "lines": [x.code for x in coding.service_lines],
    }
    return Answer(text=f"{coding.status}: {'; '.join(parts) or 'nothing was coded'}.", facts=facts)


def rejected(q: Question) -> Answer:
    """Codes that were considered and set aside, each with its reason and rule."""
    rows = q.view.coding.rejected
    text = "; ".join(f"{r.code}: {r.reason} ({r.rule})" for r in rows) or "no candidate was set aside"
    return Answer(
        text=text,
        facts={
            "intent": "rejected",
            "codes": [r.code for r in rows],
            "rules": {r.code: r.rule for r in rows},
        },
        evidence=tuple(e for r in rows for e in r.evidence),
    )


def queries(q: Question) -> Answer:
    """Questions to the provider."""
    rows = q.view.coding.queries
    text = "; ".join(f"{x.question} (because {x.why})" for x in rows) or "no query to the provider is open"
    return Answer(
        text=text,
        facts={"intent": "queries", "queries": len(rows), "questions": [x.question for x in rows]},
        evidence=tuple(e for x in rows for e in x.evidence),
    )


def opportunities(q: Question) -> Answer:
    """Services that may be billable with more documentation."""
    rows = q.view.coding.opportunities
    told = [
        f"{o.code}: documented {listed(o.documented)}; missing {listed(o.missing)} ({o.guideline})"
        for o in rows
    ]
    text = "; ".join(told) or "none was found: nothing documented in part would be billable with more"
    return Answer(text=text, facts={"intent": "opportunities", "codes": [o.code for o in rows]})


def checks(q: Question) -> Answer:
    """The self-check's findings: of the codes or lines named, or all."""
    named = set(q.numbered)
    rows = [f for f in q.view.coding.findings if not named or named & set(f.codes) or f.line in q.slots.lines]
    count = Counter(f.level for f in rows)
    about = f" for {listed(sorted(named))}" if named else ""
    text = f"{count['error']} error(s), {count['warning']} warning(s), {count['info']} note(s){about}. {' '.join(map(_finding, rows))}"
    facts = {
        "intent": "checks",
        "errors": count["error"],
        "warnings": count["warning"],
        "infos": count["info"],
        "rules": [f.rule for f in rows],
    }
    return Answer(text=text.strip(), facts=facts)


def _finding(f: Finding) -> str:
    hint = f" ({f.hint})" if f.hint else ""
    over = f" [let stand by {f.override.by}]" if f.override else ""
    return f"{f.level} {f.rule}: {f.message}{hint}{over}"


def status(q: Question) -> Answer:
    """Where the claim stands and why."""
    coding = q.view.coding
    reasons = [f"{r.kind}: {r.text}" for r in coding.review.reasons]
    text = f"{coding.status}" + (f", because {'; '.join(reasons)}" if reasons else ": nothing holds it")
    facts = {"intent": "status", "status": coding.status, "reasons": [r.text for r in coding.review.reasons]}
    return Answer(text=f"{text}.", facts=facts)
