"""``superbill purge``: delete what is kept of encounters, by id or by age."""

import argparse
import getpass
import sys
from datetime import timedelta
from pathlib import Path

from agent.cli.errors import EXIT_OK, UsageError
from agent.cli.review import opened, person_of


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill purge``."""
    parser.add_argument("encounters", metavar="ENCOUNTER", nargs="*")
    parser.add_argument(
        "--older-than", type=int, metavar="DAYS", help="all that is done with and older than this"
    )
    parser.add_argument("--waiting", action="store_true", help="also what still waits for a person")
    parser.add_argument("--reason", required=True, help="why; stays in the audit")
    parser.add_argument("--by", default=getpass.getuser(), help="who purges")
    parser.add_argument("--role", choices=("admin",), default="admin")
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Purge, and say how many encounters are gone."""
    from agent.desk import purging

    if bool(options.encounters) == (options.older_than is not None):
        raise UsageError("name encounters, or give --older-than DAYS")
    with opened(options) as desk:
        wanted = tuple(options.encounters)
        if options.older_than is not None:
            wanted = purging.older_than(desk, desk.clock() - timedelta(days=options.older_than))
        count = desk.purge(wanted, person_of(options, desk), reason=options.reason, waiting=options.waiting)
    sys.stdout.write(f"{count} encounters purged\n")
    return EXIT_OK
