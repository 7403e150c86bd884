"""Thousands of encounters through ``superbill batch``, undisturbed and killed at random: same results, each exactly once.

``python -m evals.benchmarks.soak [--encounters N] [--kills N] [--workers N] [--notes F] [--folder F]``; exits 1 when a result differs,
an encounter is missing or doubled, or a worker's memory grows by more than a tenth after it has warmed up.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from evals.benchmarks.synthetic import POLICY, notes_of, write_batch

GROWTH = 1.10
POLL = 0.05


@dataclass(frozen=True, kw_only=True)
class Run:
    """One batch in a folder of its own."""

    manifest: Path
    folder: Path
    workers: int

    @property
    def out(self) -> Path:
        """Where the outputs go."""
        return self.folder / "out"

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin or go on."""
        command = [sys.executable, "-m", "agent", "batch", str(self.manifest), "--out", str(self.out)]
        command += ["--store", str(self.folder / "store"), "--policy", str(POLICY), "--no-pdf", "--json"]
        return subprocess.Popen([*command, "--workers", str(self.workers)], stdout=subprocess.DEVNULL)  # noqa: S603

    def done(self) -> int:
        """Members in the journal."""
        path = self.out / ".batch" / "journal.sqlite"
        if not path.exists():
            return 0
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            try:
                return int(db.execute("select count(*) from member").fetchone()[0])
            except sqlite3.OperationalError:
                return 0  # the journal has no tables yet


@dataclass
class Watched:
    """What an undisturbed run took."""

    seconds: float = 0.0
    memory: list[tuple[int, int]] = field(default_factory=list)

    def growth(self) -> float:
        """Workers' memory at the end over that at the first third."""
        third = [kb for done, kb in self.memory if done > self.memory[-1][0] / 3] if self.memory else []
        return max(third) / third[0] if third else 1.0


def undisturbed(run: Run) -> Watched:
    """Run from beginning to end, looking at the memory of the workers."""
    watched, began = Watched(), time.perf_counter()
    process = run.start()
    while not _over(process):
        if memory := [kb for kb in map(_memory, _children(process.pid)) if kb]:
            watched.memory.append((run.done(), max(memory)))
    watched.seconds = time.perf_counter() - began
    return watched


def disturbed(run: Run, members: int, kills: int, seed: int) -> int:
    """Kill the parent or a worker ``kills`` times at random points, go on each time, to the end.

    Returns:
        Kills that hit a living process.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    points = sorted(draw.sample(range(1, max(members * 9 // 10, kills + 1)), kills))
    process, hit = run.start(), 0
    for number, point in enumerate(points):
        while run.done() < point and not _over(process):
            continue
        hit += _kill(process, draw, parent=number % 2 == 0)
        if process.poll() is not None:
            process = run.start()
    process.wait()
    return hit


def _over(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(timeout=POLL)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: "subprocess.Popen[bytes]", draw: random.Random, *, parent: bool) -> bool:
    """SIGKILL the parent (and wait for its end) or one of its workers."""
    if process.poll() is not None:
        return False
    workers = _children(process.pid)
    if parent or not workers:
        process.kill()
        process.wait()
        return True
    os.kill(draw.choice(workers), signal.SIGKILL)
    return True


def _children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _memory(pid: int) -> int:
    """Resident kilobytes, 0 of a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), 0))


def results(run: Run) -> dict[str, str]:
    """Digest of what each member came to: every file of its output, its line of the results, clocks apart."""
    found = {}
    for line in (run.out / "results.jsonl").read_bytes().splitlines():
        said = orjson.loads(line)
        said.pop("seconds"), said.pop("out")
        digest = hashlib.sha256(orjson.dumps(said))
        folder = run.out / said["id"]
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            digest.update(file.name.encode() + content_of(file.name, file.read_bytes()))
        found[said["id"]] = digest.hexdigest()
    return found


def content_of(name: str, content: bytes) -> bytes:
    """What two runs must agree on: every byte, but for the seconds that coding.json tells."""
    if name != "coding.json":
        return content
    said = orjson.loads(content)
    said["usage"].pop("seconds")
    return orjson.dumps(said)


def faults(run: Run, members: int, wanted: dict[str, str]) -> list[str]:
    """What is wrong with a run: differing or missing members, an encounter emitted twice, leftovers, a broken audit."""
    from agent.store import Store

    got = results(run)
    said = [f"{name}: differs" for name in wanted if got.get(name) != wanted[name]]
    said += [f"{len(got)} results of {members} members"] if len(got) != members else []
    emitted = sum(1 for f in run.out.glob("*/claim.837"))
    with closing(sqlite3.connect(run.folder / "store" / "store.sqlite")) as db:
        rows = db.execute("select count(*), count(distinct control_number) from emission").fetchone()
        told = db.execute("select count(*) from audit where action = 'emitted'").fetchone()[0]
    if {emitted, *rows, told} != {emitted}:
        said.append(f"{emitted} claims, {rows[0]} emissions, {rows[1]} control numbers, {told} audit entries")
    said += [f"{p.name}: left behind" for p in run.out.glob(".*") if p.name != ".batch"]
    verdict = Store(run.folder / "store").verify_audit()
    return said + ([f"audit: {verdict.why}"] if verdict.why else [])


def main() -> int:
    """Measure, compare and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encounters", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--notes", type=Path, help="DocumentReference.ndjson: its notes stand in every third encounter"
    )
    parser.add_argument("--folder", type=Path, help="kept; a temporary one, removed, when not given")
    o = parser.parse_args()
    folder = o.folder or Path(tempfile.mkdtemp(prefix="superbill-soak-"))
    try:
        manifest = write_batch(folder / "in", o.encounters, o.seed, notes_of(o.notes) if o.notes else ())
        calm = Run(manifest=manifest, folder=folder / "calm", workers=o.workers)
        rough = Run(manifest=manifest, folder=folder / "rough", workers=o.workers)
        watched = undisturbed(calm)
        rate, load = o.encounters / watched.seconds, os.getloadavg()[1]
        sys.stdout.write(
            f"{o.encounters} encounters in {watched.seconds:.0f} s: {rate:.1f}/s with {o.workers} workers "
            f"(load {load:.1f} on {os.cpu_count()} cores); worker memory at most "
            f"{max(kb for _, kb in watched.memory) / 1024:.0f} MB, x{watched.growth():.3f} from the first third on\n"
        )
        sys.stdout.flush()
        wanted = results(calm)
        hit = disturbed(rough, o.encounters, o.kills, o.seed)
        wrong = faults(calm, o.encounters, wanted) + faults(rough, o.encounters, wanted)
        sys.stdout.write(f"{hit} kills: {len(wrong)} faults\n" + "".join(f"  {w}\n" for w in wrong[:20]))
        return int(bool(wrong) or watched.growth() > GROWTH)
    finally:
        if o.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
