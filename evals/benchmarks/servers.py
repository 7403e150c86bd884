"""The workbench and the API as processes of their own over one store, with users and a token made for a measurement."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PASSWORD: Final = "fifty reviewers at work"  # noqa: S105 - of users that live as long as a measurement
POLICY: Final = Path(__file__).resolve().parents[2] / "agent" / "workbench" / "demo.toml"
"""Holds most of the shipped encounters, so that there is something to review."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class ServerError(Exception):
    """A server did not start, or did not end in good order."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """One running server and its address."""

    name: str
    address: str
    process: "subprocess.Popen[str]"

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time so far, of the server and of its children together."""
        return {
            self.name: _cpu(self.process.pid),
            f"{self.name}, its workers": sum(map(_cpu, _below(self.process.pid))),
        }


@dataclass(frozen=True, kw_only=True)
class House:
    """Workbench and API over one store.

    Attributes:
        reviewers: names of the users, all reviewers with ``PASSWORD``.
        token: secret of a program that may hand in encounters.
    """

    store: Path
    workbench: Server
    api: Server
    reviewers: tuple[str, ...]
    token: str

    @property
    def intake(self) -> dict[str, str]:
        """Headers of a request that hands an encounter in."""
        return {"authorization": f"Bearer {self.token}", "content-type": "application/json"}

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time of every process so far."""
        return {**self.workbench.cpu(), **self.api.cpu()}


@contextmanager
def open_house(store: Path, *, reviewers: int, workers: int = 1) -> Iterator[House]:
    """Make people and a token, start both servers on free ports of this machine, end them in good order.

    Args:
        store: an empty folder.
        reviewers: how many users there are.
        workers: processes of the API that code.

    Raises:
        ServerError: a server does not start, or ends otherwise than told.
    """
    names = tuple(f"reviewer{n:02}" for n in range(1, reviewers + 1))
    token = _people(store, names)
    given = ["--port", "0", "--store", str(store), "--policy", str(POLICY)]
    with (
        _serving("workbench", given, store) as workbench,
        _serving("serve", [*given, "--workers", str(workers)], store) as api,
    ):
        yield House(store=store, workbench=workbench, api=api, reviewers=names, token=token)


def _people(store: Path, names: Sequence[str]) -> str:
    from agent.api.tokens import Tokens
    from agent.settings import load_settings
    from agent.workbench.database import Database
    from agent.workbench.users import Users

    tenant = load_settings().tenant
    with closing(Database(store)) as database:
        users = Users(database)
        for name in names:
            users.add(name, role="reviewer", tenant=tenant, password=PASSWORD)
    with closing(Tokens(store)) as tokens:
        return tokens.make("intake", role="coder", tenant=tenant)


@contextmanager
def _serving(command: str, options: Sequence[str], store: Path) -> Iterator[Server]:
    log = store / f"{command}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "agent", command, *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield Server(name=command, address=_address(process, command, log), process=process)
        _end(process, command, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()


def _address(process: "subprocess.Popen[str]", command: str, log: Path) -> str:
    """What the server says of itself when it is ready."""
    line = process.stdout.readline() if process.stdout else ""
    found = next((word for word in line.split() if word.startswith("http://")), None)
    if found is None:
        raise ServerError(f"superbill {command} did not start: {_last(log)}")
    return found.removesuffix("/docs").rstrip("/")


def _end(process: "subprocess.Popen[str]", command: str, log: Path) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        raise ServerError(f"superbill {command} did not end when told to: {_last(log)}") from None
    if code not in {0, -signal.SIGTERM}:
        raise ServerError(f"superbill {command} ended with {code}: {_last(log)}")


def faults(store: Path) -> list[str]:
    """Lines of the servers' logs that tell of a fault."""
    return [
        f"{log.name}: {line}"
        for log in sorted(store.glob("*.log"))
        for line in log.read_text().splitlines()
        if "Traceback" in line or "ERROR" in line or "Error" in line
    ]


def _last(log: Path) -> str:
    lines = log.read_text().strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _below(pid: int) -> list[int]:
    """Children of a process, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(p) for p in task.read_text().split()]
        except OSError:
            continue  # the thread has ended meanwhile
    return found + [p for child in found for p in _below(child)]


def _cpu(pid: int) -> float:
    """User and system seconds of a process, 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
