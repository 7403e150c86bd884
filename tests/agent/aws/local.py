"""moto's Step Functions interpreter with our packaged functions behind it instead of its echoing Lambda.

moto 5.2 reads neither JSON Lines nor ItemBatcher, so ``adapt`` changes those two of the very definition that is deployed: the
reader takes JSON, and each item makes a batch of its own. Nothing else differs.
"""

import copy
import re
import threading
from typing import Any

import boto3
import orjson
import pytest

from agent import aws
from tests.agent.aws.account import BUCKET, REGION, ROOT

ROLE = "arn:aws:iam::123456789012:role/superbill"
FUNCTION = {
    "CodeFunction": "handler",
    "DecideFunction": "decide",
    "FetchFunction": "fetch",
    "MemberFunction": "member",
    "NotifyFunction": "notify",
    "ReserveFunction": "reserve",
    "ReviewFunction": "review",
    "SubmitFunction": "submit",
}


def definition(name: str, queue: str) -> dict[str, Any]:
    """The deployed state machine with its substitutions filled in."""
    text = (ROOT / "deploy" / "statemachine" / f"{name}.asl.json").read_text()
    known = {
        **{k: f"superbill-{v}" for k, v in FUNCTION.items()},
        "DeadLetterQueue": queue,
        "OutputBucket": BUCKET,
    }
    return orjson.loads(re.sub(r"\$\{(\w+)\}", lambda m: known[m[1]], text))  # type: ignore[no-any-return]


def adapt(machine: dict[str, Any]) -> dict[str, Any]:
    """JSONL to JSON (a twin beside it), and batching removed: each item comes as ``{"Items": [item]}``, as a batch of one would."""
    adapted = copy.deepcopy(machine)
    members = adapted["States"]["Members"]
    members["ItemReader"]["ReaderConfig"]["InputType"] = "JSON"
    members["ItemReader"]["Parameters"]["Key.$"] = "States.Format('{}.json', $.key)"
    del members["ItemBatcher"]
    members["ItemSelector"] = {"Items": [members["ItemSelector"]]}
    return adapted


def serve(patch: pytest.MonkeyPatch) -> list[str]:
    """Let moto's interpreter invoke our functions; returns the names of those called, as they are."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils as utils

    called: list[str] = []
    environment = (
        threading.Lock()
    )  # an execution environment of Lambda handles one event at a time; here there is one

    def invoke(parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        name = parameters["FunctionName"].removeprefix("superbill-")
        called.append(name)
        try:
            with environment:
                said = getattr(aws, name)(orjson.loads(parameters["Payload"]), None)
        except Exception as error:
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": failure, "StatusCode": 200}
        return {"Payload": orjson.loads(orjson.dumps(said)), "StatusCode": 200, "ExecutedVersion": "$LATEST"}

    patch.setattr(utils, "_invoke_lambda_function", invoke)
    return called


def start(machine: dict[str, Any], given: dict[str, Any]) -> str:
    """Create the machine and start it; the execution's ARN."""
    client = boto3.client("stepfunctions", region_name=REGION)
    made = client.create_state_machine(
        name="superbill-test", definition=orjson.dumps(machine).decode(), roleArn=ROLE
    )
    arn: str = client.start_execution(
        stateMachineArn=made["stateMachineArn"], input=orjson.dumps(given).decode()
    )["executionArn"]
    return arn


def queue() -> str:
    """A dead-letter queue."""
    url: str = boto3.client("sqs", region_name=REGION).create_queue(QueueName="superbill-dead")["QueueUrl"]
    return url


def letters(url: str) -> list[dict[str, Any]]:
    """Everything in it."""
    client, found = boto3.client("sqs", region_name=REGION), []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [orjson.loads(m["Body"]) for m in messages]
    return found
