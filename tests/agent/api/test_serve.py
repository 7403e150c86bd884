"""``superbill serve`` as a process of its own: killed with encounters in the queue, it loses none and codes none twice."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.agent.api.conftest import POLICY, bundle

NAMES = (
    "02-diabetes-heart-depression",
    "03-chest-pain",
    "05-ankle-injury",
    "06-knee-injection",
    "09-otitis-strep-test",
)


@contextmanager
def serving(home: Path, store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "agent", "serve", "--port", "0", "--store", store, "--policy", POLICY]
    environment = {**os.environ, "SUPERBILL_HOME": str(home), "SUPERBILL_CONTACT_PHONE": "2175550100"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("API on http://"), line
            yield process, line.split()[-1].removesuffix("/docs")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _secret(home: Path, store: Path) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "agent", "token", "add", "batch", "--role", "coder", "--store", store],
        capture_output=True, text=True, check=True, env={**os.environ, "SUPERBILL_HOME": str(home)},
    )  # fmt: skip
    return made.stdout.strip()


@pytest.mark.slow
def test_killed_with_a_full_queue_and_started_again(home: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    secret = _secret(home, store)
    headers = {"authorization": f"Bearer {secret}"}
    with serving(home, store) as (process, address):
        answers = [
            httpx.post(
                f"{address}/encounters",
                json={"encounter": bundle(name)},
                headers=headers,
                timeout=30,
                trust_env=False,
            )
            for name in NAMES
        ]
        assert [a.status_code for a in answers] == [202] * len(NAMES)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    ids = [a.json()["id"] for a in answers]
    with serving(home, store) as (process, address):
        last = httpx.post(
            f"{address}/encounters?wait=1",
            json={"encounter": bundle("10-new-patient-physical")},
            headers=headers, timeout=90, trust_env=False,
        )  # fmt: skip
        assert last.json()["status"] in {"emitted", "held"}, (
            "the queue is first in, first out: all others are done"
        )
        found = [httpx.get(f"{address}/encounters/{i}", headers=headers, trust_env=False).json() for i in ids]
        assert {f["status"] for f in found} <= {"emitted", "held"}
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGTERM}, "it ends by the signal after it has finished"
    with sqlite3.connect(store / "store.sqlite") as db:
        emitted = db.execute("select encounter, payer, control_number from emission").fetchall()
        worklist = db.execute("select encounter from worklist").fetchall()
    assert len(worklist) == len(NAMES) + 1
    assert len({row[0] for row in emitted}) == len(emitted)
    assert len({row[1:] for row in emitted}) == len(emitted), "no control number twice towards a payer"
