"""How an injury came about: the mechanism, what was being done, and where, as the story of it tells (chapter 20).

Guidelines I.C.20.a (with any condition that has an external cause, never first), I.C.20.b and c (place and activity only at the
initial encounter).
"""

import re
from collections.abc import Iterator, Sequence

from agent.coder.candidates import Candidate, single
from agent.coder.case import Case, Seen
from agent.coder.conversation import Json
from agent.coder.diagnoses import Diagnosis

SECTION = "I.C.20.a"
STORY = frozenset({"hpi", "chief_complaint", "assessment", "assessment_plan", "other"})
INJURY = ("S", "T0", "T1")
CHAPTER = ("V", "W", "X", "Y")
RICH = 3
KINDS = 2
"""A story is told when one sentence names three causes, or causes of two kinds (mechanism, activity, place, status)."""
PAST = re.compile(
    r"\b(?:used to|years? ago|months ago|as a child|in the past|previous(?:ly)? (?:injur|sprain|hurt))",
    re.IGNORECASE,
)
ONCE = ("Y92", "Y93", "Y99")
ACTIVE = "ABC"

Found = tuple[Candidate, Json]


def causes(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """The external causes that the sentence with most of them names, when an injury is coded."""
    if not any(d.code.startswith(INJURY) for d in diagnoses):
        return
    told = [m for m in case.of("status", "problem") if _is_cause(m) and not PAST.search(case.sentence(m))]
    counts: dict[int, int] = {}
    for m in told:
        counts[int(m.sentence)] = counts.get(int(m.sentence), 0) + 1
    story = max(counts, key=lambda s: (counts[s], -s), default=None)
    for seen in told:
        if seen.sentence == story:
            why = f"how it happened: '{seen.text}'"
            yield single(seen, str(seen.concept), why, SECTION)


def _is_cause(seen: Seen) -> bool:
    external = seen.vocabulary_kind == "external" and seen.section_kind in STORY
    return bool(external and seen.assertion == "present")


def worth_telling(diagnoses: Sequence[Diagnosis], found: Sequence[Found]) -> list[Found]:
    """What was found without the causes of a story that tells too little; a named place before "unspecified place"."""
    mine = [f for f in found if f[0].guideline == SECTION and f[1]["code"].startswith(CHAPTER)]
    others = [f for f in found if f[0].guideline != SECTION]
    kinds = {kind(f[1]["code"]) for f in mine}
    if len(mine) < RICH and len(kinds) < KINDS:
        return others
    injuries = [d.code for d in diagnoses if d.code.startswith(INJURY)]
    if not any(code[-1] in ACTIVE for code in injuries):
        mine = [f for f in mine if not f[1]["code"].startswith(ONCE)]
    return [*others, *sorted(mine, key=lambda f: "unspecified" in f[1]["display"].lower())]


def kind(code: str) -> str:
    """Any mechanism (V, W, X) counts as one kind; activity, place and status are one each."""
    return "mechanism" if code[:1] in "VWX" else code[:3]
