"""What a coder did not bill: candidates turned down with a reason, and questions to the provider."""

from collections.abc import Iterable, Sequence

from evals.answer import Answer
from knowledge.records import Record


class RejectedScore(Record):
    """Codes that gold wants turned down: found among the rejected, or not mentioned (``missed``).

    A code of gold that was billed is missed too. Rejections beyond gold are not counted: gold is no closed list.
    """

    of: int
    found: int
    missed: tuple[str, ...]


class QueryScore(Record):
    """Queries or opportunities that gold wants (``of``), found by their words, and any where gold wants none (``idle``)."""

    of: int
    found: int
    idle: int
    missed: tuple[str, ...]


def score_rejected(gold: Iterable[str], answer: Answer) -> RejectedScore:
    """Score the candidates turned down."""
    wanted = tuple(dict.fromkeys(gold))
    told = {r.code for r in answer.rejected if r.reason}
    return RejectedScore(
        of=len(wanted),
        found=sum(code in told for code in wanted),
        missed=tuple(c for c in wanted if c not in told),
    )


def score_queries(gold: Sequence[Sequence[str]], answer: Answer) -> QueryScore:
    """Score the questions; a wanted query is found when one question with its reason holds all of its words."""
    return _worded(gold, [f"{q.question} {q.why}" for q in answer.queries])


def score_opportunities(gold: Sequence[Sequence[str]], answer: Answer) -> QueryScore:
    """Score the opportunities; a wanted one is found when one, with what it has and lacks, holds all of its words."""
    return _worded(gold, [" ".join((o.code, *o.documented, *o.missing)) for o in answer.opportunities])


def _worded(gold: Sequence[Sequence[str]], said: Sequence[str]) -> QueryScore:
    asked = [text.casefold() for text in said]
    held = [any(all(word.casefold() in text for word in words) for text in asked) for words in gold]
    return QueryScore(
        of=len(gold),
        found=sum(held),
        idle=0 if gold else len(asked),
        missed=tuple(" ".join(words) for words, found in zip(gold, held, strict=True) if not found),
    )
