"""``superbill knowledge import``: official files into editions, told by their content."""

import argparse
import sys
from pathlib import Path

from agent.cli.errors import EXIT_OK
from agent.cli.progress import build_progress
from agent.settings import load_settings


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="official file, or a folder of them"
    )


def run(options: argparse.Namespace) -> int:
    """Import each file, all of it or nothing, and say which edition it has become."""
    from knowledge.bookshelf import DATA
    from knowledge.edits import EditTables
    from knowledge.sources.recognise import import_files

    home = load_settings().home
    paths = [p for given in options.paths for p in (_files(given) if given.is_dir() else [given])]
    with build_progress(quiet=not sys.stderr.isatty()) as progress:
        for path in import_files(paths, home, EditTables.load(DATA), progress):
            sys.stdout.write(f"{path.parent.name} {path.stem}: imported into {path}\n")
    return EXIT_OK


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
