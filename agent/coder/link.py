"""The link stage: which diagnoses justify each line, best first, as check_linkage answers."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from agent.coder.conversation import Answer, Ask
from agent.coder.diagnoses import Diagnosis
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
MOST = 4
RANK = {"supported": 0, "no_rule": 1}


def link(lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> Stage:
    """Point every line to the diagnoses that justify it; a line that none justifies is left out."""
    pairs = [{"diagnosis": d.code, "procedure": line.code} for line in lines for d in diagnoses]
    if not pairs:
        return ()
    (answer,) = yield (Ask(tool="check_linkage", args={"pairs": pairs}),)
    verdicts = {(x["procedure"], x["diagnosis"]): x["verdict"] for x in answer.data.get("links", ())}
    linked = (_pointed(line, diagnoses, verdicts) for line in lines)
    return tuple(line for line in linked if line.pointers)


def _pointed(line: Line, diagnoses: Sequence[Diagnosis], verdicts: dict[tuple[str, str], str]) -> Line:
    ranked = [(RANK.get(verdicts.get((line.code, d.code), ""), 9), n) for n, d in enumerate(diagnoses, 1)]
    best = min(ranked, default=(9, 0))[0]
    pointers = [n for rank, n in ranked if rank == best and rank < 9]
    return replace(line, pointers=tuple(pointers[:MOST]))
