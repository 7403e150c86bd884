"""Scorers: each reads one case's gold and answer and returns counts; none sees more than it scores."""

from evals.answer import Answer
from evals.case import EvalCase, SolvedCase
from evals.scorers.codes import CodeBook, CodeScore, score_codes
from evals.scorers.confidence import Judged, judge_confidence
from evals.scorers.em import EmScore, score_em
from evals.scorers.evidence import EvidenceScore, score_evidence
from evals.scorers.icd10 import IcdScore, score_icd10
from evals.scorers.lines import LineScore, score_lines
from evals.scorers.links import LinkScore, score_links
from evals.scorers.money import MoneyScore, PriceBook, score_money
from evals.scorers.severity import Severity, severity
from evals.scorers.turned_down import (
    QueryScore,
    RejectedScore,
    score_opportunities,
    score_queries,
    score_rejected,
)
from knowledge.records import Record

__all__ = ["UNSCORED", "CaseScore", "CodeBook", "PriceBook", "Severity", "score_case", "severity"]


class CaseScore(Record):
    """Everything scored of one case; None where the case's gold says nothing (unscored, never zero)."""

    icd10: IcdScore | None = None
    em: EmScore | None = None
    lines: LineScore | None = None
    links: LinkScore | None = None
    rejected: RejectedScore | None = None
    queries: QueryScore | None = None
    opportunities: QueryScore | None = None
    money: MoneyScore | None = None
    codes: CodeScore
    evidence: EvidenceScore
    confidence: tuple[Judged, ...] = ()

    @property
    def perfect(self) -> bool:
        """Whether nothing that is scored is wrong."""
        return severity(self).faults == 0


UNSCORED = CaseScore(
    codes=CodeScore(must_not=0, violations=(), fabricated=(), unknown=()),
    evidence=EvidenceScore(of=0, verified=0, faults=()),
)
"""The score of a case that could not be scored at all: it adds to no rate."""


def score_case(
    case: EvalCase,
    answer: Answer,
    solved: SolvedCase | None,
    book: CodeBook | None,
    prices: PriceBook | None = None,
) -> CaseScore:
    """Run every scorer that the case's gold speaks to; money only with a price book."""
    gold = case.gold
    place = case.context.get("place_of_service")
    return CaseScore(
        icd10=score_icd10(gold.icd10, answer) if gold.icd10 is not None else None,
        em=score_em(gold.em, answer) if gold.scores_em else None,
        lines=score_lines(gold.lines, answer) if gold.lines is not None else None,
        links=score_links(gold.links, answer) if gold.links is not None else None,
        rejected=score_rejected(gold.rejected, answer) if gold.rejected is not None else None,
        queries=score_queries(gold.queries, answer) if gold.queries is not None else None,
        opportunities=score_opportunities(gold.opportunities, answer)
        if gold.opportunities is not None
        else None,
        money=score_money(gold, answer, prices, place) if prices is not None else None,
        codes=score_codes(gold.must_not or (), answer, book),
        evidence=score_evidence(answer, case.note, solved.documents if solved else {}, gold.evidence),
        confidence=judge_confidence(gold, answer),
    )
