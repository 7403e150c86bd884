"""Purge: what the store, the checkpoints, the examples and the output folder hold of an encounter is deleted.

What stays: the audit's entries without their details (the chain goes on proving itself), which claim went out under
which control number, and what the ledger keeps of claims that were submitted. Deleted bytes are overwritten and the
files compacted.
"""

import shutil
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent import audit, vault
from agent.desk.book import Row
from agent.desk.errors import DeskError, NotAllowed
from agent.desk.people import Person
from agent.outputs import FILES, sweep
from agent.run import forget

if TYPE_CHECKING:
    from agent.desk.desk import Desk

TABLES = ("worklist", "source", "intake", "query", "decision", "opportunity", "lease")
OPEN = ("held", "blocked")
COMPACTED = ("store.sqlite", "checkpoints.sqlite", "jobs.sqlite")


def purge(
    desk: "Desk", person: Person, encounters: Iterable[str], reason: str, *, waiting: bool = False
) -> int:
    """See ``Desk.purge``."""
    done = 0
    for encounter in encounters:
        with desk.store.alone(desk.tenant, encounter):
            row = desk.row(encounter)
            if row["status"] in OPEN and not waiting:
                raise NotAllowed(f"{encounter}: is {row['status']}; decide first, or purge it with --waiting")
            _purge_one(desk, person, row, reason)
            done += 1
    _compact(desk)  # also what an earlier purge that was cut short left
    return done


def older_than(desk: "Desk", before: datetime) -> tuple[str, ...]:
    """Encounters that are done with (emitted or rejected) and were not touched since."""
    return tuple(
        i.encounter for i in desk.worklist(limit=-1) if i.status not in OPEN and i.updated_at < before
    )


def _purge_one(desk: "Desk", person: Person, row: Row, reason: str) -> None:
    """Files first: if it is killed half-way, the row is still there and the purge is done again."""
    from agent.api import jobs

    encounter = row["encounter"]
    left = _delete_outputs(row["out"])
    forget(desk.session.graph, row["thread"])
    if (examples := desk.examples) is not None:
        examples.forget([encounter])
    jobs.forget(desk.store.folder, desk.tenant, encounter)
    with desk.store.writing() as db:
        db.execute("pragma secure_delete = on")
        for table in TABLES:
            db.execute(f"delete from {table} where tenant = ? and encounter = ?", (desk.tenant, encounter))  # noqa: S608 - constants
        db.execute(
            "update audit set detail = null where tenant = ? and encounter = ? and detail_sha256 is not null",
            (desk.tenant, encounter),
        )
        head = audit.append(
            db,
            person.name,
            "purge",
            "",
            {"role": person.role, "reason": reason, "left": left},
            tenant=desk.tenant,
            encounter=encounter,
            at=desk.clock(),
        )
    audit.write_head(desk.store.folder, head)


def _delete_outputs(out: str | None) -> str | None:
    """Delete an output folder of ours; what is left (a place in S3, a foreign file) is told."""
    if out is None:
        return None
    if out.startswith("s3://"):
        return out
    folder = Path(out)
    sweep(folder)
    if not folder.is_dir():
        return None
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    if any(folder.iterdir()):
        return out
    shutil.rmtree(folder)
    return None


def _compact(desk: "Desk") -> None:
    """Rewrite the store's databases without what was deleted, and empty their journals.

    Raises:
        DeskError: another process reads meanwhile, so that its journal still holds old pages.
    """
    busy = []
    for name in COMPACTED:
        path = desk.store.folder / name
        if path.exists():
            with closing(vault.connect(path)) as db:
                db.execute("vacuum")
                db.execute("pragma busy_timeout = 500")
                if db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
                    busy.append(name)
    if busy:
        raise DeskError(
            f"{desk.store.folder}: deleted, but {', '.join(busy)} is in use and its journal still holds old pages; "
            "run superbill purge --older-than again when it is not"
        )
