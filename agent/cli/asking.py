"""Questions to the providers and feedback, from the terminal: queries, answer, dismiss, feedback."""

import argparse
import sys
from pathlib import Path

from agent.cli.errors import BY_STATUS, EXIT_OK, UsageError
from agent.cli.review import add_person, opened, person_of, to_json, write_difference
from agent.settings import load_settings


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    declare = {
        "queries": _add_queries,
        "answer": _add_answer,
        "dismiss": _add_dismiss,
        "feedback": _add_feedback,
    }
    declare[name](parser)


def _add_queries(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--status", choices=("open", "answered", "withdrawn", "dismissed", "all"), default="open"
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=queries)


def _add_answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="id of an open query (superbill queries)")
    parser.add_argument(
        "--text", required=True, help="the answer, in full sentences: it is signed into the record"
    )
    add_person(parser, "physician")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=answer)


def _add_dismiss(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="id of an open query (superbill queries)")
    parser.add_argument("--reason", required=True, help="why the provider need not be asked")
    add_person(parser, "reviewer")
    parser.set_defaults(run=dismiss)


def _add_feedback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("export", "index", "similar"))
    parser.add_argument("--out", type=Path, help="file for the lessons, one JSON object a line (export)")
    parser.add_argument("--note", type=Path, help="a note to find approved cases for (similar)")
    parser.add_argument("--limit", type=int, default=5)
    parser.set_defaults(run=feedback)


def queries(options: argparse.Namespace) -> int:
    """Print the questions to the providers."""
    from agent.desk import rows
    from agent.desk.book import Book
    from agent.store import Store

    settings = load_settings()
    book = Book(Store(options.store or settings.home / "store"), settings.tenant)
    status = None if options.status == "all" else options.status
    found = [rows.query(r) for r in book.queries(status)]
    if options.json:
        sys.stdout.write(to_json([q.model_dump(mode="json") for q in found]))
        return EXIT_OK
    if not found:
        sys.stderr.write(f"no {status or 'kept'} question in this practice\n")
    for query in found:
        sys.stdout.write(
            f"{query.id}  {query.encounter}  {query.status}\n  {query.question}\n  why: {query.why}\n"
        )
    return EXIT_OK


def answer(options: argparse.Namespace) -> int:
    """Answer a query; print what it changed."""
    with opened(options) as desk:
        done = desk.answer(options.query, person_of(options, desk), options.text)
    if options.json:
        sys.stdout.write(to_json(done.model_dump(mode="json")))
        return BY_STATUS[done.status]
    sys.stdout.write(f"{done.query.encounter}: {done.status}; the answer is {done.document.id}\n")
    write_difference(done.difference)
    return BY_STATUS[done.status]


def dismiss(options: argparse.Namespace) -> int:
    """Close a query without an answer."""
    with opened(options) as desk:
        done = desk.dismiss(options.query, person_of(options, desk), reason=options.reason)
    sys.stdout.write(f"{done.encounter}: dismissed: {done.question}\n")
    return EXIT_OK


def feedback(options: argparse.Namespace) -> int:
    """Export the lessons, index the approved cases, or look for those like a note."""
    from agent.desk import learning
    from agent.desk.examples import CaseExamples

    with opened(options) as desk:
        if options.action == "export":
            if options.out is None:
                raise UsageError("feedback export needs --out FILE.jsonl")
            count = learning.export(desk, options.out)
            sys.stdout.write(f"{count} lessons: {options.out}\n")
            return EXIT_OK
        examples = CaseExamples(
            store=desk.store.folder, tenant=desk.tenant, bookshelf=desk.session.context.bookshelf
        )
        if options.action == "index":
            sys.stdout.write(f"{learning.rebuild(desk, examples)} approved cases indexed\n")
            return EXIT_OK
        found = examples.similar(_note(options.note), limit=options.limit)
    for example in found:
        sys.stdout.write(to_json(example.model_dump(mode="json")))
    return EXIT_OK


def _note(path: Path | None) -> str:
    if path is None:
        raise UsageError("feedback similar needs --note FILE")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: note can not be read ({type(error).__name__})") from error
