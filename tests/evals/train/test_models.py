"""Tuned models from order to active and back, over S3 in this process and Bedrock's control plane on the loopback."""

import re
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from agent.aws.clients import AwsBusyError
from agent.cli import main
from agent.models import make_model
from agent.models.registry import Registry, RegistryError, resolved
from agent.run import make_context
from agent.settings import load_settings
from evals.answer import read_answer
from evals.case import EvalCase, SolvedCase, load_cases
from evals.results import CaseResult, judge
from evals.run import Run, write_run
from evals.solvers.model_alone import Said, as_coding
from evals.summary import summarise
from evals.train.bedrock import Order, deploy, refresh, submit, watch
from evals.train.evaluation import evaluate, evaluated
from evals.train.promote import gate, promote
from evals.train.records import TrainError
from tests.evals.train.conftest import BUCKET, Exported
from tests.evals.train.fake_bedrock import DONE, FakeBedrock

BASE = "amazon.nova-lite-v1:0:300k"
ROLE = "arn:aws:iam::123456789012:role/training"


def order(exported: Exported, name: str = "coder-1", **changes: Any) -> Order:
    said: dict[str, Any] = {
        "base": BASE,
        "bucket": f"s3://{BUCKET}/tuned",
        "role": ROLE,
        "region": "us-east-1",
        **changes,
    }
    return Order(name=name, data=exported.out, **said)


def said_of(case: EvalCase, *, wrong: bool = False, upcoded: bool = False) -> dict[str, Any]:
    """An answer to a held-out case: right, with its last diagnosis amiss, or with a visit a level too high."""
    gold = case.gold
    codes = list(gold.icd10.must) if gold.icd10 else []
    if wrong:
        codes = [*codes[:-1], "Z00.00"]
    em = gold.em.codes[0] if gold.em else None
    if upcoded and em:
        em = "99215"
    lines = [{"code": x.code, "modifiers": list(x.modifiers)} for x in gold.lines or ()]
    said = Said.model_validate({"diagnoses": [{"code": c} for c in codes], "em": em, "lines": lines})
    return as_coding(said, case)


def results(cases: tuple[EvalCase, ...], wrong: int, upcoded: int = 0) -> list[CaseResult]:
    """A run that is wrong on the first cases, and up-codes the last."""
    found = []
    for n, case in enumerate(cases):
        coding = said_of(case, wrong=n < wrong, upcoded=n >= len(cases) - upcoded)
        read_answer(coding)
        found.append(judge(case, SolvedCase(coding=coding, seconds=0.0), None))
    return found


def run_folder(
    folder: Path, cases: tuple[EvalCase, ...], model: str, *, wrong: int, upcoded: int = 0
) -> Path:
    """A finished eval run, as ``superbill eval run`` leaves it."""
    found = results(cases, wrong, upcoded)
    summary = {
        **summarise(found, wall=1.0, commit="", model=model),
        "solver": "model_alone",
        "not_run": 0,
        "kept": 0,
    }
    write_run(Run(summary=summary, results=tuple(found)), cases, folder)
    return folder


def test_from_order_to_active_and_back(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(tmp_path))
    registry = Registry(tmp_path / "store")
    slept: list[float] = []
    seen: list[tuple[str, int, int]] = []

    model = submit(order(exported), registry, lambda *at: seen.append(at))
    assert (model.state, model.examples) == (
        "training",
        exported.manifest["files"]["bedrock-conversation-2024/train.jsonl"]["lines"],
    )
    (asked,) = bedrock.bodies("/model-customization-jobs")
    assert asked["customizationType"] == "FINE_TUNING"
    assert (
        asked["trainingDataConfig"]["s3Uri"]
        == f"s3://{BUCKET}/tuned/coder-1/bedrock-conversation-2024/train.jsonl"
    )
    kept = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert sorted(o["Key"].rpartition("/")[2] for o in kept) == ["train.jsonl", "validation.jsonl"]

    assert watch("coder-1", registry, sleep=slept.append, step=lambda *at: seen.append(at)).state == "trained"
    assert slept == [10.0, 15.0]
    assert [at for at in seen if at[0] == "training"] == [
        ("training", 0, 3),
        ("training", 2, 3),
        ("training", 3, 3),
    ]
    with pytest.raises(RegistryError, match="not served"):
        registry.promote("coder-1", "ada", "")
    serving = deploy("coder-1", registry, sleep=slept.append).serving
    assert serving is not None
    assert "custom-model-deployment" in serving

    cases = load_cases(exported.out / "held_out.jsonl")
    job = evaluate("coder-1", cases, registry, bucket=f"s3://{BUCKET}/tuned", role=ROLE)
    assert evaluated("coder-1", job, registry, sleep=slept.append) == "Completed"
    (asked,) = bedrock.bodies("/evaluation-jobs")
    assert asked["inferenceConfig"]["models"][0]["bedrockModel"]["modelIdentifier"] == serving

    spec = f"bedrock:{serving}"
    before = run_folder(tmp_path / "before", cases, f"bedrock:{BASE}", wrong=20)
    after = run_folder(tmp_path / "after", cases, spec, wrong=4)
    words = [
        "train",
        "promote",
        "coder-1",
        "--before",
        str(before),
        "--after",
        str(after),
        "--data",
        str(exported.out),
    ]
    assert main(words) == 0
    assert resolved("registry:active", tmp_path / "store") == spec
    assert registry.get("coder-1").evaluations == ((job, "Completed"),)
    settings = load_settings()
    made: Any = make_model(resolved("registry:active", settings.home / "store"), settings)
    assert made.model_id == serving

    assert main(["train", "rollback", "--reason", "payer complains"]) == 0
    assert registry.active() == f"bedrock:{BASE}"
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback("ada", "")
    capsys.readouterr()
    assert main(["train", "status"]) == 0
    assert f"registry:active is bedrock:{BASE}" in capsys.readouterr().out
    assert [(a.action, a.who != "") for a in registry.history()] == [("promote", True), ("rollback", True)]


def test_the_second_model_goes_back_to_the_first(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    for name, units in (("one", 0), ("two", 1)):
        submit(order(exported, name), registry)
        watch(name, registry, sleep=lambda _: None)
        deploy(name, registry, units=units, sleep=lambda _: None)
        registry.promote(name, "ada", "")
    assert registry.active() == registry.spec("two")
    assert "provisioned-model" in registry.spec("two")
    assert registry.rollback("ada", "") == registry.spec("one")
    registry.promote("two", "ada", "")
    assert registry.rollback("ada", "") == registry.spec("one")
    assert registry.rollback("ada", "") == f"bedrock:{BASE}"


def test_a_context_names_the_model_itself_and_not_the_registry(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(tmp_path))
    registry = Registry(tmp_path / "store")
    submit(order(exported), registry)
    watch("coder-1", registry, sleep=lambda _: None)
    deploy("coder-1", registry, sleep=lambda _: None)
    context = make_context(load_settings(), model_spec="registry:coder-1", bookshelf=object())
    assert context.model_spec == registry.spec("coder-1")
    with pytest.raises(RegistryError, match="no tuned model is active"):
        make_context(load_settings(), model_spec="registry:active", bookshelf=object())


def test_an_order_that_is_repeated_starts_one_job(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    first, second = (submit(order(exported), registry).job for _ in range(2))
    assert first == second
    other = submit(order(exported, hyperparameters=(("epochCount", "3"),), name="other"), registry).job
    assert other != first
    assert bedrock.bodies("/model-customization-jobs")[-1]["hyperParameters"] == {"epochCount": "3"}


def test_reinforcement_names_the_grader(exported: Exported, bedrock: FakeBedrock, tmp_path: Path) -> None:
    grader = "arn:aws:lambda:us-east-1:123456789012:function:grader"
    nova2 = {"base": "amazon.nova-2-lite-v1:0:256k", "format": "reinforcement"}
    submit(order(exported, grader=grader, **nova2), Registry(tmp_path))
    (asked,) = bedrock.bodies("/model-customization-jobs")
    assert asked["customizationType"] == "REINFORCEMENT_FINE_TUNING"
    assert asked["customizationConfig"]["rftConfig"]["graderConfig"]["lambdaGrader"]["lambdaArn"] == grader
    assert "validationDataConfig" not in asked
    with pytest.raises(TrainError, match="needs --grader"):
        submit(order(exported, "other", **nova2), Registry(tmp_path))
    with pytest.raises(TrainError, match="no reinforcement"):
        submit(order(exported, "other", format="reinforcement", grader=grader), Registry(tmp_path))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"base": "meta.llama3-8b"}, "not among the base models"),
        ({"format": "tool-traces"}, "holds no tool-traces"),
        ({"format": "preferences"}, "not what Bedrock trains on"),
        ({"bucket": "bucket/x"}, "no place in S3"),
        ({"name": "no name"}, "no name for a model"),
    ],
)
def test_an_order_that_does_not_fit_asks_nothing(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(TrainError, match=why):
        submit(order(exported, **changes), Registry(tmp_path))
    assert not bedrock.asked


def test_data_that_was_changed_after_its_export_is_refused(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(exported.out, tmp_path / "data")
    with (tmp_path / "data" / "held_out.jsonl").open("ab") as file:
        file.write(b"{}\n")
    changed = Exported(source=exported.source, out=tmp_path / "data", manifest=exported.manifest)
    with pytest.raises(TrainError, match="not as it was exported"):
        submit(order(changed), Registry(tmp_path))


def test_throttling_is_tried_again_and_told_when_it_goes_on(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    bedrock.throttle = 2
    submit(order(exported), registry)
    bedrock.throttle = 100
    with pytest.raises(AwsBusyError, match=r"Bedrock: AWS is busy .ThrottlingException"):
        refresh("coder-1", registry)
    bedrock.throttle = 0
    assert watch("coder-1", registry, sleep=lambda _: None).state == "trained"


def test_a_failed_job_is_told_and_not_served(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    registry = Registry(tmp_path)
    bedrock.job_states = [
        {
            "status": "Failed",
            "failureMessage": "line 3 is\nno sample",
            "statusDetails": {"validationDetails": DONE},
        }
    ]
    submit(order(exported), registry)
    with pytest.raises(TrainError, match="the training of coder-1 failed: line 3 is no sample"):
        watch("coder-1", registry, sleep=lambda _: None)
    with pytest.raises(TrainError, match="only a trained model"):
        deploy("coder-1", registry)
    assert main(["train", "status", "coder-1", "--store", str(tmp_path)]) == 1
    assert "failed" in capsys.readouterr().out


def test_a_failed_deployment_leaves_the_model_trained(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    bedrock.deployment_states = ["Creating", "Failed"]
    submit(order(exported), registry)
    watch("coder-1", registry, sleep=lambda _: None)
    with pytest.raises(TrainError, match="deployment of coder-1 failed"):
        deploy("coder-1", registry, sleep=lambda _: None)
    assert registry.get("coder-1").state == "trained"


def served(exported: Exported, registry: Registry) -> str:
    submit(order(exported), registry)
    watch("coder-1", registry, sleep=lambda _: None)
    deploy("coder-1", registry, sleep=lambda _: None)
    return registry.spec("coder-1")


@pytest.mark.parametrize(
    ("wrong", "upcoded", "why"),
    [
        (25, 0, "a gain of 0.01 is asked"),
        (20, 0, "a gain of 0.01 is asked"),
        (4, 3, "em.over .*over-coding is worse"),
    ],
)
def test_a_model_that_is_not_better_or_over_codes_is_refused(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path, wrong: int, upcoded: int, why: str
) -> None:
    registry = Registry(tmp_path / "store")
    spec, cases = served(exported, registry), load_cases(exported.out / "held_out.jsonl")
    before = run_folder(tmp_path / "before", cases, f"bedrock:{BASE}", wrong=20)
    after = run_folder(tmp_path / "after", cases, spec, wrong=wrong, upcoded=upcoded)
    verdict, active = promote("coder-1", before, after, registry, data=exported.out, who="ada")
    assert active is None
    assert re.search(why, " ".join(verdict.against))
    judgement = registry.get("coder-1").judgement
    assert judgement is not None
    assert not judgement.passed
    with pytest.raises(RegistryError, match="no tuned model is active"):
        registry.active()


def test_a_gain_on_few_cases_or_within_chance_is_no_gain(exported: Exported) -> None:
    cases = load_cases(exported.out / "held_out.jsonl")
    few = gate(results(cases[:10], 8), results(cases[:10], 0))
    assert few.against == ("10 cases; at least 30 are asked",)
    chance = gate(results(cases, 3), results(cases, 2))
    assert any("may be chance" in why or "a gain of" in why for why in chance.against)
    assert gate(results(cases, 20), results(cases, 4)).passed


def test_a_run_of_cases_that_training_may_have_seen_is_refused(
    exported: Exported, bedrock: FakeBedrock, tmp_path: Path
) -> None:
    registry = Registry(tmp_path / "store")
    spec = served(exported, registry)
    held = load_cases(exported.out / "held_out.jsonl")
    seen = tuple(c.model_copy(update={"id": f"seen-{c.id}"}) for c in held)
    before = run_folder(tmp_path / "before", seen, "bedrock:other", wrong=20)
    after = run_folder(tmp_path / "after", seen, spec, wrong=4)
    with pytest.raises(TrainError, match="neither held out nor checked"):
        promote("coder-1", before, after, registry, data=exported.out, who="ada")
    with pytest.raises(TrainError, match="is a run of bedrock:other, not of coder-1"):
        promote("coder-1", before, before, registry, data=exported.out, who="ada")


def test_an_unknown_model_is_told_with_those_there_are(tmp_path: Path, capsys: Any) -> None:
    assert main(["train", "deploy", "nobody", "--store", str(tmp_path)]) == 2
    assert "no tuned model 'nobody'; there are: none" in capsys.readouterr().err


def test_evaluation_prompts_hold_the_prompt_and_the_right_answer(exported: Exported) -> None:
    from evals.train.evaluation import prompts

    cases = load_cases(exported.out / "held_out.jsonl")
    row = orjson.loads(prompts(cases).splitlines()[0])
    assert cases[0].note in row["prompt"]
    assert cases[0].gold.icd10 is not None
    assert orjson.loads(row["referenceResponse"])["diagnoses"][0]["code"] == cases[0].gold.icd10.must[0]
    empty = cases[0].model_copy(update={"gold": cases[0].gold.model_copy(update={"icd10": None})})
    with pytest.raises(TrainError, match="nothing to evaluate"):
        prompts([empty])


def test_the_cost_is_told_as_far_as_it_is_known(exported: Exported, capsys: Any) -> None:
    assert main(["train", "cost", str(exported.out), "--epochs", "3"]) == 0
    said = capsys.readouterr().out
    size = exported.manifest["files"]["bedrock-conversation-2024/train.jsonl"]["bytes"]
    assert f"about {size // 4 * 3:,} tokens trained" in said
    assert "training_tokens: unknown here" in said
    assert "s3_put: 0.000015 USD" in said
    assert main(["train", "cost", str(exported.out), "--format", "tool-traces"]) == 2
    assert "holds no tool-traces" in capsys.readouterr().err
