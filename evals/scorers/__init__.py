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
from knowledge.records import Record

__all__ = ["CaseScore", "CodeBook", "score_case"]


class CaseScore(Record):
    """Everything scored of one case; None where the case's gold says nothing (unscored, never zero)."""

    icd10: IcdScore | None
    em: EmScore | None
    lines: LineScore | None
    links: LinkScore | None
    codes: CodeScore
    evidence: EvidenceScore
    confidence: tuple[Judged, ...]

    @property
    def perfect(self) -> bool:
        """Whether nothing that is scored is wrong."""
        return not any(
            (
                self.icd10 and (self.icd10.missed or self.icd10.extra or self.icd10.first is False),
                self.em and not self.em.exact,
                self.lines and (self.lines.missed or self.lines.extra or self.lines.modifier_faults),
                self.links and self.links.faults,
                self.codes.violations or self.codes.fabricated,
                self.evidence.faults,
            )
        )


def score_case(case: EvalCase, answer: Answer, solved: SolvedCase | None, book: CodeBook | None) -> CaseScore:
    """Run every scorer that the case's gold speaks to."""
    gold = case.gold
    return CaseScore(
        icd10=score_icd10(gold.icd10, answer) if gold.icd10 is not None else None,
        em=score_em(gold.em, answer) if gold.scores_em else None,
        lines=score_lines(gold.lines, answer) if gold.lines is not None else None,
        links=score_links(gold.links, answer) if gold.links is not None else None,
        codes=score_codes(gold.must_not or (), answer, book),
        evidence=score_evidence(answer, case.note, solved.documents if solved else {}),
        confidence=judge_confidence(gold, answer),
    )
