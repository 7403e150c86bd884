"""``superbill knowledge``: the bookshelf from the command line."""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date

import orjson

from agent.cli import knowledge_import
from agent.cli.errors import EXIT_OK
from agent.cli.lines import stdin_lines
from agent.settings import load_settings
from knowledge.bookshelf import Bookshelf


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare status, build, import, home, check, search, show, linkage, locality and guidelines."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _action(actions, "status", "which tables and editions are loaded", status, json=True)
    build_parser = _action(actions, "build", "build the knowledge store", build)
    build_parser.add_argument("--quiet", action="store_true", help="say nothing when it is built already")
    import_parser = _action(actions, "import", "import official files", knowledge_import.run)
    knowledge_import.add(import_parser)
    _action(actions, "home", "print the folder of the knowledge store", home)
    _action(actions, "check", "load every shipped table strictly", check)
    found = _action(actions, "search", "find codes by words", search, json=True)
    found.add_argument("query", help="words, or - to read one query a line from stdin")
    found.add_argument("--system", choices=("icd10cm", "cpt", "hcpcs"), default="icd10cm")
    _date_and_limit(found)
    shown = _action(actions, "show", "everything known of a code", show, json=True)
    shown.add_argument("code")
    _date_and_limit(shown)
    linked = _action(actions, "linkage", "does a diagnosis justify a procedure", linkage, json=True)
    linked.add_argument("icd")
    linked.add_argument("procedure")
    linked.add_argument("--contractor", help="number of the Medicare contractor whose coverage articles hold")
    _date_and_limit(linked)
    placed = _action(actions, "locality", "the Medicare payment locality of a county", locality, json=True)
    placed.add_argument("state", help='full name, as in "Florida"')
    placed.add_argument("county", help='without the word county, as in "Broward"')
    _date_and_limit(placed)
    guided = _action(actions, "guidelines", "search the guidelines", guidelines, json=True)
    guided.add_argument("query", help="words, or - to read one query a line from stdin")
    _date_and_limit(guided)


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    run: Callable[[argparse.Namespace], int],
    *,
    json: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    if json:
        parser.add_argument("--json", action="store_true", help="machine-readable output")
    return parser


def _date_and_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--date", type=_day, default=date.today(), metavar="YYYY-MM-DD")  # noqa: DTZ011
    parser.add_argument("--limit", type=_positive, default=10)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-08-31") from None


def open_shelf(*, quiet: bool = True) -> Bookshelf:
    """Open the bookshelf of the settings' home, with a progress bar when it has to be built."""
    from agent.cli.progress import build_progress
    from agent.shelf import open_bookshelf

    with build_progress(quiet=quiet) as progress:
        return open_bookshelf(load_settings(), progress)


def status(options: argparse.Namespace) -> int:
    """Print the table of tables."""
    rows = [e.model_dump(mode="json") for e in open_shelf().editions.all()]
    if options.json:
        _print_json({"tables": rows})
        return EXIT_OK
    head = ("table", "edition", "from", "to", "rows", "kind", "sha256")
    sys.stdout.write("{:<18} {:<15} {:<10} {:<10} {:>7} {:<8} {}\n".format(*head))
    for r in rows:
        cells = (r["table"], r["edition"], r["effective_from"], r["effective_to"] or "open", f"{r['rows']:,}")
        kind = "complete" if r["complete"] else "starter"
        sys.stdout.write(
            "{:<18} {:<15} {:<10} {:<10} {:>7} ".format(*cells) + f"{kind:<8} {r['sha256'][:12]}\n"
        )
        sys.stdout.write(f"    {r['source']}\n")
    return EXIT_OK


def build(options: argparse.Namespace) -> int:
    """Build the store and the guideline index where they are missing."""
    shelf = open_shelf(quiet=False)
    shelf.guidelines.search("symptom", on=date.today(), limit=1)  # noqa: DTZ011
    if not options.quiet:
        sys.stdout.write(f"knowledge store ready in {load_settings().home}\n")
    return EXIT_OK


def home(options: argparse.Namespace) -> int:
    """Print where the store is."""
    sys.stdout.write(f"{load_settings().home}\n")
    return EXIT_OK


def check(options: argparse.Namespace) -> int:
    """Load every table; a malformed row is an error that names file and line."""
    shelf = open_shelf(quiet=False)
    loaded = {
        "vocabulary": shelf.vocabulary,
        "procedures": shelf.procedures,
        "modifiers": shelf.modifiers,
        "places": shelf.places,
        "edits": shelf.edits,
        "linkage": shelf.linkage,
        "fees": shelf.fees,
        "payers": shelf.payers,
        "em": shelf.em,
        "editions": shelf.editions,
    }
    sys.stdout.write(f"{len(loaded)} tables load without error: {', '.join(loaded)}\n")
    return EXIT_OK


def _queries(query: str) -> Iterator[str]:
    if query != "-":
        yield query
        return
    for _, line in stdin_lines():
        yield line


def search(options: argparse.Namespace) -> int:
    """Find codes."""
    shelf = open_shelf()
    for query in _queries(options.query):
        hits = shelf.search.search(query, system=options.system, on=options.date, limit=options.limit)
        rows = [
            {
                "code": h.code,
                "display": h.display,
                "score": round(h.score, 4),
                "billable": h.billable,
                "needs": h.needs,
                "path": list(h.path),
            }
            for h in hits
        ]
        if options.json:
            _print_json({"query": query, "hits": rows})
        else:
            for r in rows:
                needs = f"  (needs {r['needs']})" if r["needs"] else ""
                sys.stdout.write(f"{r['code']:<9} {r['score']:.2f}  {r['display']}{needs}\n")
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    """Everything of one code."""
    from tools.codes import describe

    found = describe(open_shelf(), options.code, on=options.date)
    _print_json(found, indent=not options.json)
    return EXIT_OK


def linkage(options: argparse.Namespace) -> int:
    """One verdict."""
    verdict = open_shelf().linkage.check(
        options.icd, options.procedure, on=options.date, contractor=options.contractor
    )
    if options.json:
        _print_json(
            {
                "verdict": verdict.verdict,
                "reason": verdict.reason,
                "source": verdict.source.model_dump(mode="json"),
            }
        )
    else:
        sys.stdout.write(
            f"{verdict.verdict}: {verdict.reason} [{verdict.source.table} {verdict.source.row or ''}]\n"
        )
    return EXIT_OK


def locality(options: argparse.Namespace) -> int:
    """From a county to the localities that SUPERBILL_LOCALITY takes."""
    from knowledge.counties import localities_of

    found = localities_of(open_shelf().imported.pick, options.state, options.county, options.date)
    if options.json:
        _print_json({"localities": [asdict(row) for row in found]})
        return EXIT_OK
    for row in found:
        sure = "" if row.named else " (among all other counties)"
        sys.stdout.write(f"{row.key}  {row.area}, {row.state}{sure} [localities {row.edition}]\n")
    if not found:
        sys.stdout.write(f"the table of localities has no state {options.state}\n")
    return EXIT_OK


def guidelines(options: argparse.Namespace) -> int:
    """Search the digest as of the date, or as of the nearest day that the loaded guidelines cover (law 1)."""
    shelf = open_shelf()
    on = shelf.guidelines.nearest_date(options.date)
    if on != options.date:
        sys.stderr.write(f"no guidelines of {options.date} are loaded: those in force on {on} answer\n")
    for query in _queries(options.query):
        hits = shelf.guidelines.search(query, on=on, limit=options.limit)
        rows = [{"id": h.id, "title": h.title, "text": h.text, "score": round(h.score, 4)} for h in hits]
        if options.json:
            _print_json({"query": query, "hits": rows})
        else:
            for r in rows:
                sys.stdout.write(f"{r['id']:<16} {r['title']}\n    {r['text']}\n")
    return EXIT_OK


def _print_json(value: object, *, indent: bool = False) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode() + "\n")
