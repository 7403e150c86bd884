"""Bedrock's model evaluation jobs over our own cases: the same prompts and answers, judged by AWS beside our own scorers.

Their figures (exact and robust agreement of texts) never decide about a promotion: the gate reads our own.
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from agent.aws.clients import aws_client, told
from agent.aws.place import S3Place
from agent.models.registry import Registry
from evals.case import EvalCase
from evals.solvers.model_alone import prompt_of
from evals.train.bedrock import pauses, place_of
from evals.train.records import TrainError

Json = dict[str, Any]
MOST_PROMPTS: Final = 1000
"""Prompts that Bedrock takes in one job (user guide)."""
METRICS: Final = ("Builtin.Accuracy", "Builtin.Robustness")
_DONE: Final = frozenset({"Completed", "Failed", "Stopped"})


def prompts(cases: Sequence[EvalCase]) -> bytes:
    """Cases as Bedrock's prompt dataset: prompt, the right answer, a category; a case without diagnoses is left out."""
    rows = []
    for case in cases:
        if case.gold.icd10 is None or not case.gold.icd10.must:
            continue
        rows.append(
            {
                "prompt": prompt_of(case),
                "referenceResponse": _right(case),
                "category": re.sub(r"[^a-z0-9-]", "-", (case.dataset or "cases").lower()),
            }
        )
    if not rows:
        raise TrainError("none of the cases names diagnoses: nothing to evaluate")
    if len(rows) > MOST_PROMPTS:
        raise TrainError(f"{len(rows)} cases: Bedrock takes {MOST_PROMPTS} in one job; give fewer")
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _right(case: EvalCase) -> str:
    gold = case.gold
    lines = [
        {"code": x.code, "modifiers": list(x.modifiers), "units": float(x.units)}
        for x in gold.lines or ()
        if x.must
    ]
    said: Json = {
        "diagnoses": [{"code": c} for c in (gold.icd10.must if gold.icd10 else ())],
        "em": gold.em.codes[0] if gold.em else None,
        "lines": lines,
    }
    return orjson.dumps(said).decode()


def evaluate(
    name: str,
    cases: Sequence[EvalCase],
    registry: Registry,
    *,
    bucket: str,
    role: str,
    region: str | None = None,
) -> str:
    """Start an evaluation job of a served model; its ARN, which the registry keeps too.

    Raises:
        TrainError: no case can be asked.
        RegistryError: the model is not served.
        AwsError: AWS refuses or can not be reached.
    """
    serving = registry.spec(name).partition(":")[2]
    data = prompts(cases)
    digest = hashlib.sha256(data).hexdigest()
    place = S3Place(**place_of(bucket), region=region) / name
    place.put("evaluation/prompts.jsonl", data)
    dataset = {"name": "superbill", "datasetLocation": {"s3Uri": place.uri("evaluation/prompts.jsonl")}}
    config = {"taskType": "QuestionAndAnswer", "dataset": dataset, "metricNames": list(METRICS)}
    model = {"modelIdentifier": serving, "inferenceParams": '{"inferenceConfig":{"temperature":0}}'}
    job = re.sub(r"[^a-z0-9]+", "-", f"{name}-{digest[:8]}".lower()).strip("-")[:63]
    with told("Bedrock"):
        answer = aws_client("bedrock", region).create_evaluation_job(
            jobName=job,
            roleArn=role,
            clientRequestToken=hashlib.sha256(f"{job}\0{serving}".encode()).hexdigest()[:48],
            applicationType="ModelEvaluation",
            evaluationConfig={"automated": {"datasetMetricConfigs": [config]}},
            inferenceConfig={"models": [{"bedrockModel": model}]},
            outputDataConfig={"s3Uri": place.uri("evaluation/out")},
        )
    arn = str(answer["jobArn"])
    _keep(registry, name, arn, "InProgress")
    return arn


def evaluated(
    name: str,
    arn: str,
    registry: Registry,
    *,
    region: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    step: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> str:
    """Wait for an evaluation job's end; its status (Completed, Failed or Stopped), which the registry keeps.

    Raises:
        AwsError: AWS refuses or can not be reached.
    """
    waits = pauses()
    while True:
        with told("Bedrock"):
            job = aws_client("bedrock", region).get_evaluation_job(jobIdentifier=arn)
        status = str(job["status"])
        step("evaluating", int(status in _DONE), 1)
        if status in _DONE:
            _keep(registry, name, arn, status)
            return status
        sleep(next(waits))


def _keep(registry: Registry, name: str, arn: str, status: str) -> None:
    known = dict(registry.get(name).evaluations) | {arn: status}
    registry.update(name, evaluations=tuple(known.items()))
