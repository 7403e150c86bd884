"""The diagnosis stage: search, choose, combine, look up, settle, order."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from agent.coder.answers import answered, reasons
from agent.coder.candidates import candidates
from agent.coder.case import Case
from agent.coder.combinations import combinations
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnoses import Diagnosis, Dropped, choose, combine, first_listed, settle
from agent.coder.lookup import look_up
from agent.coder.refused import Unestablished, unestablished
from agent.coder.rules import open_rules, ruled
from agent.coder.secondary import secondary

MOST = 12
REJECTED_SCORE = 0.5

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], "Diagnosed"]


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """What the diagnosis stage settled: diagnoses in claim order, what was left out, what the tables say of each code."""

    diagnoses: tuple[Diagnosis, ...]
    rejected: tuple[Json, ...]
    lookups: dict[str, Json] = field(default_factory=dict)


def diagnose(case: Case) -> Stage:
    """Decide the diagnoses of the case from the tools' answers."""
    wanted = candidates(case)
    refused = unestablished(case, wanted)
    hits = yield from look_up(wanted, [r.query for r in refused])
    results = [r for found in hits[len(wanted) :] for r in found]
    rules = yield from open_rules()
    chosen, unruled = ruled(choose(wanted, hits[: len(wanted)], str(case.encounter.get("sex") or "")), rules)
    chosen, combined = combine(chosen, [row for row in combinations() if row.guideline in rules])
    if not chosen:
        return Diagnosed(diagnoses=(), rejected=tuple(_rejected(refused, results)))
    (looked,) = yield (
        Ask(tool="look_up_codes", args={"codes": [d.code for d in chosen], "system": "icd10cm"}),
    )
    lookups = {c["code"]: c for c in looked.data.get("codes", ()) if c.get("found")}
    kept, dropped = settle([d for d in chosen if d.code in lookups], lookups)
    said = reasons(case)
    ordered = first_listed(kept, {d.code: answered(d, said) for d in kept}, lookups)
    ordered = (yield from secondary(case, ordered))[:MOST]
    coded = {d.code for d in ordered}
    never = [row for row in _rejected(refused, results) if row["code"] not in coded]
    rejected = [*map(_left_out, [*unruled, *combined, *dropped]), *never]
    return Diagnosed(diagnoses=tuple(ordered), rejected=tuple(rejected), lookups=lookups)


def _left_out(d: Dropped) -> Json:
    return {
        "code": d.code,
        "system": "ICD-10-CM",
        "reason": d.reason,
        "rule": d.rule,
        "citations": d.citations,
    }


def _rejected(refused: Sequence[Unestablished], results: Sequence[Json]) -> list[Json]:
    rows = []
    for r, result in zip(refused, results, strict=False):
        hit = next((h for h in result["hits"] if h["score"] >= REJECTED_SCORE), None)
        if hit:
            citations = [r.seen.citation]
            rows.append(
                {
                    "code": hit["code"],
                    "system": "ICD-10-CM",
                    "reason": r.reason,
                    "rule": r.rule,
                    "citations": citations,
                }
            )
    return rows
