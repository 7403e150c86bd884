"""``superbill serve`` and ``superbill token``: the HTTP service, and who may call it."""

import argparse
import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.errors import EXIT_OK, UsageError
from agent.cli.workbench import add_reach, check_reach, listening, run_server
from agent.settings import Settings, load_settings

if TYPE_CHECKING:
    from agent.api.tokens import Tokens


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    parser.add_argument("--store", type=Path, help="folder of worklist, queue, tokens and checkpoints")
    if name == "token":
        parser.add_argument("action", choices=("add", "list", "revoke"))
        parser.add_argument("token", nargs="?", metavar="NAME")
        parser.add_argument("--role", choices=("viewer", "coder", "reviewer", "physician", "admin"))
        parser.add_argument("--tenant", help="practice (default: the settings')")
        parser.set_defaults(run=token)
        return
    add_reach(parser, port=8001)
    parser.add_argument("--model", help="the model that codes and answers (default: the settings')")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    parser.add_argument("--workers", type=int, default=1, help="processes that code (0: in this one)")
    parser.set_defaults(run=serve)


def token(options: argparse.Namespace) -> int:
    """Make, list or revoke tokens; a secret is shown once."""
    from agent.api.tokens import Tokens

    settings = load_settings()
    with closing(Tokens(options.store or settings.home / "store")) as tokens:
        if options.action == "list":
            for one in tokens.all():
                state = "revoked" if one.revoked else "active"
                sys.stdout.write(f"{one.name:<24} {one.tenant:<16} {one.role:<10} {state}\n")
            return EXIT_OK
        if not options.token:
            raise UsageError(f"token {options.action} needs a NAME")
        sys.stdout.write(_change(tokens, options, settings) + "\n")
    return EXIT_OK


def _change(tokens: "Tokens", options: argparse.Namespace, settings: Settings) -> str:
    if options.action == "revoke":
        tokens.revoke(options.token)
        return f"{options.token}: revoked"
    if options.role is None:
        raise UsageError("token add needs --role")
    return tokens.make(options.token, role=options.role, tenant=options.tenant or settings.tenant)


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted; what is being coded is finished, what is queued waits for the next start."""
    from agent.api.app import create_api
    from agent.api.workers import InProcesses
    from agent.desk import open_desk
    from agent.workbench.desks import Desks

    settings = load_settings()
    check_reach(options)
    if options.workers < 0:
        raise UsageError("--workers is 0 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    store = options.store or settings.home / "store"
    with (
        listening(options) as listener,
        open_desk(settings, store=store, model_spec=options.model, policy=options.policy) as desk,
    ):
        crew = (
            InProcesses(settings, store, model=options.model, policy=options.policy, workers=options.workers)
            if options.workers
            else None
        )
        desks = Desks(desk)
        if left := desks.recover():
            sys.stdout.write(f"{left} encounters that a killed process left were finished\n")
        app = create_api(desks, settings, store, crew=crew, threads=max(1, options.workers))
        scheme = "https" if options.tls_cert else "http"
        sys.stdout.write(f"API on {scheme}://{options.host}:{listener.getsockname()[1]}/docs\n")
        sys.stdout.flush()
        run_server(app, options, listener)
    return EXIT_OK
