"""A case of plain sentences, for the stages that listen to whole sentences."""

from collections.abc import Generator
from typing import Any

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask


def told(*sentences: str, kind: str = "plan", **encounter: Any) -> Case:
    """One document, one section of ``kind``, a sentence each; the encounter is Medicare's of 2026 unless said."""
    text = "\n".join(sentences)
    starts = [text.index(t) for t in sentences]
    return Case(
        encounter={"date_of_service": "2026-03-16", "payer": "medicare", "accepts_g2211": True, **encounter},
        history=(),
        mentions=(),
        sections={"d": [{"name": kind, "kind": kind, "start": 0, "end": len(text)}]},
        sentences={"d": [[s, s + len(t), 0] for s, t in zip(starts, sentences, strict=True)]},
        texts={"d": text},
    )


def ended(stage: Generator[tuple[Ask, ...], tuple[Answer, ...], Any]) -> Any:
    """What a stage returns when every code that it looks up is found."""
    answers: tuple[Answer, ...] | None = None
    while True:
        try:
            asked = stage.send(answers) if answers else next(stage)
        except StopIteration as stop:
            return stop.value
        answers = tuple(Answer(data={"codes": [{"code": a.args["codes"][0], "found": True}]}) for a in asked)
