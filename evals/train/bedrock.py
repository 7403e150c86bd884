"""Bedrock's control plane for tuned models: submit, watch, serve, evaluate; every step is kept in the registry.

Clients are those of ``agent.aws`` (their retries, one-line errors). Another endpoint is boto3's own ``AWS_ENDPOINT_URL_BEDROCK``.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from agent.aws.clients import aws_client, told
from agent.aws.place import S3Place
from agent.models.registry import Registry, TunedModel
from evals.train.formats import SCHEMA
from evals.train.records import TrainError
from evals.train.write import read_manifest
from knowledge.tables import read_csv

Json = dict[str, Any]
Step = Callable[[str, int, int], None]
Kind = Literal["FINE_TUNING", "REINFORCEMENT_FINE_TUNING"]
KINDS: Final[dict[str, Kind]] = {
    SCHEMA: "FINE_TUNING",
    "tool-traces": "FINE_TUNING",
    "reinforcement": "REINFORCEMENT_FINE_TUNING",
}
STAGES: Final = ("validationDetails", "dataProcessingDetails", "trainingDetails")
LEAST_REINFORCEMENT: Final = 100
"""Records that reinforcement fine-tuning asks for at least (Bedrock user guide)."""
_NAME: Final = re.compile(r"([0-9a-zA-Z][_-]?){1,63}")
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A base model that can be tuned, and with what: ``yes``, ``no`` or ``unknown``."""

    prefix: str
    fine_tuning: str
    reinforcement: str
    validation: str
    tools: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be trained.

    Attributes:
        data: folder of an export.
        bucket: where training data and results go (``s3://bucket/prefix``).
        role: ARN of the role that Bedrock takes to read and write there.
        grader: ARN of the grader Lambda, for reinforcement.
        hyperparameters: as Bedrock names them, empty for its own.
    """

    name: str
    data: Path
    base: str
    bucket: str
    role: str
    format: str = SCHEMA
    grader: str | None = None
    hyperparameters: tuple[tuple[str, str], ...] = ()
    kms_key: str | None = None
    region: str | None = None


@cache
def bases() -> tuple[Base, ...]:
    """The table of base models.

    Raises:
        TableError: it is not as described.
    """
    return read_csv(Path(__file__).with_name("bases.csv"), Base)


def submit(order: Order, registry: Registry, step: Step = lambda what, done, total: None) -> TunedModel:
    """Check, upload and start; a repeated order starts nothing anew.

    Raises:
        TrainError: the data is not what the manifest says, or does not fit the base model.
        AwsError: AWS refuses or can not be reached.
    """
    manifest = read_manifest(order.data)
    base = _fit(order, manifest)
    place = S3Place(**place_of(order.bucket), kms_key=order.kms_key, region=order.region) / order.name
    names = [f"{order.format}/train.jsonl"]
    validation = f"{order.format}/validation.jsonl"
    if base.validation == "yes" and manifest["files"][validation]["lines"]:
        names.append(validation)
    for number, name in enumerate(names, 1):
        place.put(name, (order.data / name).read_bytes())
        step("uploading", number, len(names))
    request = _request(order, place, manifest, with_validation=len(names) > 1)
    with told("Bedrock"):
        answer = _client(order.region).create_model_customization_job(**request)
    return registry.put(
        TunedModel(
            name=order.name,
            base=order.base,
            kind=KINDS[order.format],
            format=order.format,
            data_sha256=manifest["data_sha256"],
            examples=manifest["files"][names[0]]["lines"],
            job=answer["jobArn"],
            created=datetime.now(UTC),
        )
    )


def _fit(order: Order, manifest: Json) -> Base:
    """The base model's row, where format and amount fit it."""
    if not _NAME.fullmatch(order.name):
        raise TrainError(f"{order.name!r} is no name for a model: letters, digits, - and _, at most 63")
    if order.format not in KINDS:
        raise TrainError(f"{order.format} is not what Bedrock trains on; use {', '.join(KINDS)}")
    found = next((b for b in sorted(bases(), key=lambda b: -len(b.prefix)) if b.prefix in order.base), None)
    if found is None:
        raise TrainError(
            f"{order.base}: not among the base models known to be tuned: {', '.join(b.prefix for b in bases())}"
        )
    rows = manifest["files"].get(f"{order.format}/train.jsonl", {}).get("lines", 0)
    if not rows:
        raise TrainError(
            f"{order.data}: holds no {order.format} to train on; export with --format {order.format}"
        )
    if order.format == "tool-traces" and found.tools == "no":
        raise TrainError(f"{order.base} can not be fine-tuned with tools ({found.source})")
    if KINDS[order.format] == "REINFORCEMENT_FINE_TUNING":
        _fit_reinforcement(order, found, rows)
    return found


def _fit_reinforcement(order: Order, base: Base, rows: int) -> None:
    if base.reinforcement == "no":
        raise TrainError(f"{order.base} has no reinforcement fine-tuning ({base.source})")
    if order.grader is None:
        raise TrainError("reinforcement needs --grader, the ARN of the Lambda of evals.train.grader.handler")
    if rows < LEAST_REINFORCEMENT:
        raise TrainError(f"reinforcement needs {LEAST_REINFORCEMENT} records at least; the export has {rows}")


def _request(order: Order, place: S3Place, manifest: Json, *, with_validation: bool) -> Json:
    token = hashlib.sha256(f"{order.name}\0{order.base}\0{order.format}\0{manifest['data_sha256']}".encode())
    request: Json = {
        "jobName": order.name,
        "customModelName": order.name,
        "roleArn": order.role,
        "clientRequestToken": token.hexdigest()[:48],
        "baseModelIdentifier": order.base,
        "customizationType": KINDS[order.format],
        "trainingDataConfig": {"s3Uri": place.uri(f"{order.format}/train.jsonl")},
        "outputDataConfig": {"s3Uri": place.uri("out")},
        "customModelTags": [{"key": "data-sha256", "value": manifest["data_sha256"]}],
    }
    if with_validation:
        request["validationDataConfig"] = {
            "validators": [{"s3Uri": place.uri(f"{order.format}/validation.jsonl")}]
        }
    if order.kms_key:
        request["customModelKmsKeyId"] = order.kms_key
    if order.grader and KINDS[order.format] == "REINFORCEMENT_FINE_TUNING":
        grader = {"lambdaGrader": {"lambdaArn": order.grader}}
        request["customizationConfig"] = {"rftConfig": {"graderConfig": grader}}
    elif order.hyperparameters:
        request["hyperParameters"] = dict(order.hyperparameters)
    return request


def place_of(said: str) -> dict[str, str]:
    """Bucket and prefix of ``s3://bucket/prefix``.

    Raises:
        TrainError: it is none.
    """
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*?))?/?", said)
    if found is None:
        raise TrainError(f"{said!r} is no place in S3; give s3://bucket/prefix")
    return {"bucket": found[1], "prefix": found[2] or ""}


def refresh(name: str, registry: Registry, *, region: str | None = None) -> tuple[TunedModel, dict[str, str]]:
    """What Bedrock says of a model's job now, and the state of each stage; a finished job is not asked again.

    Raises:
        AwsError: AWS refuses or can not be reached.
    """
    model = registry.get(name)
    if model.state != "training":
        return model, {}
    with told("Bedrock"):
        job = _client(region).get_model_customization_job(jobIdentifier=model.job)
    details = job.get("statusDetails", {})
    stages = {s.removesuffix("Details"): details.get(s, {}).get("status", "NotStarted") for s in STAGES}
    if job["status"] == "Completed":
        return registry.update(name, state="trained", arn=job["outputModelArn"]), stages
    if job["status"] in {"Failed", "Stopped"}:
        return registry.update(
            name, state="failed", failure=_line(job.get("failureMessage") or job["status"])
        ), stages
    return model, stages


def pauses() -> Iterator[float]:
    """Seconds between two looks at a job, longer and longer."""
    wait = _FIRST_WAIT
    while True:
        yield wait
        wait = min(wait * 1.5, _LONGEST_WAIT)


def watch(
    name: str,
    registry: Registry,
    *,
    region: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    step: Step = lambda what, done, total: None,
) -> TunedModel:
    """Wait for a job's end, looking less and less often.

    Raises:
        TrainError: the job failed or was stopped.
        AwsError: AWS refuses or can not be reached.
    """
    waits = pauses()
    while True:
        model, stages = refresh(name, registry, region=region)
        done = len(STAGES) if model.state != "training" else sum(s == "Completed" for s in stages.values())
        step("training", done, len(STAGES))
        if model.state == "failed":
            raise TrainError(f"the training of {name} failed: {model.failure}")
        if model.state != "training":
            return model
        sleep(next(waits))


def deploy(
    name: str,
    registry: Registry,
    *,
    units: int = 0,
    region: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    step: Step = lambda what, done, total: None,
) -> TunedModel:
    """Serve a trained model: on demand, or by ``units`` of provisioned throughput, which cost by the hour until deleted.

    Raises:
        TrainError: it is not trained, or the deployment failed.
        AwsError: AWS refuses or can not be reached.
    """
    model = registry.get(name)
    if model.state == "serving":
        return model
    if model.state != "trained" or model.arn is None:
        raise TrainError(
            f"{name} is {model.state}: only a trained model can be served (superbill train status {name})"
        )
    client, token = _client(region), hashlib.sha256(f"{model.arn}\0{units}".encode()).hexdigest()[:48]
    with told("Bedrock"):
        if units:
            arn = client.create_provisioned_model_throughput(
                modelUnits=units, provisionedModelName=name, modelId=model.arn, clientRequestToken=token
            )["provisionedModelArn"]
        else:
            arn = client.create_custom_model_deployment(
                modelDeploymentName=name, modelArn=model.arn, clientRequestToken=token
            )["customModelDeploymentArn"]
    waits = pauses()
    while (status := _served(client, arn, units)) not in {"Active", "InService"}:
        step("deploying", 0, 1)
        if status == "Failed":
            raise TrainError(f"the deployment of {name} failed; see the Bedrock console, then deploy again")
        sleep(next(waits))
    step("deploying", 1, 1)
    return registry.update(name, state="serving", serving=arn)


def _served(client: Any, arn: str, units: int) -> str:
    with told("Bedrock"):
        if units:
            return str(client.get_provisioned_model_throughput(provisionedModelId=arn)["status"])
        return str(client.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["status"])


def _client(region: str | None) -> Any:
    return aws_client("bedrock", region)


def _line(said: str) -> str:
    return " ".join(said.split())[:300]
