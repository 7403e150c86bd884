"""Many encounters in one process: the same results every time, and memory that does not grow.

``python -m evals.benchmarks.soak [--encounters N]``; exits 1 when a result differs or memory grows by more than a tenth.
"""

import argparse
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track

from agent.graph import build_graph
from agent.identity import claim_sha256
from agent.policy import Policy
from agent.run import code_encounter, make_context
from agent.settings import load_settings

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.context import Context

ENCOUNTERS = Path(__file__).resolve().parents[1] / "encounters"
GROWTH = 1.10


def main() -> int:
    """Code the shipped encounters again and again, without a store, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encounters", type=int, default=1000)
    wanted = parser.parse_args().encounters
    context, graph = (
        make_context(load_settings(), policy=Policy(accept_derived_charges=True), pdf=False),
        build_graph(),
    )
    files = sorted(ENCOUNTERS.glob("*.json"))
    first = {f: _result(f, context, graph) for f in files}
    settled = _memory()
    differing = 0
    for number in track(range(wanted), description="soaking", console=Console(stderr=True)):
        file = files[number % len(files)]
        differing += _result(file, context, graph) != first[file]
    grown = _memory() / settled
    sys.stdout.write(f"{wanted} encounters, {differing} differing results, peak memory x{grown:.3f}\n")
    return int(differing > 0 or grown > GROWTH)


def _result(file: Path, context: "Context", graph: "CompiledStateGraph[Any, Any, Any, Any]") -> str:
    result = code_encounter(file, context=context, graph=graph)
    return f"{result.status} {claim_sha256(result.claim) if result.claim else ''}"


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
