"""gather: load the encounter, its documents, people and history as known on the coding date. Facts, never codes."""

from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.runtime import Runtime

from agent.context import Context
from agent.prompts import render
from agent.state import State, Usage
from tools.encounter import EncounterFacts, PayerKind
from tools.fhir.coverage import PackOf
from tools.fhir.gather import gather as gather_facts
from tools.intake import read_bytes


def gather(state: State, runtime: Runtime[Context]) -> State:
    """Read the raw encounter into facts and open the conversation with the coder.

    Raises:
        InputError: the encounter can not be read (what, where, what to do).
    """
    context = runtime.context
    raw = context.encounter or read_bytes(state.get("encounter", "").encode(), "encounter")
    facts = gather_facts(raw, as_of=context.today, tenant=context.tenant, pack_of=_pack_of(context))
    return opened(facts)


def opened(facts: EncounterFacts) -> State:
    """The state a coder starts from, when facts are known (a replay has them from its trace)."""
    return State(
        encounter="",
        facts=facts,
        messages=[
            SystemMessage(render("coder"), id="system"),
            HumanMessage(render("encounter", **_head(facts)), id="encounter"),
        ],
        usage=Usage(),
        rounds=(),
        findings=(),
        proposal=None,
        claim=None,
        limit=None,
        status=None,
        reasons=(),
        decision=None,
        decisions=(),
    )


def _pack_of(context: Context) -> PackOf:
    """Finds the payer pack: the one that names the payer, else the one of its kind."""

    def find(payer_id: str | None, payer_name: str, kind: PayerKind) -> str | None:
        return context.bookshelf.payers.for_payer(payer_id, kind).id

    return find


def _head(facts: EncounterFacts) -> dict[str, str]:
    documents = "\n\n".join(
        f'<document id="{d.id}" title="{d.title}" signed="{"yes" if d.signed else "no"}">\n{d.text}\n</document>'
        for d in facts.documents
    )
    return {
        "encounter_id": facts.encounter_id,
        "date_of_service": facts.date_of_service.isoformat(),
        "age": "unknown" if facts.age_years is None else str(facts.age_years),
        "sex": facts.patient.sex,
        "new_patient": {True: "new", False: "established", None: "not settled by the record"}[
            facts.new_patient
        ],
        "place_of_service": facts.place_of_service or "unknown",
        "payer": facts.payer_kind,
        "documents": documents,
    }
