"""The record of one case in results.jsonl: what was expected, what came, what was missed and why."""

import traceback
from typing import Any

from evals.answer import EMPTY, Answer, read_answer
from evals.case import EvalCase, SolvedCase
from evals.scorers import CaseScore, CodeBook, score_case
from knowledge.records import Record


class Failure(Record):
    """A solver that did not answer: type of the exception and where it arose, never its message (it may hold PHI)."""

    kind: str
    place: str


class CaseResult(Record):
    """One line of results.jsonl."""

    id: str
    status: str
    failure: Failure | None
    expected: dict[str, Any]
    given: dict[str, Any]
    score: CaseScore
    why: tuple[str, ...]
    reasons: tuple[str, ...]
    seconds: float
    tokens: float
    cost_usd: float
    editions: dict[str, str]


def judge(case: EvalCase, solved: SolvedCase, book: CodeBook | None) -> CaseResult:
    """Score what a solver answered.

    Raises:
        pydantic.ValidationError: the answer is not in the shape of coding.json.
    """
    answer = read_answer(solved.coding)
    score = score_case(case, answer, solved, book)
    usage = solved.usage
    return CaseResult(
        id=case.id,
        status=answer.status,
        failure=None,
        expected=case.gold.model_dump(mode="json", exclude_unset=True),
        given=_given(answer),
        score=score,
        why=tuple(explain(score, answer)),
        reasons=tuple(dict.fromkeys(reason.kind for reason in answer.review.reasons)),
        seconds=solved.seconds,
        tokens=usage.get("input_tokens", 0.0) + usage.get("output_tokens", 0.0),
        cost_usd=usage.get("cost_usd", 0.0),
        editions=answer.editions,
    )


def judge_failure(case: EvalCase, error: BaseException, book: CodeBook | None) -> CaseResult:
    """Record a solver's failure: it counts as an empty answer, so that failing never helps a score."""
    return CaseResult(
        id=case.id,
        status="failed",
        failure=Failure(kind=type(error).__name__, place=_place(error)),
        expected=case.gold.model_dump(mode="json", exclude_unset=True),
        given=_given(EMPTY),
        score=score_case(case, EMPTY, None, book),
        why=(f"the solver failed: {type(error).__name__} at {_place(error)}",),
        reasons=(),
        seconds=0.0,
        tokens=0.0,
        cost_usd=0.0,
        editions={},
    )


def explain(score: CaseScore, answer: Answer) -> list[str]:
    """Say in one line each what is wrong, with the coder's own reason where it gave one."""
    turned_down = {r.code: r.reason for r in answer.rejected}
    rationale = {d.code: d.rationale for d in answer.diagnoses}
    rationale |= {line.code: line.rationale for line in answer.service_lines}
    why: list[str] = []
    if score.icd10:
        why += [_missed(code, answer, turned_down) for code in score.icd10.missed]
        why += [f"{code} is extra: {rationale.get(code) or 'no reason given'}" for code in score.icd10.extra]
        if score.icd10.first is False:
            why.append(f"first-listed is {answer.codes[0] if answer.codes else 'missing'}")
    if score.em and not score.em.exact:
        wanted = "/".join(score.em.expected) or "no visit"
        said = answer.em.explanation if answer.em else "no E/M decided"
        why.append(f"visit {score.em.given or 'none'}, expected {wanted}: {said}")
    if score.lines:
        why += [
            f"line {code} is missing: {turned_down.get(code, 'never proposed')}"
            for code in score.lines.missed
        ]
        why += [
            f"line {code} is extra: {rationale.get(code) or 'no reason given'}" for code in score.lines.extra
        ]
        why += [f"modifiers of {fault}" for fault in score.lines.modifier_faults]
    why += [f"link of {fault}" for fault in (score.links.faults if score.links else ())]
    why += [
        f"{code} must not be coded: {rationale.get(code) or 'no reason given'}"
        for code in score.codes.violations
    ]
    why += [f"{code} is in no code set" for code in score.codes.fabricated]
    return why + [f"evidence of {fault}" for fault in score.evidence.faults]


def _missed(code: str, answer: Answer, turned_down: dict[str, str]) -> str:
    if code in turned_down:
        return f"{code} is missing: rejected, {turned_down[code]}"
    near = [given for given in answer.codes if given[:3] == code[:3]]
    return f"{code} is missing: {'given as ' + ', '.join(near) if near else 'never proposed'}"


def _given(answer: Answer) -> dict[str, Any]:
    return {
        "icd10": list(answer.codes),
        "em": answer.em.code if answer.em else None,
        "lines": [
            {
                "code": line.code,
                "modifiers": [m.code for m in line.modifiers],
                "units": line.units,
                "links": list(answer.pointed(line)),
            }
            for line in answer.service_lines
        ],
    }


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "unknown"
