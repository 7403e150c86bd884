"""Bedrock's control plane on the loopback: jobs, deployments, throughputs and evaluations that come on with each look."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from tests.loopback import listening

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
AT = "2026-11-24T12:00:00Z"
DONE = {"status": "Completed"}
JOB_STATES: list[dict[str, Any]] = [
    {"status": "InProgress", "statusDetails": {"validationDetails": {"status": "InProgress"}}},
    {"status": "InProgress", "statusDetails": {"validationDetails": DONE, "dataProcessingDetails": DONE}},
    {
        "status": "Completed",
        "statusDetails": {"validationDetails": DONE, "dataProcessingDetails": DONE, "trainingDetails": DONE},
    },
]


class FakeBedrock:
    """What was asked, and what is answered next."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.tokens: dict[str, str] = {}
        self.looks: dict[str, int] = {}
        self.throttle = 0
        self.job_states = JOB_STATES
        self.deployment_states = ["Creating", "Active"]

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for verb, p, body in self.asked if verb == "POST" and p == path]

    def answer(self, verb: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.throttle:
            self.throttle -= 1
            return 429, {"__type": "ThrottlingException", "message": "slow down"}
        self.asked.append((verb, path, body))
        if verb == "POST":
            return self._made(path, body)
        kind, _, arn = path.lstrip("/").partition("/")
        if kind == "model-customization":
            arn = arn.partition("/")[2]
        number = self.looks.get(arn, 0)
        self.looks[arn] = number + 1
        return 200, getattr(self, "_" + kind.replace("-", "_"))(arn, number)

    def _made(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key, kind, status = {
            "/model-customization-jobs": ("jobArn", "model-customization-job", 201),
            "/model-customization/custom-model-deployments": (
                "customModelDeploymentArn",
                "custom-model-deployment",
                202,
            ),
            "/provisioned-model-throughput": ("provisionedModelArn", "provisioned-model", 201),
            "/evaluation-jobs": ("jobArn", "evaluation-job", 202),
        }[path]
        token = body["clientRequestToken"]
        arn = self.tokens.setdefault(token, f"{ACCOUNT}:{kind}/{len(self.tokens):012d}")
        return status, {key: arn}

    def _model_customization_jobs(self, arn: str, number: int) -> dict[str, Any]:
        state = self.job_states[min(number, len(self.job_states) - 1)]
        custom = f"{ACCOUNT}:custom-model/amazon.nova-lite-v1:0:300k/{arn[-12:]}"
        return {"jobArn": arn, "outputModelArn": custom, "creationTime": AT, **state}

    def _model_customization(self, arn: str, number: int) -> dict[str, Any]:
        status = self.deployment_states[min(number, len(self.deployment_states) - 1)]
        return {"customModelDeploymentArn": arn, "status": status, "createdAt": AT}

    def _provisioned_model_throughput(self, arn: str, number: int) -> dict[str, Any]:
        return {"provisionedModelArn": arn, "status": "InService" if number else "Creating"}

    def _evaluation_jobs(self, arn: str, number: int) -> dict[str, Any]:
        return {"jobArn": arn, "status": "Completed" if number else "InProgress", "creationTime": AT}


@contextmanager
def serving(fake: FakeBedrock) -> Iterator[str]:
    """The address of a server that answers as ``fake`` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond("GET", {})

        def do_POST(self) -> None:
            self._respond("POST", json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _respond(self, verb: str, body: dict[str, Any]) -> None:
            status, said = fake.answer(verb, unquote(self.path), body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status == 429:
                self.send_header("x-amzn-errortype", "ThrottlingException")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return

    with listening(Handler) as address:
        yield address
