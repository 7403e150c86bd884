"""What moto can not show, on a deployed stack: batching, redrive, cold start, the role's permissions.

Cost: one run codes 60 encounters with the embedded coder, under 0.10 USD at the list prices of docs/aws.md. With a Bedrock
model as the stack's model it costs 60 times that model's price of an encounter. Not run so far: no AWS account was at hand.
"""

import time
from typing import Any

import boto3
import orjson
import pytest

from evals.benchmarks.synthetic import encounters

pytestmark = [pytest.mark.live, pytest.mark.enable_socket]
COUNT = 60


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> dict[str, str]:
    """Outputs of the stack."""
    name = request.config.getoption("--stack")
    (found,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}


def over(client: Any, arn: str) -> dict[str, Any]:
    """The execution when it has ended."""
    for _ in range(240):
        said: dict[str, Any] = client.describe_execution(executionArn=arn)
        if said["status"] != "RUNNING":
            return said
        time.sleep(5)
    raise AssertionError("the execution does not end within 20 minutes")


def test_one_encounter_cold_and_warm(stack: dict[str, str]) -> None:
    s3, states = boto3.client("s3"), boto3.client("stepfunctions")
    for name, content in encounters(2, seed=int(time.time())):
        s3.put_object(Bucket=stack["Bucket"], Key=f"in/{name}.json", Body=content)
        given = {"encounter": f"s3://{stack['Bucket']}/in/{name}.json", "options": {"review": "never"}}
        began = time.perf_counter()
        arn = states.start_execution(
            stateMachineArn=stack["EncounterMachine"], input=orjson.dumps(given).decode()
        )
        said = over(states, arn["executionArn"])
        print(f"{name}: {said['status']} after {time.perf_counter() - began:.1f} s")  # noqa: T201 - the measurement
        assert said["status"] == "SUCCEEDED"


def test_batches_and_redrive(stack: dict[str, str]) -> None:
    s3, states = boto3.client("s3"), boto3.client("stepfunctions")
    seed, lines = int(time.time()), []
    for name, content in encounters(COUNT, seed=seed):
        s3.put_object(Bucket=stack["Bucket"], Key=f"in/{seed}/{name}.json", Body=content)
        lines.append({"id": f"{seed}-{name}", "encounter": f"s3://{stack['Bucket']}/in/{seed}/{name}.json"})
    lines.append({"id": f"{seed}-absent", "encounter": f"s3://{stack['Bucket']}/in/{seed}/absent.json"})
    key = f"manifests/{seed}.jsonl"
    s3.put_object(Bucket=stack["Bucket"], Key=key, Body=b"".join(orjson.dumps(x) + b"\n" for x in lines))
    given = orjson.dumps({"bucket": stack["Bucket"], "key": key}).decode()
    arn = states.start_execution(stateMachineArn=stack["BatchMachine"], input=given)["executionArn"]
    time.sleep(5)
    states.stop_execution(executionArn=arn)
    states.redrive_execution(executionArn=arn)
    assert over(states, arn)["status"] == "SUCCEEDED"
    written = s3.list_objects_v2(Bucket=stack["Bucket"], Prefix=f"out/{seed}-")["Contents"]
    assert sum(o["Key"].endswith("/manifest.json") for o in written) == COUNT
