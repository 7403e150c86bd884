"""``superbill purge``: delete what is kept of encounters, by id or by age; what was sent to a payer stays in the ledger."""

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from agent.cli.errors import EXIT_OK, UsageError
from agent.cli.review import opened, person_of, user
from agent.settings import load_settings


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill purge``."""
    parser.add_argument("encounters", metavar="ENCOUNTER", nargs="*")
    parser.add_argument(
        "--older-than",
        type=int,
        metavar="DAYS",
        help="all that is done with and older than this (default without ENCOUNTER: SUPERBILL_RETENTION_DAYS)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go and what would stay")
    parser.add_argument("--waiting", action="store_true", help="also what still waits for a person")
    parser.add_argument("--reason", required=True, help="why; stays in the audit")
    parser.add_argument("--by", default=user(), help="who purges")
    parser.add_argument("--role", choices=("admin",), default="admin")
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Purge, and say how many encounters are gone and what the law keeps."""
    from agent.desk import purging

    days = _days(options)
    with opened(options) as desk:
        wanted = tuple(options.encounters)
        if days is not None:
            wanted = purging.older_than(desk, desk.clock() - timedelta(days=days))
        stays = _kept(options, desk.tenant, wanted)
        if options.dry_run:
            sys.stdout.write("".join(f"would purge {e}\n" for e in wanted))
            sys.stdout.write(f"{len(wanted)} encounters would be purged{stays}\n")
            return EXIT_OK
        count = desk.purge(wanted, person_of(options, desk), reason=options.reason, waiting=options.waiting)
    sys.stdout.write(f"{count} encounters purged{stays}\n")
    return EXIT_OK


def _days(options: argparse.Namespace) -> int | None:
    """The age asked for, None when encounters are named.

    Raises:
        UsageError: both or neither, or an age below nothing.
    """
    days: int | None = options.older_than
    if days is None and not options.encounters:
        days = load_settings().retention_days
    if bool(options.encounters) == (days is not None):
        raise UsageError("name encounters, or give --older-than DAYS (or SUPERBILL_RETENTION_DAYS)")
    if days is not None and days < 0:
        raise UsageError("--older-than takes 0 or more days")
    return days


def _kept(options: argparse.Namespace, tenant: str, encounters: tuple[str, ...]) -> str:
    """What is told of claims that were sent to a payer."""
    from agent.ledger.ledger import open_ledger
    from agent.ledger.retention import kept_claims

    settings = load_settings()
    where = settings.ledger or options.store or settings.home / "store"
    kept = kept_claims(open_ledger(where, tenant=tenant), encounters)
    if not kept:
        return ""
    return f"; {len(kept)} submitted claims stay in the ledger as they were sent, for the years the law asks"
