"""The week of a pregnancy beside the codes of its chapter (I.C.15.a, I.C.21.c.11: category Z3A; never with an abortive outcome)."""

import re
from collections.abc import Iterator, Sequence

from agent.coder.candidates import Candidate, single
from agent.coder.case import Case
from agent.coder.combinations import covers
from agent.coder.diagnoses import Diagnosis
from agent.coder.spoken import sentences

WITH_WEEKS = "O09-O77|O98-O99|O9A|Z34|Z36"
WITHOUT = "O00-O08|O85-O86|Z33.2|Z37|Z39"
WEEKS = re.compile(
    r"\b(?P<n>[1-9]|[1-3]\d|4[0-2])(?: ?[w+-] ?[0-6]d?\b| [0-6]/7)?[ -]?(?:weeks?|wks?|w)\b"
    r"(?:(?: and)? [0-6] ?d(?:ays?)?)?(?! (?:ago|later|apart|post|out|after|follow|course|in the|from now))",
    re.IGNORECASE,
)
ELSE = re.compile(
    r"\b(?:in|every|for|last|past|next|until|after|over|within|return|x|times|of|by)\s+(?:the |about |another )?$",
    re.IGNORECASE,
)
PREGNANT = re.compile(
    r"\bpregnan\w*|\bgestation\w*|\bEGA\b|\bprenatal|\bobstetric|\bOB\b|\bG\d ?P\d|\bIUP\b|\btrimester|gravid",
    re.IGNORECASE,
)
KINDS = ("assessment", "assessment_plan", "hpi", "chief_complaint", "other", "exam")
EARLY = 8


def gestation(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """The week that the assessment, else the history, tells."""
    if not any(covers(WITH_WEEKS, d.code) for d in diagnoses):
        return
    if any(covers(WITHOUT, d.code) or d.code.startswith("Z3A") for d in diagnoses):
        return
    weeks = week(case)
    if weeks is not None:
        seen = next(d.candidates[0].seen for d in diagnoses if covers(WITH_WEEKS, d.code))
        words = (
            f"{weeks} weeks gestation of pregnancy"
            if weeks >= EARLY
            else "less than 8 weeks gestation of pregnancy"
        )
        yield single(seen, words, f"the record tells {weeks} weeks of pregnancy", "I.C.21.c.11")


def week(case: Case) -> int | None:
    """The completed week of gestation, from a sentence of a note about a pregnancy."""
    if not any(PREGNANT.search(text) for text in case.texts.values()):
        return None
    told = [text for kind in KINDS for s, text in sentences(case) if s.section_kind == kind]
    sure = [n for text in told if PREGNANT.search(text) for n in _weeks(text)]
    loose = [n for text in told for n in _weeks(text)]
    return next(iter([*sure, *loose]), None)


def _weeks(text: str) -> list[int]:
    return [int(m["n"]) for m in WEEKS.finditer(text) if not ELSE.search(text[: m.start()])]
