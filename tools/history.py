"""The tools get_encounter and get_history: what was gathered before anyone codes."""

from datetime import date
from typing import get_args

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.payers import PayerPack, PayerPacks
from tools.context import ToolContext
from tools.encounter import EncounterFacts, HistoryItem, HistoryKind
from tools.examples import Examples
from tools.state import ToolState

Json = dict[str, object]
SIMILAR = 3
"""How many approved cases a coder is shown."""


def encounter_summary(facts: EncounterFacts, packs: PayerPacks | None = None) -> Json:
    """The encounter without its texts: dates, patient, payer, documents, what is missing, earlier visits."""
    primary = facts.primary
    return {
        "encounter_id": facts.encounter_id,
        "date_of_service": facts.date_of_service.isoformat(),
        "age": facts.age_years,
        "sex": facts.patient.sex,
        "new_patient": facts.new_patient,
        "new_patient_why": facts.new_patient_why,
        "place_of_service": facts.place_of_service,
        "encounter_class": facts.encounter_class,
        "payer": facts.payer_kind,
        "pack": primary.pack if primary else None,
        "telehealth": _telehealth(facts, packs),
        "separate_structure": _pack(facts, packs).separate_structure if packs else None,
        **_services(facts, packs),
        "prolonged_code": _pack(facts, packs).prolonged_code if packs else None,
        "own_references": _own(facts),
        "documents": [
            {
                "id": one.id,
                "title": one.title,
                "kind": one.kind,
                "signed": one.signed,
                "author_role": one.author_role,
                "chars": len(one.text),
            }
            for one in facts.documents
        ],
        "reasons": list(facts.reasons),
        "missing": [one.model_dump() for one in facts.missing],
        "prior_encounters": [_dump(item) for item in facts.history if item.kind == "encounter"],
    }


def _own(facts: EncounterFacts) -> list[str]:
    """By what the record names those who bill this encounter: an earlier service of theirs is known by it."""
    ours = (facts.rendering_provider, facts.billing_provider)
    return [x for one in ours if one is not None for x in (one.reference, one.npi) if x]


def _telehealth(facts: EncounterFacts, packs: PayerPacks | None) -> Json | None:
    """How this payer wants telehealth reported, when the place of service says that it was one."""
    if packs is None or facts.place_of_service not in {"02", "10"}:
        return None
    return _pack(facts, packs).telehealth.model_dump()


def _services(facts: EncounterFacts, packs: PayerPacks | None) -> Json:
    """Which codes this payer wants for vaccines given and for wellness visits, and whether it takes G2211."""
    if packs is None:
        return {}
    pack = _pack(facts, packs)
    return {
        "vaccine_admin": pack.vaccine_admin, "wellness": pack.wellness, "accepts_g2211": pack.accepts_g2211,
    }  # fmt: skip


def _pack(facts: EncounterFacts, packs: PayerPacks) -> PayerPack:
    """The rules of the primary payer, else of its kind."""
    primary = facts.primary
    return packs.for_kind((primary.pack if primary else None) or facts.payer_kind)


def history_items(facts: EncounterFacts, kinds: tuple[HistoryKind, ...], as_of: date) -> Json:
    """The items of these kinds, latest first (those without a date last)."""
    chosen = [item for item in facts.history if item.kind in kinds]
    chosen.sort(key=lambda i: (i.effective or i.recorded or date.min).toordinal(), reverse=True)
    return {"as_of": as_of.isoformat(), "items": [_dump(item) for item in chosen]}


def _dump(item: HistoryItem) -> Json:
    return item.model_dump(mode="json")


def known_kinds(asked: list[str] | None) -> tuple[HistoryKind, ...]:
    """The kinds asked for; all of them when none is named.

    Raises:
        ToolException: a kind that does not exist; names those that do.
    """
    every: tuple[HistoryKind, ...] = get_args(HistoryKind)
    if not asked:
        return every
    if unknown := [one for one in asked if one not in every]:
        raise ToolException(f"no history of kind '{unknown[0]}'; ask for one of {', '.join(every)}")
    return tuple(kind for kind in every if kind in asked)


@tool(parse_docstring=True)
def get_encounter(runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Tell what is known of the encounter: date, age, sex, new or established and why, place, payer.

    Also lists its documents, what the claim still lacks, and the earlier encounters. Call it first.
    """
    facts, context = runtime.state["facts"], runtime.context
    summary = encounter_summary(facts, context.bookshelf.payers)
    if context.examples is not None:
        summary["similar_cases"] = similar_cases(facts, context.examples)
    return orjson.dumps(summary).decode()


def similar_cases(facts: EncounterFacts, examples: Examples) -> list[Json]:
    """What approved cases of the practice with notes like this one were coded with; advice, never evidence."""
    text = "\n".join(d.text for d in facts.documents)
    found = examples.similar(text, limit=SIMILAR, leave_out=facts.encounter_id)
    return [e.model_dump(mode="json", exclude={"encounter"}) for e in found]


@tool(parse_docstring=True)
def get_history(kinds: list[str] | None, runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Tell what the patient's record holds besides the note, as known on the coding date, latest first.

    History supports specificity and frequency; a diagnosis of today needs today's documentation.

    Args:
        kinds: any of condition, procedure, medication, observation, immunization, encounter, allergy, claim,
            order; leave empty for all.
    """
    items = history_items(runtime.state["facts"], known_kinds(kinds), runtime.context.today)
    return orjson.dumps(items).decode()
