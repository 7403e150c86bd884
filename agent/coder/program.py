"""The embedded coder's course of work, as a conversation with the tools."""

from collections.abc import Sequence

from agent.coder import level
from agent.coder.candidates import candidates, unestablished
from agent.coder.case import Case, build_case
from agent.coder.combinations import combinations
from agent.coder.conversation import Answer, Ask, Coder, Json
from agent.coder.diagnoses import Diagnosis, Dropped, choose, combine, first_listed, settle


def program() -> Coder:
    """Read, look up, choose, level, link, hand in, and mend what the self-check finds."""
    encounter, history, note = yield (
        Ask(tool="get_encounter", args={}),
        Ask(tool="get_history", args={"kinds": None}),
        Ask(tool="read_note", args={"documents": None}),
    )
    case = build_case(encounter, history, note)
    wanted, refused = candidates(case), unestablished(case)
    queries = [c.query for c in wanted] + [r.query for r in refused]
    (found,) = yield (Ask(tool="search_codes", args={"queries": queries, "system": "icd10cm"}),)
    results = found.data.get("results", [])
    diagnoses, _ = choose(wanted, results[: len(wanted)])
    diagnoses, combined = combine(diagnoses, combinations())
    codes = [d.code for d in diagnoses]
    looked, guided = yield (
        Ask(tool="look_up_codes", args={"codes": codes, "system": "icd10cm"}),
        Ask(tool="search_guidelines", args={"queries": [d.display for d in diagnoses[:3]], "limit": 2}),
    )
    lookups = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    diagnoses, dropped = settle([d for d in diagnoses if d.code in lookups], lookups)
    diagnoses = first_listed(diagnoses, _reasons(case))[:12]
    yield from _hand_in(case, diagnoses, [*combined, *dropped], _rejected(refused, results[len(wanted) :]), lookups)


def _hand_in(
    case: Case, diagnoses: list[Diagnosis], dropped: list[Dropped], rejected: list[Json], lookups: dict[str, Json]
) -> Coder:
    problems, data, risk = level.problems(diagnoses, lookups), level.data(case, ()), level.risk(case)
    minutes, _ = level.minutes(case)
    entries = {"problems": problems, "data": data, "risk": risk}
    (levelled,) = yield (
        Ask(
            tool="em_level",
            args={
                "family": "office",
                "new_patient": case.new_patient,
                "minutes": minutes,
                **{k: [c.entry for c in v] for k, v in entries.items()},
            },
        ),
    )
    code = levelled.data.get("code")
    links: tuple[Answer, ...] = yield (
        Ask(tool="check_linkage", args={"pairs": [{"diagnosis": d.code, "procedure": code} for d in diagnoses]}),
        Ask(tool="modifier_rules", args={"code": code, "modifiers": ["25"]}),
    )
    good = [x["diagnosis"] for x in links[0].data.get("links", ()) if x["verdict"] == "supported"]
    pointers = [n for n, d in enumerate(diagnoses, 1) if d.code in good][:4]
    claim: Json = {
        "diagnoses": [_diagnosis(d) for d in diagnoses],
        "service_lines": [_em_line(code, pointers, diagnoses, levelled)] if code and pointers else [],
        "em": _em(code, levelled, entries, minutes) if code else None,
        "rejected": [*rejected, *map(_dropped, dropped)],
    }
    while True:
        yield (Ask(tool="propose_claim", args=claim),)


def _diagnosis(d: Diagnosis) -> Json:
    return {"code": d.code, "citations": d.citations, "guidelines": [d.guideline], "rationale": d.rationale}


def _em_line(code: str, pointers: list[int], diagnoses: Sequence[Diagnosis], levelled: Answer) -> Json:
    return {
        "code": code,
        "pointers": pointers,
        "citations": [c for p in pointers for c in diagnoses[p - 1].citations[:1]],
        "rationale": levelled.data["explanation"],
    }


def _em(code: str, levelled: Answer, entries: dict[str, list[level.Counted]], minutes: int | None) -> Json:
    said = levelled.data
    elements = {k: {"level": said[k], "items": [c.item for c in v]} for k, v in entries.items()}
    return {"code": code, "basis": said["basis"], "minutes": minutes, "explanation": said["explanation"], **elements}


def _dropped(d: Dropped) -> Json:
    return {"code": d.code, "system": "ICD-10-CM", "reason": d.reason, "rule": d.rule, "citations": d.citations}


def _rejected(refused: Sequence, results: Sequence[Json]) -> list[Json]:  # type: ignore[type-arg]
    rows = []
    for r, result in zip(refused, results, strict=False):
        hit = next((h for h in result["hits"] if h["score"] >= 0.5), None)
        if hit:
            rows.append(
                {
                    "code": hit["code"],
                    "system": "ICD-10-CM",
                    "reason": r.reason,
                    "rule": r.rule,
                    "citations": [r.seen.citation],
                }
            )
    return rows


def _reasons(case: Case) -> list[str]:
    spoken = [str(m.text) for m in case.of("problem") if m.section_kind == "chief_complaint"]
    return [*spoken, *case.encounter.get("reasons", ())]
