"""``superbill knowledge import``: official files into editions, told by their content."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import orjson

from agent.cli.errors import EXIT_INPUT, EXIT_OK, UsageError
from agent.cli.progress import build_progress
from agent.settings import load_settings

if TYPE_CHECKING:
    from knowledge.sources.recognise import Outcome
    from knowledge.store import Progress


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="official file, or a folder of them"
    )
    parser.add_argument(
        "--from-url",
        nargs="+",
        default=[],
        metavar="NAME",
        help="fetch files by their name in the list of addresses (list: show it), over HTTPS",
    )
    parser.add_argument("--addresses", type=Path, help="a list of addresses of your own (CSV)")
    parser.add_argument("--json", action="store_true", help="one JSON document of what became of each file")


def run(options: argparse.Namespace) -> int:
    """Import each file, all of it or nothing, and say which edition it has become.

    A file given by name that is no table stops the import before it begins. In a folder it is passed over by name, and
    a refused file does not stop the others; the exit code then tells it.
    """
    if options.from_url == ["list"]:
        return _list(options.addresses)
    if not options.paths and not options.from_url:
        raise UsageError("give files or folders to import, or --from-url NAME")
    home = load_settings().home
    say = (lambda _: None) if options.json else _say
    with build_progress(quiet=not sys.stderr.isatty()) as progress, TemporaryDirectory() as folder:
        fetched = _fetch(options, Path(folder), progress)
        paths = [*options.paths, *fetched]
        outcomes = _import(paths, home, progress, say, each=options.json or any(p.is_dir() for p in paths))
        _warm(home, outcomes, progress)
    named = {str(path) for path in options.paths}
    refused = sum(
        outcome.state == "refused" or (outcome.state == "passed over" and named.issuperset(outcome.files))
        for outcome in outcomes
    )
    if options.json:
        document = {"home": str(home), "refused": refused, "files": [_shown(o) for o in outcomes]}
        sys.stdout.write(orjson.dumps(document).decode() + "\n")
    return EXIT_INPUT if refused else EXIT_OK


def _list(addresses: Path | None) -> int:
    from knowledge.sources.fetch import ADDRESSES, read_addresses

    for row in read_addresses(addresses or ADDRESSES):
        where = row.url if row.access == "free" else f"licence page: {row.page}"
        sys.stdout.write(f"{row.name:<26} {row.what}\n    {where}\n")
    return EXIT_OK


def _fetch(options: argparse.Namespace, folder: Path, progress: "Progress | None") -> list[Path]:
    """Fetch what is asked into a folder each; every name is looked up before the first byte is asked for."""
    from knowledge.sources.fetch import ADDRESSES, address_of, fetch, read_addresses

    if not options.from_url:
        return []
    listed = read_addresses(options.addresses or ADDRESSES)
    wanted = [address_of(name, listed) for name in options.from_url]
    out = []
    for address in wanted:
        place = folder / address.name
        place.mkdir()
        got = fetch(address, place, progress=progress)
        sys.stderr.write(f"{address.name}: {got.size:,} bytes from {got.url}, sha256 {got.sha256}\n")
        out.append(place)
    return out


def _import(
    paths: list[Path],
    home: Path,
    progress: "Progress | None",
    say: Callable[["Outcome"], None],
    *,
    each: bool,
) -> list["Outcome"]:
    """Import; with ``each``, what is refused does not stop the rest, else it is raised."""
    from knowledge.bookshelf import DATA
    from knowledge.edits import EditTables
    from knowledge.sources.recognise import Outcome, import_files, import_folder

    known = EditTables.load(DATA)
    outcomes: list[Outcome] = []
    if each:
        found = import_folder(paths, home, known, progress)
    else:
        names = tuple(str(path) for path in paths)
        found = (
            Outcome(files=names, state="imported", path=made)
            for made in import_files(paths, home, known, progress)
        )
    for outcome in found:
        outcomes.append(outcome)
        say(outcome)
    return outcomes


def _warm(home: Path, outcomes: list["Outcome"], progress: "Progress | None") -> None:
    """Build now what the first search over the new editions would otherwise wait for."""
    from knowledge.bookshelf import Bookshelf

    tables = {outcome.path.parent.name for outcome in outcomes if outcome.path is not None}
    tell = progress or (lambda _what, _done, _total: None)
    if not any(table.startswith(("icd10cm", "hcpcs", "cpt")) for table in tables):
        return
    shelf = Bookshelf.open(home, progress=progress)
    editions = shelf.editions.all("icd10cm") if tables - {"icd10cm_guidelines"} else ()
    for number, edition in enumerate(editions):
        tell("preparing the search", number, len(editions))
        shelf.search.search("fever", on=edition.effective_from, limit=1)
    tell("preparing the search", len(editions), len(editions))
    if tables & {"hcpcs", "cpt_licensed"}:
        shelf.search.search("injection", system="hcpcs", limit=1)
    if "icd10cm_guidelines" in tables:
        shelf.guidelines.build()
        shelf.guidelines.close()
    shelf.close()


def _say(outcome: "Outcome") -> None:
    if outcome.path is not None:
        sys.stdout.write(f"{outcome.path.parent.name} {outcome.path.stem}: imported into {outcome.path}\n")
    else:
        sys.stdout.write(f"{outcome.state}: {outcome.reason}\n")


def _shown(outcome: "Outcome") -> dict[str, object]:
    path = outcome.path
    return {
        "files": list(outcome.files),
        "state": outcome.state,
        "reason": outcome.reason,
        "format": outcome.format,
        "table": path.parent.name if path else None,
        "edition": path.stem if path else None,
        "path": str(path) if path else None,
    }
