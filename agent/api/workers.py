"""Who codes what was handed in: threads that take from the queue, and the processes that do the work."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.api.jobs import Job, Jobs
from agent.cli.errors import fault_line, one_line, user_errors

if TYPE_CHECKING:
    from agent.desk.desk import Desk
    from agent.settings import Settings

NICE = 5
"""By so much the processes that code give way to those that answer."""
DIED = "the process that coded it died; see the log"


class WorkerDiedError(Exception):
    """The process that coded an encounter ended before it was done."""


class Crew(Protocol):
    """Where an encounter is coded. ``code`` returns a one-line error, or None when it is coded."""

    def code(self, job: Job) -> str | None:
        """Code one encounter into its practice's store; raises WorkerDiedError."""

    def close(self) -> None:
        """Let go of what was opened."""


class InThisProcess:
    """Codes with the service's own desks: for tests and small practices."""

    def __init__(self, desks: "Callable[[str], Desk]") -> None:
        self._desks = desks

    def code(self, job: Job) -> str | None:
        """See :class:`Crew`."""
        return _coded(self._desks(job.tenant), job)

    def close(self) -> None:
        """See :class:`Crew`; nothing was opened."""


class InProcesses:
    """Codes in processes of their own, so that pages and requests are answered while encounters are coded."""

    def __init__(
        self, settings: "Settings", store: Path, *, model: str | None, policy: Path | None, workers: int
    ) -> None:
        self._workers = workers
        self._opening = (settings, store, model, policy)
        self._pool = self._new_pool()
        self._lock = threading.Lock()

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            self._workers,
            mp_context=get_context("spawn"),
            initializer=_open_worker,
            initargs=self._opening,
        )
        for _ in range(self._workers):
            pool.submit(os.getpid)  # starts the processes now, not when the first encounter waits for them
        return pool

    def code(self, job: Job) -> str | None:
        """See :class:`Crew`."""
        pool = self._pool
        try:
            return pool.submit(_work, job).result()
        except BrokenProcessPool:
            with self._lock:
                if self._pool is pool:
                    self._pool = self._new_pool()
            raise WorkerDiedError from None

    def close(self) -> None:
        """See :class:`Crew`."""
        self._pool.shutdown(wait=True, cancel_futures=True)


_WORKER: "dict[str, Desk]" = {}
_OPENED = ExitStack()


def _open_worker(settings: "Settings", store: Path, model: str | None, policy: Path | None) -> None:
    """In a worker process: open bookshelf, model and store once; whoever waits for a page comes before the queue."""
    from agent.desk import open_desk

    os.nice(NICE)
    _WORKER["desk"] = _OPENED.enter_context(open_desk(settings, store=store, model_spec=model, policy=policy))


def _work(job: Job) -> str | None:
    return _coded(_WORKER["desk"].for_tenant(job.tenant), job)


def _coded(desk: "Desk", job: Job) -> str | None:
    try:
        desk.submit(job.read())
    except user_errors() as error:
        return one_line(error)
    except Exception as error:  # the boundary of a job: one that breaks must not take the queue with it
        return f"a fault of ours: {fault_line(error)}"
    return None


class Runner:
    """Threads that take encounters from the queue and have the crew code them."""

    def __init__(
        self, jobs: Jobs, crew: Crew, *, threads: int, told: Callable[[Job, str | None], None]
    ) -> None:
        """``told`` hears of every encounter that ended, with its error or None."""
        self._jobs, self._crew, self._told = jobs, crew, told
        self._change = threading.Condition()
        self._stopping = False
        self._threads = [threading.Thread(target=self._run, name=f"coder-{n}") for n in range(threads)]

    @property
    def taking(self) -> bool:
        """False while it stops."""
        return not self._stopping

    def start(self) -> None:
        """Begin with what is queued."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was queued."""
        with self._change:
            self._change.notify_all()

    def wait_for(self, tenant: str, encounter: str, seconds: float) -> Job | None:
        """The submission when it has ended or the time is up."""

        def ended() -> bool:
            job = self._jobs.find(tenant, encounter)
            return job is None or job.status in {"done", "failed"}

        with self._change:
            self._change.wait_for(ended, seconds)
        return self._jobs.find(tenant, encounter)

    def stop(self) -> None:
        """Finish what runs; what is queued stays queued for the next start."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()
        self._crew.close()

    def _run(self) -> None:
        while not self._stopping:
            job = self._jobs.take()
            if job is not None:
                self._one(job)
                continue
            with self._change:
                if not self._stopping:
                    self._change.wait(1.0)

    def _one(self, job: Job) -> None:
        try:
            error = self._crew.code(job)
        except WorkerDiedError:
            self._jobs.again(job, DIED)
            error = DIED
        else:
            self._jobs.failed(job, error) if error else self._jobs.done(job)
        self._told(job, error)
        self.wake()
