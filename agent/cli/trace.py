"""``superbill trace``: a run's decision trace, shown as a timeline, run again, or run otherwise.

Exit codes: 0 shown, the same, or forked; 2 the trace or the change can not be used; 5 a replay parted.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.cli.errors import EXIT_OK
from agent.settings import load_settings
from agent.trace import TraceEvent, load_trace

if TYPE_CHECKING:
    from agent.context import Context
    from agent.replay import Change, Forked, Replayed

EXIT_PARTED = 5


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare show, replay and fork."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("show", help="the timeline of a run")
    shown.add_argument("--full", action="store_true", help="each event whole, not in one line")
    shown.set_defaults(run=show)
    again = actions.add_parser(
        "replay", help="the same inputs and model turns again: same, or where it parted (exit 5)"
    )
    again.set_defaults(run=play)
    other = actions.add_parser(
        "fork", help="run again from a step on with something changed; nothing real changes"
    )
    _fork_arguments(other)
    other.set_defaults(run=branch)
    for child in (shown, again, other):
        child.add_argument("outdir", type=Path, metavar="OUTDIR", help="an output folder, or a trace.jsonl")
        child.add_argument("--json", action="store_true", help="print one JSON value and nothing else")


def _fork_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at", type=int, metavar="N", help="event from which the coder works anew (default: its first turn)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="new_patient, payer, place, age, sex, date, review, today, policy.<field>, line.<n>.<field>, dx.<n>.code",
    )
    parser.add_argument("--note-replace", nargs=2, action="append", default=[], metavar=("OLD", "NEW"))
    parser.add_argument("--note-add", metavar="SENTENCE", help="one more sentence at the end of the note")
    parser.add_argument("--drop-line", type=int, action="append", default=[], metavar="N")
    parser.add_argument("--drop-dx", type=int, action="append", default=[], metavar="N")
    parser.add_argument("--model", help="who codes from the step on (default: who coded)")
    parser.add_argument("--out", type=Path, help="keep the what-if in this new folder, marked as one")


def show(options: argparse.Namespace) -> int:
    """Print one line an event, or each event whole."""
    events = load_trace(options.outdir)
    if options.json:
        _print_json([e.model_dump(mode="json") for e in events])
        return EXIT_OK
    from agent.cli.trace_print import print_timeline

    print_timeline(events, full=options.full)
    return EXIT_OK


def play(options: argparse.Namespace) -> int:
    """Replay, say same or where it parted."""
    from agent.replay import replay

    result = replay(load_trace(options.outdir), open_context())
    if options.json:
        _print_json(_replayed(result))
    else:
        from agent.cli.trace_print import print_replayed

        print_replayed(result)
    return EXIT_OK if result.same else EXIT_PARTED


def _replayed(result: "Replayed") -> dict[str, object]:
    return {
        "same": result.same,
        "parted_at": result.parted_at,
        "differences": [d.model_dump() for d in result.differences],
        "surroundings": list(result.surroundings),
        "status": result.state["status"],
    }


def branch(options: argparse.Namespace) -> int:
    """Fork, print both outcomes side by side, keep the what-if where asked."""
    from agent.replay import fork

    events, change = load_trace(options.outdir), asked_change(options)
    told = fork(events, open_context(_spec(events, change)), change, at=options.at)
    if options.out:
        from agent.replay.keep import keep

        keep(told, options.out)
    if options.json:
        _print_json(_forked(told))
    else:
        from agent.cli.trace_print import print_compared

        print_compared(told)
    return EXIT_OK


def _forked(told: "Forked") -> dict[str, object]:
    return {
        "change": told.change.model_dump(mode="json"),
        "at": told.at,
        "notes": list(told.notes),
        **told.compared.model_dump(mode="json"),
    }


def asked_change(options: argparse.Namespace) -> "Change":
    """The change that the options ask for.

    Raises:
        ForkError: a key that can not be set.
    """
    from agent.replay import Change
    from agent.replay.change import parse_sets

    return Change(
        sets=parse_sets(options.set),
        replace_note=tuple((old, new) for old, new in options.note_replace),
        add_note=options.note_add,
        drop_lines=tuple(options.drop_line),
        drop_diagnoses=tuple(options.drop_dx),
        model=options.model,
    )


def _spec(events: tuple[TraceEvent, ...], change: "Change") -> str | None:
    """The model that has to be set up: only a change that is coded anew needs one."""
    recorded = next(str(e.data["spec"]) for e in events if e.event == "model")
    return (change.model or recorded) if change.recodes else None


def open_context(model_spec: str | None = None) -> "Context":
    """The surroundings of replays, forks and chats: bookshelf and charges of the settings, no store, no output.

    Raises:
        ModelSpecError: the model can not be set up.
    """
    from agent.cli.progress import build_progress
    from agent.run import make_context
    from agent.shelf import open_bookshelf

    settings = load_settings()
    with build_progress(quiet=False) as progress:
        shelf = open_bookshelf(settings, progress)
    return make_context(settings, bookshelf=shelf, model_spec=model_spec or "rules")


def _print_json(value: object) -> None:
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
