"""``superbill trace``: the decision trace of a run."""

import argparse
import sys
from pathlib import Path
from typing import Any

from agent.cli.errors import EXIT_OK
from agent.trace import TraceEvent, load_trace


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare show."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("show", help="the timeline of a run")
    shown.add_argument("outdir", type=Path, metavar="OUTDIR")
    shown.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    """Print one line an event."""
    path = options.outdir / "trace.jsonl" if options.outdir.is_dir() else options.outdir
    for event in load_trace(path):
        sys.stdout.write(f"{event.seq:>4}  {event.node:<11}{event.event:<11}{_summary(event)}\n")
    return EXIT_OK


def _summary(event: TraceEvent) -> str:
    data = event.data
    if event.event == "turn":
        return ", ".join(_call(c) for c in data["calls"]) or data["text"][:120]
    if event.event == "answer":
        return f"{data['tool']} {'' if data['ok'] else 'refused: '}{data['content'][:140]}"
    if event.event == "judged":
        rules = [f"{f['level']} {f['rule']}" for f in data["findings"]]
        return f"attempt {data['attempt']}: {', '.join(rules) or 'clean'}"
    if event.event == "facts":
        return f"{len(data['documents'])} documents, {len(data['history'])} history items, {len(data['missing'])} missing"
    return ", ".join(f"{k}={v}" for k, v in data.items())[:160]


def _call(call: dict[str, Any]) -> str:
    sizes = {k: len(v) for k, v in call["args"].items() if isinstance(v, list)}
    return f"{call['tool']}({', '.join(f'{n} {k}' for k, n in sizes.items())})"
