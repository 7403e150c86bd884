"""``superbill train submit|status|deploy|evaluate|promote|rollback``: tuned models on Bedrock, from order to active and back."""

import argparse
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from agent.models.registry import Registry, TunedModel
from agent.settings import Settings, load_settings
from evals.cli import amount, count
from evals.train.bedrock import KINDS
from evals.train.cli import add_person, guarded, progress
from evals.train.formats import SCHEMA
from evals.train.records import TrainError


def add(actions: Any) -> None:
    """Declare the actions."""
    _add_submit(actions.add_parser("submit", help="upload training data and start a fine-tuning job"))
    cost = actions.add_parser("cost", help="what a job over an export costs, as far as list prices are known")
    cost.add_argument("data", type=Path, help="folder of an export")
    cost.add_argument("--format", choices=tuple(KINDS), default=SCHEMA)
    cost.add_argument(
        "--epochs", type=count, default=2, help="passes over the data (default 2, as Bedrock's)"
    )
    cost.set_defaults(run=guarded(cost_command))
    status = actions.add_parser("status", help="tuned models, their jobs and the active one")
    status.add_argument("name", nargs="?", help="only this model; its job is asked for")
    status.add_argument("--watch", action="store_true", help="wait for the end of its training")
    _common(status, status_command)
    deploy = actions.add_parser("deploy", help="serve a trained model")
    deploy.add_argument("name")
    _add_units(deploy)
    _common(deploy, deploy_command)
    evaluate = actions.add_parser("evaluate", help="start Bedrock's own evaluation job over our cases")
    evaluate.add_argument("name")
    evaluate.add_argument(
        "--cases", type=Path, required=True, help="eval cases, such as held_out.jsonl of the export"
    )
    _add_place(evaluate)
    evaluate.add_argument("--watch", action="store_true", help="wait for its end")
    _common(evaluate, evaluate_command)
    promote = actions.add_parser("promote", help="make a model active, when the gate lets it pass")
    promote.add_argument("name")
    promote.add_argument(
        "--before", type=Path, required=True, metavar="RUN", help="eval run of the model to be replaced"
    )
    promote.add_argument(
        "--after",
        type=Path,
        required=True,
        metavar="RUN",
        help="eval run of this model (--model registry:NAME)",
    )
    promote.add_argument("--data", type=Path, required=True, help="the export it was trained on")
    promote.add_argument("--margin", type=amount, help="least gain, instead of the gate's")
    add_person(promote)
    _common(promote, promote_command)
    rollback = actions.add_parser("rollback", help="make the model before the active one active again")
    rollback.add_argument("--reason", default="", help="why; stays in the registry")
    add_person(rollback)
    _common(rollback, rollback_command)


def _add_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="folder of an export")
    parser.add_argument("--name", required=True, help="of the tuned model")
    parser.add_argument("--base", required=True, help="base model id, such as amazon.nova-lite-v1:0:300k")
    parser.add_argument("--format", choices=tuple(KINDS), default=SCHEMA)
    parser.add_argument("--grader", help="ARN of the grader Lambda, for reinforcement")
    parser.add_argument("--epochs", type=count, help="passes over the data (Bedrock: 1 to 5)")
    parser.add_argument("--learning-rate", type=amount)
    _add_place(parser)
    parser.add_argument("--watch", action="store_true", help="wait for the end of the training")
    parser.add_argument("--deploy", action="store_true", help="wait, then serve it")
    _add_units(parser)
    _common(parser, submit_command)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bucket", required=True, metavar="s3://BUCKET/PREFIX", help="where Bedrock reads and writes"
    )
    parser.add_argument("--role", required=True, help="ARN of the role that Bedrock takes")


def _add_units(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--units",
        type=count,
        default=0,
        help="units of provisioned throughput, which cost by the hour until deleted; on demand by default",
    )


def _common(parser: argparse.ArgumentParser, command: Any) -> None:
    parser.add_argument("--store", type=Path, help="folder of the registry (default: the store)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=guarded(command))


def _registry(options: argparse.Namespace) -> tuple[Registry, Settings]:
    settings = load_settings()
    return Registry(options.store or settings.home / "store"), settings


def submit_command(options: argparse.Namespace) -> int:
    """Start a job; with --watch or --deploy go on to its end."""
    from evals.train.bedrock import Order, deploy, submit, watch

    registry, settings = _registry(options)
    given = {"epochCount": options.epochs, "learningRate": options.learning_rate}
    order = Order(
        name=options.name,
        data=options.data,
        base=options.base,
        bucket=options.bucket,
        role=options.role,
        format=options.format,
        grader=options.grader,
        hyperparameters=tuple((k, str(v)) for k, v in given.items() if v is not None),
        kms_key=settings.kms_key,
        region=settings.region,
    )
    with progress(quiet=options.json) as step:
        submit(order, registry, step)
        if options.watch or options.deploy:
            watch(order.name, registry, region=settings.region, step=step)
        if options.deploy:
            deploy(order.name, registry, units=options.units, region=settings.region, step=step)
    return _tell(registry.get(order.name), options)


def cost_command(options: argparse.Namespace) -> int:
    """Print what a job would cost."""
    from evals.train.costs import estimate
    from evals.train.write import read_manifest

    manifest = read_manifest(options.data)
    if f"{options.format}/train.jsonl" not in manifest["files"]:
        raise TrainError(f"{options.data}: holds no {options.format}; export with --format {options.format}")
    sys.stdout.writelines(f"{line}\n" for line in estimate(manifest, options.format, options.epochs))
    return 0


def status_command(options: argparse.Namespace) -> int:
    """Print the models; of one named, what Bedrock says now."""
    from evals.train.bedrock import refresh, watch

    registry, settings = _registry(options)
    if options.name:
        with progress(quiet=options.json or not options.watch) as step:
            if options.watch:
                watch(options.name, registry, region=settings.region, step=step)
            model, stages = refresh(options.name, registry, region=settings.region)
        return _tell(model, options, stages)
    if options.watch:
        raise TrainError("--watch needs the name of a model")
    history = registry.history()
    active = history[-1].spec if history else None
    if options.json:
        said = {"active": active, "models": [m.model_dump(mode="json") for m in registry.models()]}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return 0
    for model in registry.models():
        mark = "*" if active == f"bedrock:{model.serving}" else " "
        sys.stdout.write(f"{mark} {_line(model)}\n")
    sys.stdout.write(f"registry:active is {active or 'nothing: no model was promoted'}\n")
    return 0


def deploy_command(options: argparse.Namespace) -> int:
    """Serve a trained model."""
    from evals.train.bedrock import deploy

    registry, settings = _registry(options)
    with progress(quiet=options.json) as step:
        model = deploy(options.name, registry, units=options.units, region=settings.region, step=step)
    return _tell(model, options)


def evaluate_command(options: argparse.Namespace) -> int:
    """Start Bedrock's evaluation of a model."""
    from evals.datasets import load_dataset
    from evals.train.evaluation import evaluate, evaluated

    registry, settings = _registry(options)
    cases = load_dataset(options.cases)
    job = evaluate(
        options.name, cases, registry, bucket=options.bucket, role=options.role, region=settings.region
    )
    if options.watch:
        with progress(quiet=options.json) as step:
            evaluated(options.name, job, registry, region=settings.region, step=step)
    return _tell(registry.get(options.name), options)


def promote_command(options: argparse.Namespace) -> int:
    """Judge a model and make it active, or say what speaks against it (exit 1)."""
    from evals.train.promote import promote

    registry, _ = _registry(options)
    margin: Decimal | None = options.margin
    verdict, spec = promote(
        options.name,
        options.before,
        options.after,
        registry,
        data=options.data,
        who=options.by,
        margin=margin,
    )
    if options.json:
        said = {"active": spec, "refused": list(verdict.against), "cases": verdict.comparison.cases}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
    elif spec:
        sys.stdout.write(f"{options.name} is active: {spec}\n")
    for why in verdict.against:
        sys.stderr.write(f"superbill train: {options.name} is not promoted: {why}\n")
    return 0 if spec else 1


def rollback_command(options: argparse.Namespace) -> int:
    """Go back to the model before."""
    registry, _ = _registry(options)
    spec = registry.rollback(options.by, options.reason)
    sys.stdout.write(
        orjson.dumps({"active": spec}).decode() + "\n" if options.json else f"active again: {spec}\n"
    )
    return 0


def _tell(model: TunedModel, options: argparse.Namespace, stages: dict[str, str] | None = None) -> int:
    if options.json:
        sys.stdout.write(
            orjson.dumps({**model.model_dump(mode="json"), "stages": stages or {}}).decode() + "\n"
        )
    else:
        sys.stdout.write(f"{_line(model)}\n")
        sys.stdout.writelines(f"  {stage}: {status}\n" for stage, status in (stages or {}).items())
        sys.stdout.writelines(f"  evaluation {arn}: {status}\n" for arn, status in model.evaluations)
    return 1 if model.state == "failed" else 0


def _line(model: TunedModel) -> str:
    where = model.failure or model.serving or model.arn or model.job
    return f"{model.name}  {model.state}  {model.base}  {model.kind}  {model.examples} examples  {where}"
