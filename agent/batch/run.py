"""A batch from manifest to results: what is done already is skipped, the rest goes to the workers, every member is listed."""

import fcntl
import hashlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

import orjson

from agent.aws.place import Place
from agent.batch.errors import BatchError
from agent.batch.journal import Journal, Outcome
from agent.batch.manifest import Item, items, measure
from agent.batch.pool import Pool
from agent.batch.worker import LOCK, Setup, Task
from agent.cli.errors import EXIT_INPUT, EXIT_INTERNAL, EXIT_OK, WORST_FIRST
from agent.outputs import FILES
from agent.store import Store
from knowledge.whole import written_whole

RESULTS = "results.jsonl"
DEAD = "dead-letter.jsonl"
RUN_LOCK = "run.lock"
LEFT = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9_.-]*-[a-z0-9_]{8}")
FAILED = (EXIT_INTERNAL, EXIT_INPUT)


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """How to run: ``out`` receives one output a member, ``store`` the worklist and control numbers."""

    manifest: Path
    out: Place
    store: Path
    workers: int
    model: str | None = None
    policy: Path | None = None
    review: str = "auto"
    pdf: bool = True


@dataclass
class Summary:
    """Counts by status, members skipped because an earlier run had done them, and the exit code of the whole."""

    members: int
    counts: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    exit: int = EXIT_OK
    results: str = ""


def run_batch(options: BatchOptions, step: Callable[[str], None]) -> Summary:
    """Do every member of the manifest that is not done yet; ``step`` is called with the id of each.

    Raises:
        ManifestError: the manifest can not be read; BatchError: another run is at it; WorkerError: no worker starts.
    """
    members, manifest = measure(options.manifest)
    work = _work_folder(options)
    with _alone(work):
        if isinstance(options.out, Path):
            sweep(options.out)
        store = Store(options.store)
        journal = Journal(work / "journal.sqlite")
        try:
            first = _numbers(journal, store, manifest, members)
            run = _Run(options=options, work=work, journal=journal, manifest=manifest, first=first, step=step)
            run.do()
            return run.finish(members)
        finally:
            journal.close()


@dataclass
class _Run:
    options: BatchOptions
    work: Path
    journal: Journal
    manifest: str
    first: int
    step: Callable[[str], None]
    resumed: int = 0

    def do(self) -> None:
        o = self.options
        setup = Setup(
            work=self.work.absolute(),
            folder=o.manifest.absolute().parent,
            store=o.store.absolute(),
            model=o.model,
            policy=o.policy.absolute() if o.policy else None,
            review=o.review,
            pdf=o.pdf,
        )
        self._pool = Pool(setup=setup, size=o.workers, tasks=self._tasks(), done=self._done)
        first = next(self._pool.tasks, None)
        if first is not None:  # a batch that is done already starts no process
            self._pool.tasks = chain((first,), self._pool.tasks)
            self._pool.run()

    def finish(self, members: int) -> Summary:
        """Write results and dead letters, in the order of the manifest."""
        summary = Summary(members=members, resumed=self.resumed)
        with _whole(self.options.out, RESULTS) as results, _whole(self.options.out, DEAD) as dead:
            said = self.journal.outcomes(self.manifest)
            for item, outcome in zip(items(self.options.manifest), said, strict=True):
                summary.counts[outcome.status] += 1
                summary.exit = min(summary.exit, outcome.exit, key=WORST_FIRST.index)
                results.write(orjson.dumps(_row(outcome)) + b"\n")
                if outcome.exit in FAILED:
                    dead.write(orjson.dumps(_letter(item, outcome)) + b"\n")
        summary.results = str(self.options.out / RESULTS)
        return summary

    def _tasks(self) -> Iterator[Task]:
        for item in items(self.options.manifest):
            task = self._task(item)
            if task is not None:
                yield task

    def _task(self, item: Item) -> Task | None:
        """What is to be done for a member; None when it is done, or fails without a worker."""
        before = self.journal.done(item.id)
        here = before is not None and before.manifest == self.manifest
        if item.id in self._pool.in_flight() or (before and here and before.line != item.line):
            fault = f"line {item.line}: the id {item.id} stands on an earlier line too; ids are unique"
            item = item.model_copy(update={"id": f"line-{item.line}", "fault": fault})
        elif before and before.digest == item.digest and before.exit not in FAILED:
            self.journal.keep(item.id, self.manifest, item.line)
            self.resumed += 1
            self.step(item.id)
            return None
        if item.fault:
            self._record(
                Outcome(id=item.id, line=item.line, exit=EXIT_INPUT, status="failed", reason=item.fault), item
            )
            return None
        return Task(item=item, out=str(self._out(item.id)), number=self.first + item.line - 1)

    def _done(self, outcome: Outcome, task: Task) -> None:
        self._record(outcome, task.item)

    def _record(self, outcome: Outcome, item: Item) -> None:
        self.journal.put(outcome, self.manifest, item.digest)
        self.step(item.id)

    def _out(self, member: str) -> Place:
        base = self.options.out
        return base.absolute() / member if isinstance(base, Path) else base / member


def _numbers(journal: Journal, store: Store, manifest: str, members: int) -> int:
    first = journal.block(manifest)
    if first is None:
        first = store.reserve_block(members)
        journal.put_block(manifest, first, members)
    return first


def _work_folder(options: BatchOptions) -> Path:
    """Journal and locks lie with a local output; with one in S3 they lie in the store, by the address."""
    if isinstance(options.out, Path):
        work = options.out / ".batch"
    else:
        name = hashlib.sha256(str(options.out).encode()).hexdigest()[:16]
        work = options.store / f"batch-{name}"
    try:
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise BatchError(f"{work}: can not be made ({fault.strerror}); give another --out") from None
    return work


def sweep(out: Path) -> None:
    """Remove the half-written folders that a killed run left: ``.<id>-<random>``, with nothing in it but files of ours."""
    for folder in out.glob(".*"):
        if not LEFT.fullmatch(folder.name) or not folder.is_dir():
            continue
        inside = [p for p in folder.rglob("*") if p.is_file()]
        if all(p.name in FILES for p in inside):
            shutil.rmtree(folder)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """No other run at these outputs, and no worker of a killed one."""
    with (work / RUN_LOCK).open("a") as mine, (work / LOCK).open("a") as workers:
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BatchError(f"{work}: another batch is writing there; wait for it") from None
        fcntl.flock(workers, fcntl.LOCK_EX)
        fcntl.flock(workers, fcntl.LOCK_UN)
        yield


@contextmanager
def _whole(out: Place, name: str) -> Iterator[IO[bytes]]:
    """A file of its owner's that appears under its name only when all of it is written."""
    if isinstance(out, Path):
        with written_whole(out / name) as made:
            made.touch(mode=0o600)
            with made.open("wb") as file:
                yield file
    else:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            out.put(name, file.read())


def _row(outcome: Outcome) -> dict[str, object]:
    said = outcome.model_dump(mode="json")
    return {name: said[name] for name in ("id", "exit", "status", "encounter", "out", "reason", "seconds")}


def _letter(item: Item, outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.id,
        "encounter": item.encounter or None,
        "options": item.options,
        "reason": outcome.reason,
        "exit": outcome.exit,
    }
