"""What the record says of the encounter: the patient's kind, the payer, what is missing, who coded, which tables."""

from agent.chat.answer import Answer
from agent.chat.answers.wording import listed
from agent.chat.question import Question
from agent.replay.recorded import one_of_kind


def patient(q: Question) -> Answer:
    """New or established and why; age, sex, date and place of the encounter."""
    facts = q.view.facts
    kind = {True: "new", False: "established", None: "not settled"}[facts.new_patient]
    text = (
        f"The patient is {kind}: {facts.new_patient_why or 'nothing in the record settles it'}. "
        f"{'Age unknown' if facts.age_years is None else f'{facts.age_years} years'}, {facts.patient.sex}, seen on "
        f"{facts.date_of_service}, place of service {facts.place_of_service or 'unknown'}."
    )
    said = {
        "intent": "patient",
        "new_patient": facts.new_patient,
        "why": facts.new_patient_why,
        "age": facts.age_years,
    }
    return Answer(text=text, facts=said)


def payer(q: Question) -> Answer:
    """Who is billed first, and by which pack of rules."""
    primary = q.view.facts.primary
    if primary is None:
        return Answer(text="the encounter has no coverage", facts={"intent": "payer", "payer": None})
    pack = q.shelf.payers.for_kind(primary.pack or primary.payer_kind)
    text = f"{primary.payer_name} ({primary.payer_kind.replace('_', ' ')}), judged by the rules of the pack {pack.id}."
    return Answer(text=text, facts={"intent": "payer", "payer": primary.payer_kind, "pack": pack.id})


def missing(q: Question) -> Answer:
    """What the claim needs and the record lacks."""
    rows = q.view.facts.missing
    text = (
        "; ".join(f"{m.what} ({m.where}): {m.how}" for m in rows) or "nothing that the claim needs is missing"
    )
    return Answer(text=text, facts={"intent": "missing", "missing": [m.what for m in rows]})


def who_coded(q: Question) -> Answer:
    """The model, its prompts, and what the run took."""
    coding = q.view.coding
    usage = coding.usage
    rated = {d.code: d.confidence for d in coding.diagnoses if d.confidence is not None}
    text = (
        f"coded by {coding.model.spec} in {usage.steps} turns and {usage.tool_calls} tool calls, {usage.seconds:.2f} s, "
        f"${usage.cost_usd}; prompts {listed(f'{k} {v}' for k, v in coding.model.prompt_hashes.items())}. "
        f"Confidence: {listed(f'{code} {value:.2f}' for code, value in rated.items())}."
    )
    facts = {"intent": "who_coded", "model": coding.model.spec, "turns": usage.steps, "confidence": rated}
    return Answer(text=text, facts=facts)


def editions(q: Question) -> Answer:
    """Which edition of each table answered for the date of service, and what else decided."""
    used = q.view.coding.editions
    settings = one_of_kind(q.view.events, "settings")
    text = (
        f"for {q.view.facts.date_of_service}: {listed(f'{table} {edition}' for table, edition in used.items())}; payer pack "
        f"{settings['payer_pack']['id']}; coded on {settings['today']}. A table named starter is not complete."
    )
    facts = {"intent": "editions", "tables": dict(used), "payer_pack": settings["payer_pack"]["id"], **used}
    return Answer(text=text, facts=facts)
