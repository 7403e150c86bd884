"""The grader of reinforcement fine-tuning: our own scorers as a Lambda function (``evals.train.grader.handler``).

Bedrock calls it with a list of samples (prompt, the model's answer as the last message, ``reference_answer`` of the record) and takes a
reward for each. The reward is 1 for a flawless answer and 0 for one no better than silence: the severity-weighted faults of
the answer against those of an empty answer, so that over-coding and inventing cost as they do in the report.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from evals.answer import EMPTY, read_answer
from evals.case import EvalCase, SolvedCase
from evals.scorers import CaseScore, score_case, severity
from evals.solvers.model_alone import NoAnswerError, as_coding, read_reply

Json = dict[str, Any]
_NOTE: Final = re.compile(r"<note>\n(.*)\n</note>", re.DOTALL)


class GraderInputError(Exception):
    """The event is no list of samples with messages and a reference answer: says what is missing, no value."""


def handler(event: Any, context: object = None) -> list[Json]:
    """Score every sample of an event.

    Args:
        event: a list of samples, or one.
        context: of Lambda; not used.

    Raises:
        GraderInputError: a sample lacks its messages or its reference answer.
    """
    samples = event if isinstance(event, list) else [event]
    return [grade(sample, number) for number, sample in enumerate(samples, 1)]


def grade(sample: Mapping[str, Any], number: int = 1) -> Json:
    """The reward of one sample, with what it is made of.

    Raises:
        GraderInputError: see ``handler``.
    """
    case, said = _case(sample, number), _last(sample, number)
    try:
        coding = as_coding(read_reply(said), case)
        score = score_case(case, read_answer(coding), SolvedCase(coding=coding, seconds=0.0), None)
    except (NoAnswerError, ValidationError):
        return _told(sample, number, 0.0, {"answered": 0.0})
    silence = severity(score_case(case, EMPTY, None, None)).weight
    weight = severity(score).weight
    reward = max(0.0, 1 - weight / silence) if silence else 1 / (1 + weight)
    return _told(sample, number, round(reward, 4), {"answered": 1.0, "faults": weight, **_parts(score)})


def _parts(score: CaseScore) -> dict[str, float]:
    parts: dict[str, float] = {"evidence_faults": float(len(score.evidence.faults))}
    if score.em is not None:
        parts |= {"em_exact": float(score.em.exact), "em_over": float(score.em.over)}
    if score.codes.violations:
        parts["must_not"] = float(len(score.codes.violations))
    return parts


def _told(sample: Mapping[str, Any], number: int, reward: float, parts: Mapping[str, float]) -> Json:
    metrics = [{"name": name, "value": value, "type": "Metric"} for name, value in parts.items()]
    return {
        "id": str(sample.get("id", number)),
        "aggregate_reward_score": reward,
        "metrics_list": [{"name": "severity_reward", "value": reward, "type": "Reward"}, *metrics],
    }


def _case(sample: Mapping[str, Any], number: int) -> EvalCase:
    reference = sample.get("reference_answer")
    if not isinstance(reference, Mapping) or "gold" not in reference:
        raise GraderInputError(f"sample {number}: no reference_answer with gold; export the data again")
    prompt = "\n".join(_text(m) for m in _messages(sample, number)[:-1])
    note = _NOTE.search(prompt)
    try:
        return EvalCase.model_validate(
            {
                "id": str(sample.get("id", number)),
                "note": note[1] if note else prompt,
                "context": dict(reference.get("context") or {}),
                "gold": reference["gold"],
            }
        )
    except ValidationError as error:
        raise GraderInputError(f"sample {number}: the reference answer is no gold of ours") from error


def _last(sample: Mapping[str, Any], number: int) -> str:
    return _text(_messages(sample, number)[-1])


def _messages(sample: Mapping[str, Any], number: int) -> Sequence[Mapping[str, Any]]:
    messages = sample.get("messages")
    if not isinstance(messages, list) or len(messages) < 2:
        raise GraderInputError(f"sample {number}: no messages of prompt and answer")
    return messages


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    if isinstance(content, list):
        return "".join(str(block.get("text", "")) for block in content if isinstance(block, Mapping))
    return str(content)
