"""The guideline sections behind the coder's decisions: opened by id before they are applied, cited only when they were found."""

from collections.abc import Generator, Iterable
from dataclasses import replace

from agent.coder.combinations import combinations
from agent.coder.conversation import Answer, Ask
from agent.coder.diagnoses import Diagnosis, Dropped

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], frozenset[str]]
SYMPTOM = "IV.D"
SYMPTOM_CHAPTER = "R"
ALWAYS = (SYMPTOM, "IV.G", "IV.H", "IV.J", "I.B.5")
MOST = 16


def open_rules() -> Stage:
    """The ids of the sections that the guideline tool knows on the date of service, among those the coder works by."""
    wanted = list(dict.fromkeys([*ALWAYS, *(row.guideline for row in combinations())]))
    batches = [wanted[n : n + MOST] for n in range(0, len(wanted), MOST)]
    answers = yield tuple(Ask(tool="search_guidelines", args={"queries": b, "limit": 1}) for b in batches)
    return frozenset(h["id"] for a in answers for r in a.data.get("results", ()) for h in r["hits"])


def ruled(diagnoses: Iterable[Diagnosis], rules: frozenset[str]) -> tuple[list[Diagnosis], list[Dropped]]:
    """A sign or symptom stands as a diagnosis only by IV.D (no definitive diagnosis established); others need no rule.

    A symptom cites IV.D; a code without its section found cites none.
    """
    kept: list[Diagnosis] = []
    dropped: list[Dropped] = []
    for d in diagnoses:
        if not d.code.startswith(SYMPTOM_CHAPTER):
            kept.append(d)
        elif SYMPTOM in rules:
            kept.append(replace(d, guideline=SYMPTOM))
        else:
            reason = "a sign or symptom is coded only by section IV.D, which the guidelines do not hold for the date"
            dropped.append(Dropped(code=d.code, reason=reason, rule=SYMPTOM, citations=d.citations))
    return kept, dropped
