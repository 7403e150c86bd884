"""superbill batch: every member done, resumable, killed and the same; the soak of CI."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.batch.errors import BatchError, WorkerError
from agent.batch.job import Job
from agent.batch.journal import Outcome
from agent.batch.manifest import Item
from agent.batch.pool import DEATHS, Pool
from agent.batch.run import BatchOptions, run_batch, sweep
from agent.batch.worker import Setup, Task
from agent.session import open_session
from agent.settings import load_settings
from evals.benchmarks.soak import Run, content_of, disturbed, faults, results, undisturbed
from evals.benchmarks.synthetic import encounters, write_batch
from knowledge.bookshelf import Bookshelf
from tests.agent.cli_run import ENCOUNTERS, POLICY

ANKLE = ENCOUNTERS / "05-ankle-injury.json"


def manifest(folder: Path, *lines: dict[str, Any] | bytes) -> Path:
    """A manifest of these lines."""
    path = folder / "m.jsonl"
    path.write_bytes(b"".join((x if isinstance(x, bytes) else orjson.dumps(x)) + b"\n" for x in lines))
    return path


def options(path: Path, folder: Path, **changes: Any) -> BatchOptions:
    """A run with its output and store in the folder."""
    given: dict[str, Any] = {"workers": 1, "policy": POLICY, "pdf": False} | changes
    return BatchOptions(manifest=path, out=folder / "out", store=folder / "store", **given)


def rows(folder: Path, name: str = "results.jsonl") -> list[dict[str, Any]]:
    """Lines of a result file."""
    return [orjson.loads(line) for line in (folder / "out" / name).read_bytes().splitlines()]


@pytest.fixture
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(home))


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
class TestBatch:
    def test_every_member_is_done_and_the_worst_is_the_exit_code(self, tmp_path: Path) -> None:
        note = {"id": "note", "encounter": "note.txt"}
        (tmp_path / "note.txt").write_text("Sore throat for two days. Assessment: acute pharyngitis.")
        unpaid = list(encounters(23))[-1][1]
        (tmp_path / "unpaid.json").write_bytes(unpaid)
        context = {"age": 30, "sex": "female", "date_of_service": "2026-03-02", "payer": "commercial"}
        path = manifest(
            tmp_path,
            {"id": "ok", "encounter": str(ANKLE)},
            b"{",
            note,
            {**note, "id": "note2", "options": {"context": context}},
            {"id": "unpaid", "encounter": "unpaid.json"},
            {"id": "ok", "encounter": "unpaid.json"},
            {"id": "bad", "encounter": str(ANKLE), "options": {"model": "x"}},
            {"id": "far", "encounter": "Encounter/1"},
            {"id": "always", "encounter": str(ANKLE), "options": {"review": "always"}},
        )
        steps: list[str] = []
        summary = run_batch(options(path, tmp_path), steps.append)
        said = rows(tmp_path)
        assert [(r["id"], r["status"]) for r in said] == [
            ("ok", "emitted"),
            ("line-2", "failed"),
            ("note", "failed"),
            ("note2", "held"),
            ("unpaid", "held"),
            ("line-6", "failed"),
            ("bad", "failed"),
            ("far", "failed"),
            ("always", "held"),
        ]
        assert summary.exit == 2
        assert sorted(steps) == sorted(r["id"] for r in said)
        reasons = {r["id"]: r["reason"] for r in said}
        assert reasons["ok"] == ""
        assert "--context" in reasons["note"]
        assert "stands on an earlier line" in reasons["line-6"]
        assert "unknown option 'model'" in reasons["bad"]
        assert "no FHIR server" in reasons["far"]
        dead = rows(tmp_path, "dead-letter.jsonl")
        assert {d["id"] for d in dead} == {"line-2", "note", "line-6", "bad", "far"}
        assert all(d["reason"] == reasons[d["id"]] for d in dead)
        assert not (tmp_path / "out" / "bad").exists()

        calm = results(Run(manifest=path, folder=tmp_path, workers=1))
        (tmp_path / "m.jsonl").write_bytes(path.read_bytes().replace(b'"pdf"', b'"pdf"'))
        again = run_batch(options(path, tmp_path), steps.append)
        assert again.resumed == 4
        assert results(Run(manifest=path, folder=tmp_path, workers=1)) == calm

    def test_a_corrected_line_is_done_again_and_the_rest_is_not(self, tmp_path: Path) -> None:
        path = manifest(
            tmp_path, {"id": "a", "encounter": str(ANKLE)}, {"id": "b", "encounter": "absent.json"}
        )
        assert run_batch(options(path, tmp_path), lambda _: None).exit == 2
        with closing(sqlite3.connect(tmp_path / "store" / "store.sqlite")) as db:
            number = db.execute("select control_number from emission").fetchone()
        other = ENCOUNTERS / "09-otitis-strep-test.json"
        path = manifest(tmp_path, {"id": "b", "encounter": str(other)}, {"id": "a", "encounter": str(ANKLE)})
        summary = run_batch(options(path, tmp_path), lambda _: None)
        assert (summary.exit, summary.resumed) == (0, 1)
        assert [r["id"] for r in rows(tmp_path)] == ["b", "a"]
        with closing(sqlite3.connect(tmp_path / "store" / "store.sqlite")) as db:
            found = db.execute("select control_number from emission order by emitted_at").fetchall()
        assert number in found
        assert len(set(found)) == 2

    def test_another_run_at_the_same_outputs_is_refused(self, tmp_path: Path) -> None:
        import fcntl

        path = manifest(tmp_path, {"id": "a", "encounter": str(ANKLE)})
        (tmp_path / "out" / ".batch").mkdir(parents=True)
        with (tmp_path / "out" / ".batch" / "run.lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(BatchError, match="another batch"):
                run_batch(options(path, tmp_path), lambda _: None)
        assert not (tmp_path / "store").exists()

    def test_outputs_in_s3(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import boto3
        from moto.server import ThreadedMotoServer

        from agent.aws.clients import aws_client
        from agent.aws.place import place_of

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        aws_client.cache_clear()
        try:
            client = boto3.client("s3")
            client.create_bucket(Bucket="batch")
            client.put_object(Bucket="batch", Key="in/a.json", Body=ANKLE.read_bytes())
            path = manifest(tmp_path, {"id": "a", "encounter": "s3://batch/in/a.json"}, b"{")
            wanted = BatchOptions(
                manifest=path,
                out=place_of("s3://batch/out", region="us-east-1"),
                store=tmp_path / "store",
                workers=1,
                policy=POLICY,
            )
            assert run_batch(wanted, lambda _: None).exit == 2
            found = {o["Key"]: o for o in client.list_objects_v2(Bucket="batch", Prefix="out/")["Contents"]}
            assert {
                "out/results.jsonl",
                "out/dead-letter.jsonl",
                "out/a/manifest.json",
                "out/a/claim.837",
            } <= set(found)
            assert (
                client.head_object(Bucket="batch", Key="out/a/claim.837")["ServerSideEncryption"] == "aws:kms"
            )
            row = orjson.loads(client.get_object(Bucket="batch", Key="out/results.jsonl")["Body"].readline())
            assert (row["status"], row["out"]) == ("emitted", "s3://batch/out/a")
            assert run_batch(wanted, lambda _: None).resumed == 1
            client.close()
        finally:
            server.stop()
            aws_client("s3", "us-east-1").close()
            aws_client.cache_clear()

    def test_command_line(self, tmp_path: Path) -> None:
        path = manifest(tmp_path, {"id": "a", "encounter": str(ANKLE)})
        command = [
            sys.executable,
            "-m",
            "agent",
            "batch",
            str(path),
            "--out",
            str(tmp_path / "out"),
            "--json",
        ]
        command += ["--store", str(tmp_path / "store"), "--policy", str(POLICY), "--workers", "9", "--no-pdf"]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        said = orjson.loads(done.stdout)
        assert (said["members"], said["emitted"], said["exit"]) == (1, 1, 0)
        assert done.stderr == b""
        absent = subprocess.run(
            [*command[:4], "absent.jsonl", *command[5:]], capture_output=True, check=False
        )
        assert absent.returncode == 2
        assert absent.stderr.count(b"\n") == 1


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    left, old, foreign, hidden = (
        tmp_path / n for n in (".a-b1_2c3d4", ".a-old-b1_2c3d4", ".x-b1_2c3d4", ".git")
    )
    for folder, file in (
        (left, "coding.json"),
        (old / "a", "claim.837"),
        (foreign, "notes.txt"),
        (hidden, "HEAD"),
    ):
        folder.mkdir(parents=True)
        (folder / file).touch()
    sweep(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {foreign.name, hidden.name}


class TestPool:
    """Workers that die: shell scripts stand in for them."""

    def pool(self, patch: pytest.MonkeyPatch, script: str, count: int = 2) -> tuple[Pool, list[Outcome]]:
        done: list[Outcome] = []
        tasks = (
            Task(item=Item(line=n, digest="", id=f"m{n}", encounter="x"), out="/o", number=n)
            for n in range(1, count + 1)
        )
        real = subprocess.Popen

        def scripted(_: list[str], **how: Any) -> "subprocess.Popen[bytes]":
            return real(["/bin/sh", "-c", script], **how)

        patch.setattr("agent.batch.pool.subprocess.Popen", scripted)
        setup = Setup(work=Path("/w"), folder=Path("/f"), store=Path("/s"))
        return Pool(setup=setup, size=1, tasks=tasks, done=lambda outcome, _: done.append(outcome)), done

    def test_a_member_that_kills_its_worker_is_given_up_and_the_others_are_done(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = '{"id":"m2","line":2,"exit":0,"status":"emitted"}'
        script = f"""read s; echo ready; while read t; do case "$t" in *'"id":"m1"'*) exit 9;; esac; echo '{answer}'; done"""
        pool, done = self.pool(monkeypatch, script)
        pool.run()
        assert [(o.id, o.status) for o in done] == [("m1", "failed"), ("m2", "emitted")]
        assert f"{DEATHS} times" in done[0].reason
        assert pool.deaths == {"m1": DEATHS}

    def test_workers_that_never_start_end_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pool, done = self.pool(monkeypatch, "exit 1")
        with pytest.raises(WorkerError, match="before they are ready"):
            pool.run()
        assert done == []


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_killed_at_random_each_encounter_once_and_the_same(tmp_path: Path) -> None:
    """The soak of CI; ``make soak`` is the long one."""
    members = 300
    path = write_batch(tmp_path / "in", members)
    calm = Run(manifest=path, folder=tmp_path / "calm", workers=2)
    rough = Run(manifest=path, folder=tmp_path / "rough", workers=2)
    watched = undisturbed(calm)
    wanted = results(calm)
    assert disturbed(rough, members, kills=3, seed=7) == 3
    assert faults(calm, members, wanted) == []
    assert faults(rough, members, wanted) == []
    assert max(kb for _, kb in watched.memory) < 600_000


def test_an_orphan_worker_holds_the_next_run_back(tmp_path: Path) -> None:
    """The lock of the workers outlives a killed parent for as long as a worker does."""
    import fcntl

    from agent.batch.worker import LOCK, _shared

    lock = tmp_path / LOCK
    child = os.fork()
    if child == 0:
        with _shared(lock):
            signal.pause()
    try:
        while not lock.exists():
            continue
        with lock.open("a") as mine:
            taken = False
            while not taken:
                try:
                    fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    fcntl.flock(mine, fcntl.LOCK_UN)
                except BlockingIOError:
                    taken = True
            os.kill(child, signal.SIGKILL)
            fcntl.flock(mine, fcntl.LOCK_EX)
    finally:
        os.waitpid(child, 0)


def test_a_member_killed_between_its_number_and_its_journal_comes_out_the_same(
    tmp_path: Path, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the self-check sent back first: its own reservation is no earlier claim that it corrects."""
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    name, content = list(encounters(2))[1]
    (tmp_path / f"{name}.json").write_bytes(content)
    item = Item(line=1, digest="", id=name, encounter=f"{name}.json")
    seen = []
    with open_session(
        load_settings({"SUPERBILL_HOME": str(home)}), store=tmp_path / "s", policy=POLICY, pdf=False
    ) as s:
        job = Job(session=s, folder=tmp_path)
        for place in ("first", "again"):
            out = tmp_path / place
            assert job.code(item, out, 500_000_001).status == "emitted"
            seen.append({f.name: content_of(f.name, f.read_bytes()) for f in sorted(out.iterdir())})
    assert seen[0] == seen[1]
    rounds = [line for line in seen[0]["trace.jsonl"].splitlines() if b'"event":"judged"' in line]
    assert len(rounds) > 1


def test_a_worker_of_yesterday_codes_as_known_today(
    tmp_path: Path, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    seen: list[date] = []
    monkeypatch.setattr("agent.run.code_encounter", lambda _, *, context, **__: seen.append(context.today))
    settings = load_settings({"SUPERBILL_HOME": str(home)})
    with open_session(settings, store=tmp_path / "s", policy=POLICY) as s:
        old = replace(s, context=replace(s.context, today=date(2026, 1, 1)))
        item = Item(line=1, digest="", id="a", encounter=str(ANKLE))
        Job(session=old, folder=tmp_path).code(item, tmp_path / "out", None)
    assert seen == [date.today()]  # noqa: DTZ011 - the practice's own day
