"""Encounters handed in and not coded yet: kept on disk before they are acknowledged, so that no restart loses one."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent import vault
from agent.desk.source import packed, unpacked
from agent.workbench.database import Database
from tools.fhir.source import RawEncounter

SCHEMA = """
create table if not exists job (
  tenant text not null, encounter text not null, seq integer not null, status text not null, tries integer not null,
  error text not null, raw blob, at integer not null, primary key (tenant, encounter)) strict;
create index if not exists job_status on job (status, seq);
"""
MOST_TRIES = 3
JobStatus = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One encounter on its way; ``raw`` is compressed, and gone when it is done."""

    tenant: str
    encounter: str
    seq: int
    status: JobStatus
    tries: int
    error: str
    raw: bytes | None

    def read(self) -> RawEncounter:
        """The encounter as it came in."""
        import zlib

        return unpacked(zlib.decompress(self.raw or b""))


_COLUMNS = "tenant, encounter, seq, status, tries, error, raw"


def forget(folder: Path, tenant: str, encounter: str) -> None:
    """Delete an encounter's submissions from the queue of a store, if it has one (a purge)."""
    path = folder / "jobs.sqlite"
    if not path.exists():
        return
    with closing(vault.connect(path)) as db:
        db.execute("pragma secure_delete = on")
        db.execute("delete from job where tenant = ? and encounter = ?", (tenant, encounter))


class Jobs:
    """The queue of a store, in ``jobs.sqlite``; first in, first out."""

    def __init__(self, folder: Path) -> None:
        """Open or create it; what ran when the process died is queued again.

        Raises:
            StoreError: the folder can not be written.
        """
        self._database = Database(folder, "jobs.sqlite", SCHEMA)
        with self._database.writing() as db:
            db.execute("update job set status = 'queued' where status = 'running'")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put(self, tenant: str, encounter: str, raw: RawEncounter) -> None:
        """Queue an encounter; one that is queued already is replaced by what came last."""
        with self._database.writing() as db:
            db.execute(
                "insert or replace into job (tenant, encounter, seq, status, tries, error, raw, at) values "
                "(?, ?, (select coalesce(max(seq), 0) + 1 from job), 'queued', 0, '', ?, ?)",
                (tenant, encounter, packed(raw), int(time.time())),
            )

    def take(self) -> Job | None:
        """The oldest queued encounter, marked as running, or None."""
        with self._database.writing() as db:
            row = db.execute(
                f"select {_COLUMNS} from job where status = 'queued' order by seq limit 1"  # noqa: S608 - constants
            ).fetchone()
            if row is None:
                return None
            job = _job(row)
            db.execute(
                "update job set status = 'running', tries = tries + 1 where tenant = ? and encounter = ?",
                (job.tenant, job.encounter),
            )
        return job

    def done(self, job: Job) -> None:
        """It is coded: the store holds the result, its source is not kept twice."""
        self._set(job, "done", "", drop=True)

    def failed(self, job: Job, error: str) -> None:
        """It can not be coded; ``error`` is one line without any value of the encounter."""
        self._set(job, "failed", error, drop=True)

    def again(self, job: Job, error: str) -> None:
        """Its worker died: it is queued again, three times at the most."""
        if job.tries + 1 >= MOST_TRIES:
            self.failed(job, error)
        else:
            self._set(job, "queued", error, drop=False)

    def _set(self, job: Job, status: JobStatus, error: str, *, drop: bool) -> None:
        """Only the very submission that ran is changed: a newer one of the encounter keeps its place in the queue."""
        with self._database.writing() as db:
            db.execute(
                "update job set status = ?, error = ?, raw = case when ? then null else raw end "
                "where tenant = ? and encounter = ? and seq = ?",
                (status, error, drop, job.tenant, job.encounter, job.seq),
            )

    def find(self, tenant: str, encounter: str) -> Job | None:
        """The newest submission of an encounter, or None."""
        with self._database.reading() as db:
            row = db.execute(
                f"select {_COLUMNS} from job where tenant = ? and encounter = ?",  # noqa: S608 - constants
                (tenant, encounter),
            ).fetchone()
        return _job(row) if row else None

    def waiting(self) -> int:
        """How many are queued or running."""
        with self._database.reading() as db:
            row = db.execute("select count(*) from job where status in ('queued', 'running')").fetchone()
        return int(row[0])


def _job(row: tuple[str, str, int, JobStatus, int, str, bytes | None]) -> Job:
    return Job(
        tenant=row[0], encounter=row[1], seq=row[2], status=row[3], tries=row[4], error=row[5], raw=row[6]
    )
