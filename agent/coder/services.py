"""The service stage: what the record documents as done today by this practice, and the code for it."""

from collections.abc import Generator

from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
MINIMUM_SCORE = 0.5


def serve(case: Case) -> Stage:
    """Decide the service lines (the E/M apart) from the tools' answers."""
    done = performed(case)
    if not done:
        return ()
    (found,) = yield (Ask(tool="search_codes", args={"queries": [_query(s) for s in done], "system": "cpt"}),)
    hits = [_best(r) for r in found.data.get("results", ())]
    codes = list(dict.fromkeys(h["code"] for h in hits if h))
    if not codes:
        return ()
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": codes, "system": "cpt"}),)
    facts = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    lines: dict[str, Line] = {}
    for seen, hit in zip(done, hits, strict=False):
        if hit and hit["code"] in facts and hit["code"] not in lines:
            rationale = f"documented as done today: '{seen.text}'"
            lines[hit["code"]] = Line(
                code=hit["code"], seen=(seen,), rationale=rationale, facts=facts[hit["code"]]
            )
    return tuple(lines.values())


def performed(case: Case) -> list[Seen]:
    """Tests and procedures that were done here today; ordered, planned, reviewed or done elsewhere is not done."""
    return [
        m for m in case.of("test", "procedure") if m.event == "done" and m.assertion == "present" and _here(m)
    ]


def _here(seen: Seen) -> bool:
    return bool(seen.here) or seen.section_kind == "procedures"


def _query(seen: Seen) -> str:
    return " ".join(str(w) for w in (seen.concept, seen.value) if w)


def _best(result: Json) -> Json | None:
    return next((h for h in result["hits"] if h["billable"] and h["score"] >= MINIMUM_SCORE), None)
