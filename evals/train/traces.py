"""Tool-use traces: the model turns and tool answers of coded encounters, de-identified, as Converse conversations.

Only a run that ended in an emitted claim whose coding is what the example of its encounter says is right is worth learning.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from agent.nodes.gather import opened
from agent.trace import TraceError, TraceEvent, load_trace
from evals.train.anonymise import Anonymiser
from evals.train.build import NoExample, keyed, of_proposal, same, teach
from evals.train.formats import SCHEMA, unreserved
from evals.train.identifiers import of_facts
from evals.train.records import Dropped, Joined, Split, TrainError
from tools.encounter import EncounterFacts
from tools.proposal import Proposal

if TYPE_CHECKING:
    from evals.train.export import Plan
    from evals.train.patients import Patient

Json = dict[str, Any]


def traces_of(
    people: Sequence["Patient"], plan: "Plan", key: bytes, dropped: list[Dropped], planted: Sequence[str] = ()
) -> Iterator[tuple[Split, Json]]:
    """The conversations of the output folders below ``plan.traces`` whose encounters are among the notes.

    Raises:
        TrainError: no folder of traces is named, or an identifier survives in one.
    """
    from evals.train.export import split_of

    if plan.traces is None:
        raise TrainError("tool-traces needs --traces, a folder of output folders (superbill code --out)")
    known = {r.visit.facts.encounter_id: (p, n) for p in people for n, r in enumerate(p.rows)}
    for path in sorted(plan.traces.glob("**/trace.jsonl")):
        name = f"trace {keyed(key, str(path.relative_to(plan.traces)))}"
        try:
            events = load_trace(path)
            facts = EncounterFacts.model_validate(events[0].data)
        except (TraceError, ValueError) as error:
            dropped.append(Dropped(what=name, why=f"no trace that can be read ({type(error).__name__})"))
            continue
        patient, number = known.get(facts.encounter_id, (None, 0))
        if patient is None or patient.anonymisers is None:
            dropped.append(Dropped(what=name, why="its encounter is not among the notes"))
            continue
        if why := _unfit(events, patient.rows[number], unproven=plan.unproven):
            dropped.append(Dropped(what=name, why=why))
            continue
        patient.known.update(of_facts(facts))
        cleaner = Cleaner(patient.anonymisers[number], facts)
        line = conversation(events, facts, cleaner)
        if cleaner.survivors(line, planted):
            raise TrainError(f"identifiers survive in {name}; nothing was exported")
        yield split_of(plan.seed, patient.name), line


def _unfit(events: Sequence[TraceEvent], row: Joined, *, unproven: bool) -> str | None:
    """Why a run is not to be learned from; None when it is."""
    if events[-1].data["status"] != "emitted":
        return "the run did not end in an emitted claim"
    if any(e.event in {"decided", "what_if"} for e in events):
        return "a person changed what the run came to, or it never was"
    proposed = [
        c["args"]
        for e in events
        if e.event == "turn"
        for c in e.data["calls"]
        if c["tool"] == "propose_claim"
    ]
    try:
        right = teach(row, unproven=unproven).chosen
    except NoExample as reason:
        return str(reason)
    final = Proposal.model_validate(_proposal_of(proposed[-1])) if proposed else None
    if right is None or final is None or not same(of_proposal(final), right):
        return "what the run proposed is not what is right"
    return None


def _proposal_of(args: Mapping[str, Any]) -> Mapping[str, Any]:
    found = args.get("proposal", args)
    return found if isinstance(found, Mapping) else args


class Cleaner:
    """De-identifies a trace: every text in it, however nested, and ids that name the encounter."""

    def __init__(self, anonymiser: Anonymiser, facts: EncounterFacts) -> None:
        """For the texts of one encounter."""
        self._anonymiser = anonymiser
        self._ids = {i: f"document-{n}" for n, i in enumerate((d.id for d in facts.documents), 1)}
        self._ids[facts.encounter_id] = "encounter"

    def text(self, text: str) -> str:
        """One text."""
        for own, instead in sorted(self._ids.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(own, instead)
        return unreserved(self._anonymiser.text(text))

    def value(self, value: Any) -> Any:
        """Every text of a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {k: self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(v) for v in value]
        return value

    def survivors(self, line: Json, planted: Sequence[str]) -> bool:
        """Whether an identifier is left."""
        said = orjson.dumps(line["messages"]).decode()
        return bool(self._anonymiser.survivors(said)) or any(p.lower() in said.lower() for p in planted)


def conversation(events: Sequence[TraceEvent], facts: EncounterFacts, cleaner: Cleaner) -> Json:
    """The run as the model saw it: system prompt, encounter, its turns with tool calls, the tools' answers."""
    system, first = opened(facts)["messages"]
    messages = [_turn("user", [{"text": cleaner.text(str(first.text))}])]
    for event in events:
        if event.event == "turn":
            messages.append(_turn("assistant", _said(event.data, cleaner)))
        elif event.event == "answer":
            _add(messages, [_result(event.data, cleaner)])
        elif event.event == "told_coder":
            _add(messages, [{"text": cleaner.text(event.data["text"])}])
    while messages[-1]["role"] != "assistant":
        messages.pop()
    return {"schemaVersion": SCHEMA, "system": [{"text": str(system.text)}], "messages": messages}


def _turn(role: str, content: list[Json]) -> Json:
    return {"role": role, "content": content}


def _add(messages: list[Json], content: list[Json]) -> None:
    """Several answers are one turn of the user."""
    if messages[-1]["role"] == "user":
        messages[-1]["content"].extend(content)
    else:
        messages.append(_turn("user", content))


def _said(turn: Json, cleaner: Cleaner) -> list[Json]:
    content: list[Json] = [{"text": cleaner.text(turn["text"])}] if turn["text"] else []
    for call in turn["calls"]:
        use = {"toolUseId": call["id"], "name": call["tool"], "input": cleaner.value(call["args"])}
        content.append({"toolUse": use})
    return content or [{"text": "-"}]


def _result(answer: Json, cleaner: Cleaner) -> Json:
    try:
        content: Json = {"json": cleaner.value(orjson.loads(answer["content"]))}
    except orjson.JSONDecodeError:
        content = {"text": cleaner.text(answer["content"])}
    status = "success" if answer["ok"] else "error"
    return {"toolResult": {"toolUseId": answer["id"], "status": status, "content": [content]}}
