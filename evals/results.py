"""The record of one case in results.jsonl: what was expected, what came, what was missed and why."""

import traceback
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from evals.answer import EMPTY, Answer, Diagnosis, Finding, Line, read_answer
from evals.case import EvalCase, SolvedCase
from evals.scorers import UNSCORED, CaseScore, CodeBook, PriceBook, score_case
from knowledge.records import Record

_T = TypeVar("_T")


class Failure(Record):
    """What did not answer: type of the exception and where it arose, never its message (it may hold PHI)."""

    kind: str
    place: str
    stage: Literal["solver", "scorer"] = "solver"


class CaseResult(Record):
    """One line of results.jsonl.

    Attributes:
        given: what was answered, as far as it is compared and shown.
        findings: verdicts of the self-check as ``level rule``, with the line where one is concerned.
        clean: whether the self-check refused nothing; None where the solver has no self-check.
        spans: evidence in the note, ``[start, end, code]``.
    """

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
    findings: tuple[str, ...] = ()
    clean: bool | None = None
    spans: tuple[tuple[int, int, str], ...] = ()
    specialty: str = ""
    dataset: str = ""
    rules: tuple[str, ...] = ()

    @property
    def decision(self) -> dict[str, Any]:
        """Everything the coder and the self-check decided, for comparing two runs (no clock, no cost)."""
        return {
            "status": self.status,
            "given": self.given,
            "findings": list(self.findings),
            "reasons": list(self.reasons),
        }


def judge(
    case: EvalCase, solved: SolvedCase, book: CodeBook | None, prices: PriceBook | None = None
) -> CaseResult:
    """Score what a solver answered.

    Raises:
        pydantic.ValidationError: the answer is not in the shape of coding.json.
    """
    answer = read_answer(solved.coding)
    score = score_case(case, answer, solved, book, prices)
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
        findings=tuple(_finding(f) for f in answer.findings),
        clean=_clean(answer) if "findings" in solved.coding else None,
        spans=_spans(answer, case.note),
        **_groups(case),
    )


def judge_failure(
    case: EvalCase,
    error: BaseException,
    book: CodeBook | None,
    prices: PriceBook | None = None,
    *,
    stage: Literal["solver", "scorer"] = "solver",
) -> CaseResult:
    """Record a failure: it counts as an empty answer, so that failing never helps a score.

    A scorer that crashes on the empty answer as well leaves the case unscored.
    """
    empty, _ = attempt(lambda: score_case(case, EMPTY, None, book, prices))
    failed = "the solver failed" if stage == "solver" else "the scorer crashed"
    return CaseResult(
        id=case.id,
        status="failed",
        failure=Failure(kind=type(error).__name__, place=_place(error), stage=stage),
        expected=case.gold.model_dump(mode="json", exclude_unset=True),
        given=_given(EMPTY),
        score=UNSCORED if empty is None else empty,
        why=(f"{failed}: {type(error).__name__} at {_place(error)}",),
        reasons=(),
        seconds=0.0,
        tokens=0.0,
        cost_usd=0.0,
        editions={},
        **_groups(case),
    )


def attempt(work: Callable[[], _T]) -> tuple[_T | None, Exception | None]:
    """What the work gives, or the exception it raised: the boundary where any fault of a case becomes its record."""
    try:
        return work(), None
    except Exception as error:
        return None, error


def _groups(case: EvalCase) -> dict[str, Any]:
    rules = case.sections or ((case.guideline,) if case.guideline else ())
    return {"specialty": case.specialty, "dataset": case.dataset, "rules": rules}


def _finding(finding: Finding) -> str:
    line = f" line {finding.line}" if finding.line else ""
    return f"{finding.level} {finding.rule}{line}"


def _clean(answer: Answer) -> bool:
    """Whether the self-check refuses nothing that a coder chose; what the record lacks (payer, provider) is no coding."""
    from agent.nodes.self_check import NOT_THE_CODERS

    errors = [f for f in answer.findings if f.level == "error" and f.override is None]
    return answer.status != "blocked" and all(f.rule.startswith(NOT_THE_CODERS) for f in errors)


def _spans(answer: Answer, note: str) -> tuple[tuple[int, int, str], ...]:
    cited: list[Diagnosis | Line] = [*answer.diagnoses, *answer.service_lines]
    found = {
        (e.start, e.end, part.code)
        for part in cited
        for e in part.evidence
        if e.kind == "note" and 0 <= e.start < e.end and note[e.start : e.end] == e.text
    }
    return tuple(sorted(found))


def explain(score: CaseScore, answer: Answer) -> list[str]:
    """Say in one line each what is wrong, with the coder's own reason where it gave one."""
    turned_down = {r.code: r.reason for r in answer.rejected}
    rationale = {d.code: d.rationale for d in answer.diagnoses}
    rationale |= {line.code: line.rationale for line in answer.service_lines}
    why: list[str] = []
    if score.icd10:
        if score.icd10.ordered < score.icd10.pairs:
            why.append(f"the order of diagnoses is {', '.join(answer.codes)}")
        why += [_missed(code, answer, turned_down) for code in score.icd10.missed]
        why += [f"{code} is extra: {rationale.get(code) or 'no reason given'}" for code in score.icd10.extra]
        if score.icd10.first is False:
            why.append(f"first-listed is {answer.codes[0] if answer.codes else 'missing'}")
    if score.em and not score.em.exact:
        wanted = "/".join(score.em.expected) or "no visit"
        said = answer.em.explanation if answer.em else "no E/M decided"
        why.append(f"visit {score.em.given or 'none'}, expected {wanted}: {said}")
    why += [f"decision making: {fault}" for fault in (score.em.element_faults if score.em else ())]
    why += [f"modifiers of {fault}" for fault in (score.em.modifier_faults if score.em else ())]
    if score.lines:
        why += [
            f"line {code} is missing: {turned_down.get(code, 'never proposed')}"
            for code in score.lines.missed
        ]
        why += [
            f"line {code} is extra: {rationale.get(code) or 'no reason given'}" for code in score.lines.extra
        ]
        why += [f"modifiers of {fault}" for fault in score.lines.modifier_faults]
        why += [f"units of {fault}" for fault in score.lines.unit_faults]
    why += _turned_down(score)
    why += [f"link of {fault}" for fault in (score.links.faults if score.links else ())]
    why += [
        f"{code} must not be coded: {rationale.get(code) or 'no reason given'}"
        for code in score.codes.violations
    ]
    why += [f"{code} is in no code set" for code in score.codes.fabricated]
    return why + [f"evidence of {fault}" for fault in score.evidence.faults]


def _turned_down(score: CaseScore) -> list[str]:
    why = [f"{code} is not among the rejected" for code in (score.rejected.missed if score.rejected else ())]
    if score.queries:
        why += [f"no query about {words}" for words in score.queries.missed]
        why += [f"{score.queries.idle} queries where nothing is to be asked"] if score.queries.idle else []
    if score.opportunities:
        why += [f"no opportunity of {words}" for words in score.opportunities.missed]
        idle = score.opportunities.idle
        why += [f"{idle} opportunities where there is none"] if idle else []
    return why


def _missed(code: str, answer: Answer, turned_down: dict[str, str]) -> str:
    if code in turned_down:
        return f"{code} is missing: rejected, {turned_down[code]}"
    near = [given for given in answer.codes if given[:3] == code[:3]]
    return f"{code} is missing: {'given as ' + ', '.join(near) if near else 'never proposed'}"


def _given(answer: Answer) -> dict[str, Any]:
    return {
        "icd10": list(answer.codes),
        "em": answer.em.code if answer.em else None,
        "mdm": _mdm(answer),
        "rejected": [r.code for r in answer.rejected],
        "queries": [q.question for q in answer.queries],
        "opportunities": [o.code for o in answer.opportunities],
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


def _mdm(answer: Answer) -> dict[str, str]:
    visit = answer.em
    parts = ("problems", "data", "risk") if visit else ()
    return {name: part.level for name in parts if (part := getattr(visit, name)) is not None}


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "unknown"
