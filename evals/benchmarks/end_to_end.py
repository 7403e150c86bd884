"""How long one encounter takes: warm in one process, without and with the PDF, and ``superbill code`` from a cold start.

``python -m evals.benchmarks.end_to_end [--runs N]``
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.graph import build_graph
from agent.policy import Policy
from agent.run import code_encounter, make_context, sqlite_checkpointer
from agent.settings import load_settings
from agent.store import Store

if TYPE_CHECKING:
    from agent.context import Context

ENCOUNTERS = Path(__file__).resolve().parents[1] / "encounters"


def warm(context: "Context", runs: int, folder: Path) -> list[float]:
    """Seconds of each run over the shipped encounters, checkpoints, store and output folder included."""
    files = sorted(ENCOUNTERS.glob("*.json"))
    seconds = []
    with sqlite_checkpointer(folder / "store") as saver:
        graph = build_graph(saver)
        for number in range(-1, runs):
            for file in files:
                started = time.perf_counter()
                code_encounter(file, context=replace(context, out=folder / file.stem), graph=graph)
                if number >= 0:
                    seconds.append(time.perf_counter() - started)
    return seconds


def cold(runs: int, folder: Path) -> list[float]:
    """Seconds of ``superbill code`` as a process of its own."""
    file = ENCOUNTERS / "01-memory-loss.json"
    command = [sys.executable, "-m", "agent", "code", str(file), "--out", str(folder / "cold"), "--json"]
    command += ["--store", str(folder / "cold-store"), "--review", "never"]
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
        seconds.append(time.perf_counter() - started)
    return seconds


def show(name: str, seconds: list[float]) -> None:
    """One line: median, 95th percentile, worst, in milliseconds."""
    ordered = sorted(1000 * s for s in seconds)
    high = ordered[int(0.95 * (len(ordered) - 1))]
    text = f"{name:<42} median {statistics.median(ordered):7.1f}  p95 {high:7.1f}  max {ordered[-1]:7.1f} ms"
    sys.stdout.write(f"{text}  (n={len(ordered)})\n")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = make_context(
            load_settings(), policy=Policy(accept_derived_charges=True), store=Store(folder / "store")
        )
        words = [len(p.read_text().split()) for p in (ENCOUNTERS / "notes").glob("*.txt")]
        sys.stdout.write(f"{len(words)} encounters, {statistics.mean(words):.0f} words a note on average\n")
        show("warm, without the PDF", warm(replace(context, pdf=False), runs, folder / "a"))
        show("warm, with everything", warm(context, runs, folder / "b"))
        show("superbill code, cold start", cold(max(3, runs // 2), folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
