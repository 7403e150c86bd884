"""A worker process: opens everything once, then codes one member per line of stdin and answers with one line each.

It ends when its parent closes the pipe or dies. While it lives it holds a shared lock beside the journal, so that the next
run waits until the workers of a killed one have finished what they were doing.
"""

import fcntl
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import orjson

from agent.aws.place import place_of
from agent.batch.job import Job, outcome_of
from agent.batch.manifest import Item
from knowledge.records import Record

LOCK = "workers.lock"


class Task(Record):
    """What the parent sends: a member, where its outputs go, and its control number."""

    item: Item
    out: str
    number: int


class Setup(Record):
    """The first line a worker gets: how to open the session; ``work`` is the folder of journal and locks."""

    work: Path
    folder: Path
    store: Path
    model: str | None = None
    policy: Path | None = None
    review: str = "auto"
    pdf: bool = True


def main() -> int:
    """Serve the parent until it closes the pipe."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not look like an answer
    gc.set_threshold(200_000, 50, 50)  # as the command line: tables that live as long as we do
    setup = Setup.model_validate(orjson.loads(sys.stdin.buffer.readline()))
    with _shared(setup.work / LOCK):
        _serve(setup, sys.stdin.buffer, answers)
    return 0


def _serve(setup: Setup, tasks: IO[bytes], answers: IO[bytes]) -> None:
    from agent.fhir import fetching
    from agent.session import open_session
    from agent.settings import load_settings

    settings = load_settings()
    with (
        open_session(
            settings,
            model_spec=setup.model,
            policy=setup.policy,
            store=setup.store,
            review=setup.review,
            pdf=setup.pdf,
        ) as session,
        fetching(settings) as fhir,
    ):
        job = Job(session=session, folder=setup.folder, fhir=fhir, region=settings.region)
        _answer(answers, b"ready")
        for line in tasks:
            task = Task.model_validate(orjson.loads(line))
            out = place_of(task.out, kms_key=settings.kms_key, region=settings.region)
            done = outcome_of(task.item, out, partial(job.code, task.item, out, task.number))
            _answer(answers, orjson.dumps(done.model_dump(mode="json")))


def _answer(answers: IO[bytes], line: bytes) -> None:
    answers.write(line + b"\n")
    answers.flush()


@contextmanager
def _shared(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _told() -> int:
    """Run, and say a fault of the set-up in one line without values (types and places only)."""
    from agent.cli.errors import fault_line, one_line, user_errors

    try:
        return main()
    except BrokenPipeError:  # the parent is gone
        return 1
    except user_errors() as error:
        sys.stderr.write(f"superbill: {one_line(error)}\n")
        return 2
    except Exception as error:
        sys.stderr.write(f"superbill: {fault_line(error)}\n")
        return 1


if __name__ == "__main__":
    sys.exit(_told())
