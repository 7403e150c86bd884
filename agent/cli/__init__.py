"""``superbill``: the command line. Each group of commands is one module, loaded only when it is used."""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import TracebackType
from typing import NoReturn, Protocol

from agent.cli.errors import EXIT_INPUT, fault_line, user_errors

GROUPS: dict[str, tuple[str, str]] = {
    "code": ("agent.cli.code", "code one encounter, or a folder of them"),
    "batch": ("agent.cli.batch", "code every encounter of a manifest, by several processes, resumable"),
    "knowledge": ("agent.cli.knowledge", "the bookshelf: status, build, search, show, linkage, guidelines"),
    "note": ("agent.cli.note", "read a note: show, assert"),
    "scribe": ("agent.cli.scribe", "from a recording in S3 to a claim, by AWS HealthScribe"),
    "fhir": ("agent.cli.fhir", "the embedded FHIR store and server: load, serve"),
    "claim": ("agent.cli.claim", "claims: check, render, parse; submit, acks, remits, stats, history"),
    "chat": ("agent.cli.chat", "ask a coded encounter why, why not and what if"),
    "trace": ("agent.cli.trace", "a run's decision trace: show, replay, fork"),
    "worklist": ("agent.cli.review", "encounters that wait for a person"),
    "approve": ("agent.cli.review", "approve a held claim"),
    "reject": ("agent.cli.review", "reject a held claim"),
    "amend": ("agent.cli.review", "change a claim; the self-check judges it again"),
    "override": ("agent.cli.review", "let a finding stand, by a named role and with a reason"),
    "queries": ("agent.cli.asking", "questions to the providers"),
    "dismiss": ("agent.cli.asking", "close a query that the provider need not answer, with the reason"),
    "answer": ("agent.cli.asking", "answer a query: a signed addendum, and the encounter is coded again"),
    "feedback": ("agent.cli.asking", "what people changed: export; approved cases: index, similar"),
    "audit": ("agent.cli.review", "the audit: show, verify"),
    "purge": ("agent.cli.purge", "delete what is kept of encounters, by id or by age"),
    "key": ("agent.cli.key", "the key at rest: new, rotate"),
    "open": ("agent.cli.key", "clear copies of sealed outputs"),
    "workbench": ("agent.cli.workbench", "the web pages for reviewers, physicians and engineers"),
    "user": ("agent.cli.workbench", "who may sign in: add, list, disable, enable, password"),
    "serve": ("agent.cli.serve", "the HTTP API: encounters in, coding out; review, chat, health, metrics"),
    "token": ("agent.cli.serve", "tokens of programs that call the API: add, list, revoke"),
    "eval": ("evals.cli", "score a model on cases: run, compare, report"),
    "train": ("evals.train.cli", "learn: export data, tune on Bedrock, promote, roll back"),
}


class Group(Protocol):
    """What a command module offers."""

    def add(self, name: str, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments of the command ``name`` and set its function as default ``run``."""


class Parser(argparse.ArgumentParser):
    """argparse with our exit code and a single line on stderr."""

    def error(self, message: str) -> NoReturn:
        """One line: what is wrong and how to see the usage."""
        sys.stderr.write(f"superbill: {message} (see: {self.prog} --help)\n")
        raise SystemExit(EXIT_INPUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see docs: 0, 1, 2, 3, 4)."""
    sys.excepthook = _internal_fault
    os.umask(0o077)  # whatever is written, by libraries too, is for its owner only
    gc.set_threshold(
        200_000, 50, 50
    )  # the tables are hundreds of thousands of objects that live as long as we do
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = Parser(
        prog="superbill", description="From a documented encounter to an explained, self-checked claim."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (module, words) in GROUPS.items():
        child = commands.add_parser(name, help=words, description=words)
        if name in arguments[:1]:
            import_module(module).add(name, child)
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except user_errors() as error:
        sys.stderr.write(f"superbill: {' '.join(str(error).split())}\n")
        return EXIT_INPUT
    except BrokenPipeError:
        return 0
    return code


def _internal_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that something broke in one line without any value of the encounter."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("superbill: interrupted\n")
        return
    sys.stderr.write(f"superbill: {fault_line(error)}\n")
