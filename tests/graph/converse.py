"""A loopback HTTP server that speaks Bedrock's Converse: it plays scripted replies and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.loopback import listening

HANG = "hang"


def made_up_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that holds no real credentials, and none to look for elsewhere."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


def reply(
    *content: dict[str, Any], stop: str = "tool_use", tokens: tuple[int, int] = (900, 120)
) -> dict[str, Any]:
    """A Converse response body."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": tokens[0], "outputTokens": tokens[1], "totalTokens": sum(tokens)},
        "metrics": {"latencyMs": 12},
    }


def tool_use(name: str, identity: str = "t1", **args: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identity, "name": name, "input": args}}


def fault(kind: str, status: int) -> tuple[int, dict[str, Any], dict[str, str]]:
    return status, {"message": "scripted fault"}, {"x-amzn-ErrorType": kind}


class Converse:
    """The running server: ``url``, and ``requests`` as they came in."""

    def __init__(self, script: list[Any]) -> None:
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.url = ""

    def answer(self) -> tuple[int, dict[str, Any], dict[str, str]]:
        if not self.script:
            return 500, {"message": "the script is used up"}, {"x-amzn-ErrorType": "ScriptUsedUp"}
        step = self.script.pop(0)
        if step == HANG:
            self.release.wait(timeout=30)
            return 500, {"message": "late"}, {}
        return step if isinstance(step, tuple) else (200, step, {})


@contextmanager
def converse_server(script: list[Any]) -> Iterator[Converse]:
    state = Converse(script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(json.loads(body))
            state.paths.append(self.path)
            status, payload, headers = state.answer()
            data = json.dumps(payload).encode()
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *_: Any) -> None:
            return

    with listening(Handler) as address:
        state.url = address
        try:
            yield state
        finally:
            state.release.set()
