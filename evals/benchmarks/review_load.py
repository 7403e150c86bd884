"""Reviewers at the workbench while encounters come in by the API: two servers over one store, and the time each page takes.

``python -m evals.benchmarks.review_load [--reviewers 50] [--rate 5] [--minutes 5]`` prints one JSON object; exits 1 when a
request failed, an encounter was lost, coded in vain or emitted twice, or the queue did not empty. The clients run in this
process, the servers in processes of their own.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from evals.benchmarks.reviewers import PAGES, Habits, Reviewer, Tally
from evals.benchmarks.servers import House, faults, open_house
from evals.benchmarks.synthetic import BROKEN_EVERY, encounters

LONGEST_DRAIN: Final = 600
AT_THE_DOOR: Final = 4
"""So many sign in at the same moment; the limit on sign-in counts attempts of one address that are under way."""


@dataclass
class Intake:
    """What was handed in, and how the queue emptied."""

    submitted: int = 0
    seconds: list[float] = field(default_factory=list)
    drain: float = 0.0
    longest_queue: int = 0


@dataclass
class Measured:
    """One run: what reviewers met, what was handed in, what the processes took, what is wrong."""

    tally: Tally
    intake: Intake
    cpu: dict[str, float]
    wrong: list[str]
    elapsed: float


async def measure(
    house: House, options: argparse.Namespace, bodies: list[bytes], step: Callable[[str], None]
) -> Measured:
    """Let reviewers work while ``bodies`` are handed in, until the queue is empty."""
    tally, intake, stop = Tally(), Intake(), asyncio.Event()
    door, habits = asyncio.Semaphore(AT_THE_DOOR), Habits(think=tuple(options.think))
    people = [
        Reviewer(name, house.workbench.address, tally, habits, options.seed * 1000 + n)
        for n, name in enumerate(house.reviewers)
    ]
    before, own, began = house.cpu(), time.process_time(), time.perf_counter()
    working = [asyncio.create_task(p.work(door, stop)) for p in people]
    await _hand_in(house, bodies, options.rate, intake, tally, step)
    stop.set()
    await asyncio.gather(*working)
    cpu = {name: seconds - before[name] for name, seconds in house.cpu().items()}
    cpu["clients"] = time.process_time() - own
    elapsed = time.perf_counter() - began
    rows = await Reviewer(house.reviewers[0], house.workbench.address, tally, habits, 0).every_row()
    wrong = [f"worklist: {n} times the same case" for n in Counter(rows).values() if n > 1]
    wrong += [f"worklist: {len(rows)} cases of {len(bodies)}"] if len(rows) != len(bodies) else []
    return Measured(tally=tally, intake=intake, cpu=cpu, wrong=wrong, elapsed=elapsed)


async def _hand_in(
    house: House,
    bodies: list[bytes],
    rate: float,
    intake: Intake,
    tally: Tally,
    step: Callable[[str], None],
) -> None:
    """Submit at the rate, whatever the answers take; then wait until all is coded."""
    async with httpx.AsyncClient(base_url=house.api.address, timeout=60, trust_env=False) as client:

        async def one(body: bytes) -> None:
            began = time.perf_counter()
            try:
                answer = await client.post("/encounters", content=body, headers=house.intake)
            except httpx.HTTPError as error:
                tally.errors.append(f"submit: {type(error).__name__} {error}")
                return
            intake.seconds.append(time.perf_counter() - began)
            if answer.status_code != 202:
                tally.errors.append(f"submit: status {answer.status_code}")
            intake.submitted += answer.status_code == 202

        began, sending = time.perf_counter(), []
        for number, body in enumerate(bodies):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sending.append(asyncio.create_task(one(body)))
            step(f"{sum(map(len, tally.seconds.values()))} requests, {len(tally.errors)} errors")
        await asyncio.gather(*sending)
        await _drain(client, intake, tally)


async def _drain(client: httpx.AsyncClient, intake: Intake, tally: Tally) -> None:
    began = time.perf_counter()
    while time.perf_counter() - began < LONGEST_DRAIN:
        waiting = (await client.get("/readyz")).json()["waiting"]
        intake.drain = time.perf_counter() - began
        intake.longest_queue = max(intake.longest_queue, waiting)
        if not waiting:
            return
        await asyncio.sleep(0.1)
    tally.errors.append(f"the queue is not empty after {LONGEST_DRAIN} s")


def lost(store: Path, names: list[str]) -> list[str]:
    """What the store holds otherwise than it should: each encounter once, none failed, none emitted twice, the audit whole."""
    from agent.store import Store

    with closing(sqlite3.connect(store / "store.sqlite")) as db:
        listed = Counter(row[0] for row in db.execute("select encounter from worklist"))
        emitted = {row[0] for row in db.execute("select encounter from worklist where status = 'emitted'")}
        sent = Counter(row[0] for row in db.execute("select encounter from emission"))
    with closing(sqlite3.connect(store / "jobs.sqlite")) as db:
        odd = db.execute("select encounter, status, error from job where status <> 'done'").fetchall()
    said = [f"{name}: {listed[name]} times in the worklist" for name in names if listed[name] != 1]
    said += [f"{name}: never handed in" for name in listed.keys() - set(names)]
    said += [f"{name}: {status} {error}" for name, status, error in odd]
    said += [f"{name}: emitted {sent[name]} times" for name in emitted if sent[name] != 1]
    verdict = Store(store).verify_audit()
    return said + ([f"audit: {verdict.why}"] if verdict.why else [])


def report(options: argparse.Namespace, measured: Measured) -> dict[str, Any]:
    """The figures as they are printed; milliseconds, seconds of processor time."""
    tally, intake = measured.tally, measured.intake
    pages = [s for kind in PAGES for s in tally.seconds[kind]]
    return {
        "reviewers": options.reviewers,
        "rate": options.rate,
        "minutes": options.minutes,
        "think_seconds": options.think,
        "workers": options.workers,
        "seconds": round(measured.elapsed, 1),
        "requests": sum(map(len, tally.seconds.values())),
        "errors": len(tally.errors) + len(measured.wrong),
        "pages_ms": spread(pages),
        "all_ms": spread([s for times in tally.seconds.values() for s in times]),
        "by_kind_ms": {kind: spread(times) for kind, times in sorted(tally.seconds.items()) if times},
        "submit_ms": spread(intake.seconds),
        "refused": dict(tally.refused),
        "decisions": dict(tally.done),
        "submitted": intake.submitted,
        "queue_at_last_submission": intake.longest_queue,
        "drain_seconds": round(intake.drain, 1),
        "cpu_seconds": {name: round(s, 1) for name, s in measured.cpu.items()},
        "load_average": [round(n, 1) for n in os.getloadavg()],
        "cores": os.cpu_count(),
        "wrong": [*measured.wrong, *tally.errors][:20],
    }


def spread(seconds: list[float]) -> dict[str, float]:
    """How many, and p50, p95, p99 and the longest in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {"n": 0}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def bodies_for(count: int, seed: int) -> tuple[list[str], list[bytes]]:
    """Ids and request bodies of ``count`` encounters, each its own patient; made before the clock runs."""
    whole = [
        (name, content)
        for number, (name, content) in enumerate(encounters(count + count // 90 + 2, seed), 1)
        if number % BROKEN_EVERY
    ][:count]
    return [n for n, _ in whole], [b'{"encounter":' + content + b"}" for _, content in whole]


def main(arguments: list[str] | None = None) -> int:
    """Start, measure, check, tell."""
    from agent.cli.progress import item_progress

    options = _options(arguments)
    names, bodies = bodies_for(max(1, round(options.rate * options.minutes * 60)), options.seed)
    with tempfile.TemporaryDirectory(prefix="superbill-load-") as folder:
        store = Path(folder) / "store"
        with (
            open_house(store, reviewers=options.reviewers, workers=options.workers) as house,
            item_progress(len(bodies), quiet=options.quiet, doing="handing in") as step,
        ):
            measured = asyncio.run(measure(house, options, bodies, step))
        measured.wrong += lost(store, names) + faults(store)
    said = report(options, measured)
    sys.stdout.write(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode() + "\n")
    return int(said["errors"] > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviewers", type=int, default=50)
    parser.add_argument("--rate", type=float, default=5.0, help="encounters a second")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--think", type=float, nargs=2, default=[1.0, 3.0], metavar=("FROM", "TO"))
    parser.add_argument("--workers", type=int, default=1, help="processes of the API that code")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
