"""A trace as a timeline for people: for each event one line of what was asked, answered, judged or decided."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from agent.replay.change import Change
from agent.trace import TraceEvent
from knowledge.records import Record

Json = dict[str, Any]
MOST = 6


class Moment(Record):
    """One line of the timeline; ``detail`` is the whole event for those who want to see it."""

    seq: int
    node: str
    who: str
    what: str
    detail: Json


def timeline(events: Sequence[TraceEvent]) -> tuple[Moment, ...]:
    """Every event in its line."""
    return tuple(
        Moment(
            seq=e.seq, node=e.node, who=_WHO.get(e.event, e.event), what=_WHAT[e.event](e.data), detail=e.data
        )
        for e in events
        if e.event in _WHAT
    )


def _list(words: Iterable[object], most: int = MOST) -> str:
    """The first words, and how many more there are."""
    every = [str(w) for w in words]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more if every else "none"


def _facts(data: Json) -> str:
    age = "age unknown" if data["age_years"] is None else f"{data['age_years']} years"
    new = {True: "new patient", False: "established patient", None: "new or established not settled"}
    payer = min(data["coverages"], key=lambda c: c["order"], default=None)
    return (
        f"{data['encounter_id']}, {data['date_of_service']}: {age}, {data['patient']['sex']}, {new[data['new_patient']]}, "
        f"place {data['place_of_service'] or 'unknown'}, payer {payer['payer_name'] if payer else 'none'}; "
        f"{len(data['documents'])} document(s), {len(data['history'])} earlier facts, "
        f"missing: {_list(m['what'] for m in data['missing'])}"
    )


def _settings(data: Json) -> str:
    return (
        f"coded on {data['today']}, review {data['review']}, payer pack {data['payer_pack']['id']}, charges "
        f"{'of the charge master' if data['charge_master'] else 'x' + data['charge_multiple'] + ' of the schedule'}; "
        f"{len(data['editions'])} tables"
    )


def _what_if(data: Json) -> str:
    return f"A WHAT-IF, never sent: {Change.model_validate(data['change']).told()} (from event {data['at']})"


def _turn(data: Json) -> str:
    asked = "; ".join(_asked(c["tool"], c["args"]) for c in data["calls"])
    return asked or f"says: {data['text']}"


def _asked(tool: str, args: Json) -> str:
    return f"{tool}: {_ASKED[tool](args)}" if tool in _ASKED else tool


def _pairs(args: Json) -> str:
    return _list(f"{p.get('procedure')}-{p.get('diagnosis')}" for p in args.get("pairs", ()))


def _lines(args: Json) -> str:
    rows = args.get("lines") or args.get("service_lines") or ()
    return _list(_code(row) for row in rows)


def _code(row: Json) -> str:
    used = [m["code"] if isinstance(m, dict) else m for m in row.get("modifiers", ())]
    return "-".join([str(row.get("code")), *map(str, used)])


def _proposed(args: Json) -> str:
    refused = [r["code"] for r in args.get("rejected") or ()]
    return f"{_list((d['code'] for d in args.get('diagnoses', ())), 12)} | {_lines(args)}" + (
        f" | not coded: {_list(refused)}" if refused else ""
    )


def _counted(args: Json) -> str:
    return ", ".join(f"{len(args.get(k) or ())} {k}" for k in ("problems", "data", "risk"))


_ASKED: dict[str, Callable[[Json], str]] = {
    "get_history": lambda a: _list(a.get("kinds") or ["all kinds"]),
    "read_note": lambda a: _list(a.get("documents") or ["every document"]),
    "search_codes": lambda a: f"{a.get('system')}: {_list(f'“{q}”' for q in a.get('queries', ()))}",
    "look_up_codes": lambda a: _list(a.get("codes", ())),
    "search_guidelines": lambda a: _list(a.get("queries", ())),
    "modifier_rules": lambda a: f"{a.get('code')} with {_list(a.get('modifiers', ()))}",
    "em_level": _counted,
    "check_edits": _lines,
    "check_linkage": _pairs,
    "look_up_fees": _lines,
    "propose_claim": _proposed,
}


def _answer(data: Json) -> str:
    if not data["ok"]:
        return f"{data['tool']} refused: {' '.join(str(data['content']).split())}"
    try:
        content = orjson.loads(data["content"])
    except ValueError:
        return f"{data['tool']}: {data['content']}"
    teller = _ANSWERED.get(data["tool"])
    return f"{data['tool']}: {teller(content)}" if teller and isinstance(content, dict) else str(data["tool"])


def _hits(content: Json) -> str:
    return _list(
        f"“{r['query']}” → {r['hits'][0]['code'] if r['hits'] else 'nothing'}" for r in content["results"]
    )


def _note(content: Json) -> str:
    counts = [(len(d["sections"]), len(d["sentences"]), len(d["mentions"])) for d in content["documents"]]
    return "; ".join(f"{a} sections, {b} sentences, {c} mentions" for a, b, c in counts)


def _edits(content: Json) -> str:
    pairs = _list(f"{p['column1']}/{p['column2']} ({p['modifier_indicator']})" for p in content["pairs"])
    over = _list(u["code"] for u in content["units"] if u["exceeded"])
    return f"pairs: {pairs}; over the unit limit: {over}; not covered: {_list(content['not_covered'])}"


_ANSWERED: dict[str, Callable[[Json], str]] = {
    "get_encounter": lambda c: f"new patient: {c['new_patient']} ({c['new_patient_why']})",
    "get_history": lambda c: f"{len(c['items'])} items as of {c['as_of']}",
    "read_note": _note,
    "search_codes": _hits,
    "search_guidelines": lambda c: _list(h["id"] for r in c["results"] for h in r["hits"]),
    "look_up_codes": lambda c: _list(
        f"{x['code']} {'ok' if x.get('billable', True) else 'not billable'}" if x["found"] else f"{x['code']} unknown"
        for x in c["codes"]
    ),
    "modifier_rules": lambda c: _list(f"{m['code']} {'allowed' if m['allowed'] else 'refused'}" for m in c["modifiers"]),
    "em_level": lambda c: f"{c['code']} by {c['basis']}: {c['explanation']}",
    "check_edits": _edits,
    "check_linkage": lambda c: _list(f"{x['procedure']}-{x['diagnosis']} {x['verdict']}" for x in c["links"]),
    "look_up_fees": lambda c: _list(f"{f['code']} ${f['charge']}" for f in c["fees"]),
    "propose_claim": lambda c: "accepted, goes to the self-check",
}  # fmt: skip


def _judged(data: Json) -> str:
    told = [f"{f['level']} {f['rule']}" for f in data["findings"] if f["level"] != "info"]
    notes = len(data["findings"]) - len(told)
    return f"try {data['attempt']}: {_list(told) if told else 'no error, no warning'}" + (
        f"; {notes} note(s)" if notes else ""
    )


def _decided(data: Json) -> str:
    why = f": {data['reason']}" if data["reason"] else ""
    return f"{data['by']} ({data['role']}) {data['action']}{why}"


def _outcome(data: Json) -> str:
    reasons = [f"{r['kind']}: {r['text']}" for r in data["reasons"]]
    return f"{data['status']}" + (f", because {'; '.join(reasons)}" if reasons else "")


_WHAT: dict[str, Callable[[Json], str]] = {
    "facts": _facts,
    "settings": _settings,
    "what_if": _what_if,
    "model": lambda d: f"the coder is {d['spec']}",
    "turn": _turn,
    "answer": _answer,
    "told_coder": lambda d: " ".join(d["text"].split()),
    "judged": _judged,
    "decided": _decided,
    "outcome": _outcome,
}
_WHO = {
    "facts": "gathered",
    "settings": "settings",
    "what_if": "what-if",
    "model": "coder",
    "turn": "coder asks",
    "answer": "tool says",
    "told_coder": "sent back",
    "judged": "self-check",
    "decided": "person",
    "outcome": "outcome",
}
