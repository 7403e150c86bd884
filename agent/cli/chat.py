"""``superbill chat``: ask a coded encounter why, why not and what if.

Exit codes: 0 answered (or the conversation ended), 2 no such encounter or trace, 6 with ``--ask`` when not understood.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.cli.errors import EXIT_OK, UsageError
from agent.settings import load_settings

if TYPE_CHECKING:
    from agent.chat import Answer, CaseView
    from agent.chat.talk import Talker

EXIT_NOT_UNDERSTOOD = 6
WELCOME = "Ask about this encounter (an empty line, quit or Ctrl-D ends)."
ENDS = frozenset({"", "quit", "exit", "q", "bye"})


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "case", metavar="ENCOUNTER|OUTDIR", help="an output folder, or an encounter of the worklist"
    )
    parser.add_argument(
        "--ask", metavar="QUESTION", action="append", default=[], help="ask this and end (repeatable)"
    )
    parser.add_argument(
        "--against", type=Path, metavar="OUTDIR", help="another run of the same encounter to compare with"
    )
    parser.add_argument("--model", help="who converses: rules (default) or bedrock:<model id>")
    parser.add_argument("--store", type=Path, help="folder of the worklist")
    parser.add_argument("--json", action="store_true", help="each answer as one JSON object on a line")
    parser.set_defaults(run=chat)


def chat(options: argparse.Namespace) -> int:
    """Answer the questions given, or those typed."""
    from agent.chat import load_view

    view = load_view(_folder(options), options.against)
    talker = _talker(view, options.model)
    if options.ask:
        answers = [_say(talker.ask(question), as_json=options.json) for question in options.ask]
        return EXIT_OK if all(answers) else EXIT_NOT_UNDERSTOOD
    return _loop(talker, view, as_json=options.json)


def _folder(options: argparse.Namespace) -> Path:
    """The output folder named, or where the worklist says that the encounter's is.

    Raises:
        UsageError: neither a folder nor an encounter of the worklist.
    """
    given = Path(options.case)
    if given.is_dir():
        return given
    settings = load_settings()
    folder = options.store or settings.home / "store"
    if (folder / "store.sqlite").exists():
        from agent.store import Store

        row = Store(folder).work(settings.tenant, options.case)
        if row is not None and row["out"]:
            return Path(row["out"])
    raise UsageError(
        f"{options.case}: no output folder and no encounter of the worklist; see superbill worklist"
    )


def _talker(view: "CaseView", spec: str | None) -> "Talker":
    from agent.chat.talk import open_talk
    from agent.cli.trace import open_context

    wanted = spec or load_settings().model
    return open_talk(view, open_context(wanted))


def _say(answer: "Answer", *, as_json: bool) -> bool:
    if as_json:
        sys.stdout.write(orjson.dumps(answer.model_dump(mode="json")).decode() + "\n")
        return answer.understood
    from rich.console import Console

    from agent.cli.trace_print import compared_table

    console = Console()
    console.print(answer.text, markup=False, highlight=False, soft_wrap=not console.is_terminal)
    if answer.what_if is not None:
        console.print(compared_table(answer.what_if))
    return answer.understood


def _loop(talker: "Talker", view: "CaseView", *, as_json: bool) -> int:
    if not as_json:
        sys.stdout.write(f"{view.coding.encounter_id}: {view.coding.status}. {WELCOME}\n")
    while True:
        question = _typed(prompt="" if as_json else "> ")
        if question is None or question.strip().lower() in ENDS:
            return EXIT_OK
        _say(talker.ask(question), as_json=as_json)


def _typed(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None
