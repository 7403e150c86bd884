"""The link stage: which diagnoses justify each line, best first, as check_linkage answers."""

import re
from collections.abc import Generator, Sequence
from dataclasses import replace

from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnoses import Diagnosis
from agent.coder.edits import rejection
from agent.coder.lines import Line
from agent.coder.served import served

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[tuple[Line, ...], tuple[Json, ...]]]
MOST = 4
RANK = {"supported": 0, "no_rule": 1}
EXTERNAL = ("V", "W", "X", "Y")
VACCINATION = "Z23"
VACCINES = frozenset({"vaccine", "vaccine_admin"})
SMALL_WORDS = frozenset(
    {"with", "without", "unspecified", "type", "encounter", "initial", "other", "disease", "today", "here"}
)


def link(lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> Stage:
    """Point every line to the diagnoses that justify it; a line that none justifies is left out with the reason."""
    pairs = [
        {"diagnosis": d.code, "procedure": line.code, "modifiers": [c for c, _ in line.modifiers]}
        for line in lines
        for d in diagnoses
    ]
    if not pairs:
        return (), ()
    (answer,) = yield (Ask(tool="check_linkage", args={"pairs": pairs}),)
    verdicts = {(x["procedure"], x["diagnosis"]): x["verdict"] for x in answer.data.get("links", ())}
    linked = [_pointed(line, diagnoses, verdicts) for line in lines]
    why = "no diagnosis of the record justifies it"
    left = tuple(rejection(line, why, "check_linkage") for line in linked if not line.pointers)
    return tuple(line for line in linked if line.pointers), left


def _pointed(line: Line, diagnoses: Sequence[Diagnosis], verdicts: dict[tuple[str, str], str]) -> Line:
    own = served(line, [d.code for d in diagnoses if verdicts.get((line.code, d.code)) in RANK])
    ranked = [
        (RANK.get(verdicts.get((line.code, d.code), ""), 9), -_closeness(line, d), n)
        for n, d in enumerate(diagnoses, 1)
        if (not own or d.code in own)
        and not d.code.startswith(EXTERNAL)
        and not (d.code == VACCINATION and not _is_vaccination(line))
    ]
    best = min((rank for rank, _, _ in ranked), default=9)
    if best == 9 and line.is_em and verdicts:
        pointers = [n for _, _, n in ranked]
    else:
        pointers = [n for rank, _, n in sorted(ranked) if rank == best and rank < 9]
    return replace(line, pointers=tuple(pointers[:MOST]))


def _is_vaccination(line: Line) -> bool:
    """Z23 says that a vaccine was given: it is the reason for the vaccine and for giving it (I.C.21.c.2)."""
    return line.facts.get("category") in VACCINES


def _closeness(line: Line, d: Diagnosis) -> int:
    """How much a diagnosis is what the service was done for: the same sentence, the same header, words in common."""
    if line.is_em:
        return 1 if d.code[:1] != "Z" else 0
    seen = line.seen[0]
    mentions = [m for c in d.candidates for m in (c.seen, *c.listed)]
    listed = any(m.document == seen.document and m.sentence == seen.sentence for m in mentions)
    return 5 * listed + len(
        _words(line.said) & _words(" ".join((d.display, *(str(m.concept) for m in mentions[:1]))))
    )


def _words(text: str) -> set[str]:
    return {w[:5] for w in re.findall(r"[a-z]{4,}", text.lower()) if w not in SMALL_WORDS}
