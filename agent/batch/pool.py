"""Worker processes of a batch: one member at a time each; a worker that dies is replaced and its member done again."""

import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

import orjson

from agent.batch.errors import WorkerError
from agent.batch.journal import Outcome
from agent.batch.worker import Setup, Task
from agent.cli.errors import EXIT_INTERNAL

DEATHS = 3
"""Times a member may take its worker down before it is given up."""


@dataclass(eq=False)
class _Worker:
    process: "subprocess.Popen[bytes]"
    task: Task | None = None
    ready: bool = False
    rest: bytes = b""

    def send(self, line: bytes) -> None:
        pipe = _pipe(self.process.stdin)
        try:
            pipe.write(line + b"\n")
            pipe.flush()
        except BrokenPipeError:
            pass  # it has died; the end of its answers says so

    def lines(self) -> list[bytes] | None:
        """Whole lines that have come in; None when the worker is gone."""
        data = os.read(_pipe(self.process.stdout).fileno(), 1 << 16)
        if not data:
            return None
        *whole, self.rest = (self.rest + data).split(b"\n")
        return whole


@dataclass
class Pool:
    """Keeps ``size`` workers busy with ``tasks`` and hands every outcome to ``done``; never more than ``size`` in flight."""

    setup: Setup
    size: int
    tasks: Iterator[Task]
    done: Callable[[Outcome, Task], None]
    deaths: dict[str, int] = field(default_factory=dict)
    again: list[Task] = field(default_factory=list)
    early: int = 0
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self) -> None:
        """Do everything.

        Raises:
            WorkerError: workers die before they are ready, again and again.
        """
        with self.selector:
            try:
                for _ in range(self.size):
                    self._start()
                while self.selector.get_map():
                    for key, _ in self.selector.select():
                        self._hear(key.data)
            finally:
                for key in list(self.selector.get_map().values()):
                    self._end(key.data)

    def in_flight(self) -> set[str]:
        """Ids of the members that are being done."""
        busy = [k.data.task for k in self.selector.get_map().values()]
        return {t.item.id for t in (*busy, *self.again) if t}

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the parent alone; a closed pipe ends the workers
        )
        worker = _Worker(process=process)
        worker.send(orjson.dumps(self.setup.model_dump(mode="json")))
        self.selector.register(_pipe(process.stdout), selectors.EVENT_READ, worker)

    def _hear(self, worker: _Worker) -> None:
        lines = worker.lines()
        if lines is None:
            self._lost(worker)
            return
        for line in lines:
            if line == b"ready":
                worker.ready, self.early = True, 0
            elif worker.task is not None:
                task, worker.task = worker.task, None
                self.done(Outcome.model_validate(orjson.loads(line)), task)
        if worker.ready and worker.task is None:
            self._give(worker)

    def _give(self, worker: _Worker) -> None:
        task = self.again.pop() if self.again else next(self.tasks, None)
        if task is None:
            self._end(worker)
            return
        worker.task = task
        worker.send(orjson.dumps(task.model_dump(mode="json")))

    def _lost(self, worker: _Worker) -> None:
        """A worker has died: its member comes again, but not for ever."""
        task = worker.task
        self._end(worker)
        if not worker.ready:
            self.early += 1
            if self.early >= DEATHS:
                raise WorkerError(
                    "worker processes die before they are ready; see the line above and mend it"
                )
        if task is not None:
            self.deaths[task.item.id] = self.deaths.get(task.item.id, 0) + 1
            if self.deaths[task.item.id] < DEATHS:
                self.again.append(task)
            else:
                self.done(_given_up(task), task)
        self._start()

    def _end(self, worker: _Worker) -> None:
        self.selector.unregister(_pipe(worker.process.stdout))
        for pipe in (worker.process.stdin, worker.process.stdout):
            try:
                _pipe(pipe).close()
            except BrokenPipeError:
                continue  # what was left to write can not be read any more
        worker.process.wait()


def _given_up(task: Task) -> Outcome:
    reason = f"took its worker process down {DEATHS} times (memory?); nothing was emitted"
    return Outcome(id=task.item.id, line=task.item.line, exit=EXIT_INTERNAL, status="failed", reason=reason)


def _pipe(pipe: "IO[bytes] | None") -> "IO[bytes]":
    if pipe is None:
        raise RuntimeError("the worker has no pipe")
    return pipe
