"""Tool-use traces: the model turns and tool answers of coded encounters, de-identified, as Converse conversations.

Only a run that ended in an emitted claim whose coding is what the example of its encounter says is right is worth learning.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from agent.nodes.gather import opened
from agent.trace import TraceError, TraceEvent, load_trace
from evals.scorers.visits import is_visit
from evals.solvers.model_alone import Said, SaidDiagnosis, SaidLine
from evals.train.anonymise import Anonymiser, age_of
from evals.train.build import NoExample, keyed, same, teach
from evals.train.formats import SCHEMA, unreserved
from evals.train.identifiers import Identifiers, of_facts
from evals.train.offsets import Offsets
from evals.train.records import Dropped, Joined, Split, TrainError
from tools.encounter import EncounterFacts

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
        cleaner = cleaner_of(facts, patient.known, patient.anonymisers[number])
        line = conversation(events, facts, cleaner)
        if not cleaner.quotes_hold(line):
            dropped.append(
                Dropped(what=name, why="a citation does not stand where it says after de-identification")
            )
            continue
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
    if right is None or not proposed or not same(_said_by(proposed[-1]), right):
        return "what the run proposed is not what is right"
    return None


def _said_by(args: Mapping[str, Any]) -> Said:
    """What a call of propose_claim says, as far as codings are compared."""
    codes = [d["code"] for d in args.get("diagnoses") or ()]
    lines = tuple(
        SaidLine(
            code=x["code"],
            modifiers=tuple(
                m["code"] if isinstance(m, Mapping) else str(m) for m in x.get("modifiers") or ()
            ),
            units=float(x.get("units") or 1),
            diagnoses=tuple(codes[p - 1] for p in x.get("pointers") or () if 0 < p <= len(codes)),
        )
        for x in args.get("service_lines") or ()
    )
    return Said(
        diagnoses=tuple(SaidDiagnosis(code=c) for c in codes),
        em=next((x.code for x in lines if is_visit(x.code)), None),
        lines=lines,
    )


def cleaner_of(facts: EncounterFacts, known: Identifiers, anonymiser: Anonymiser) -> "Cleaner":
    """For a run of one of a patient's visits: what only the run's facts name has to go too, so ``known`` learns it first."""
    known.update(of_facts(facts))
    return Cleaner(anonymiser.knowing(known), facts)


class Cleaner:
    """De-identifies a trace: every text in it, however nested, ids that name the encounter, and offsets into its documents."""

    def __init__(self, anonymiser: Anonymiser, facts: EncounterFacts) -> None:
        """For the texts of one encounter."""
        self._anonymiser = anonymiser
        ids = {d.id: f"document-{n}" for n, d in enumerate(facts.documents, 1)} | {
            facts.encounter_id: "encounter"
        }
        self._ids = dict(sorted(ids.items(), key=lambda pair: -len(pair[0])))
        self.texts = {d.text: self.text(d.text) for d in facts.documents}
        self._offsets = {self._ids[d.id]: Offsets(d.text, self.texts[d.text]) for d in facts.documents}
        self.documents = {self._ids[d.id]: self.texts[d.text] for d in facts.documents}

    def text(self, text: str) -> str:
        """One text."""
        for own, instead in self._ids.items():
            text = text.replace(own, instead)
        return unreserved(self._anonymiser.text(text))

    def value(self, value: Any, within: str = "document-1") -> Any:
        """Every text of a JSON value; offsets move with the document that they point into."""
        if isinstance(value, str):
            return self.texts.get(value) or self.text(value)
        if isinstance(value, Mapping):
            return self._object(value, within)
        if isinstance(value, list | tuple):
            return [self.value(v, within) for v in value]
        return value

    def _object(self, value: Mapping[str, Any], within: str) -> Json:
        named = value.get("document") or value.get("id")
        within = self._ids.get(named, within) if isinstance(named, str) else within
        made = {k: self.value(v, within) for k, v in value.items()}
        offsets = self._offsets.get(within)
        for key in ("start", "end"):
            if offsets and isinstance(value.get(key), int):
                made[key] = offsets.place(value[key], end=key == "end")
        if offsets and isinstance(value.get("sentences"), list):
            made["sentences"] = [
                [offsets.place(s[0]), offsets.place(s[1], end=True), *s[2:]] for s in value["sentences"]
            ]
        for key in ("age", "age_years"):
            if isinstance(value.get(key), int):
                made[key] = age_of(value[key])
        return made

    def survivors(self, line: Json, planted: Sequence[str]) -> bool:
        """Whether an identifier is left."""
        said = orjson.dumps(line["messages"]).decode()
        return bool(self._anonymiser.survivors(said)) or any(p.lower() in said.lower() for p in planted)

    def quotes_hold(self, value: Any) -> bool:
        """Whether every citation of a call still stands where it says."""
        if isinstance(value, Mapping):
            quote, start = value.get("quote"), value.get("start")
            text = self.documents.get(str(value.get("document")))
            if quote and text is not None and isinstance(start, int) and not text.startswith(quote, start):
                return False
            return all(map(self.quotes_hold, value.values()))
        return all(map(self.quotes_hold, value)) if isinstance(value, list) else True

    def facts(self, facts: EncounterFacts) -> EncounterFacts:
        """What the coder is told at first, as far as it is told."""
        documents = tuple(
            d.model_copy(
                update={"id": self._ids[d.id], "title": self.text(d.title), "text": self.texts[d.text]}
            )
            for d in facts.documents
        )
        day = date.fromisoformat(self._anonymiser.day(facts.date_of_service))
        changes = {"encounter_id": "encounter", "age_years": age_of(facts.age_years), "date_of_service": day}
        return facts.model_copy(update={**changes, "documents": documents})


def conversation(events: Sequence[TraceEvent], facts: EncounterFacts, cleaner: Cleaner) -> Json:
    """The run as the model saw it: system prompt, encounter, its turns with tool calls, the tools' answers."""
    system, first = opened(cleaner.facts(facts))["messages"]
    messages = [_turn("user", [{"text": unreserved(str(first.text))}])]
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
