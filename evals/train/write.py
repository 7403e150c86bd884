"""The folder of an export: training files by format and split, the held-out cases, the manifest; all of it or nothing."""

import csv
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from evals.run import commit
from evals.train import formats
from evals.train.records import SPLITS, TrainError

if TYPE_CHECKING:
    from evals.train.export import Made

Json = dict[str, Any]
MANIFEST: Final = "manifest.json"
HELD_OUT: Final = "held_out.jsonl"
PRIVATE: Final = "private"
_INDENT: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def write(made: "Made") -> Json:
    """Write everything beside its place, then rename; returns the manifest.

    Raises:
        TrainError: a line is not what its format asks, or the folder can not be written.
    """
    out = made.plan.out
    draft = out.with_name(f".{out.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        files = dict(_files(made))
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        _private(draft / PRIVATE, made)
        told = manifest(made, files)
        (draft / MANIFEST).write_bytes(orjson.dumps(told, option=_INDENT))
        if out.exists():
            out.rmdir()
        draft.rename(out)
    except OSError as error:
        raise TrainError(f"{out}: can not be written ({error.strerror})") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return told


def read_manifest(folder: Path) -> Json:
    """The manifest of an export, every file proven against it.

    Raises:
        TrainError: there is none, or a file is not as it was exported.
    """
    try:
        manifest: Json = orjson.loads((folder / MANIFEST).read_bytes())
        for name, listed in manifest["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != listed["sha256"]:
                raise TrainError(f"{folder / name}: is not as it was exported; export again")
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise TrainError(
            f"{folder}: holds no whole export ({type(error).__name__}); give its folder"
        ) from error
    return manifest


def _files(made: "Made") -> Iterator[tuple[str, bytes]]:
    for name in made.plan.formats:
        for split in SPLITS:
            rows = list(_rows(made, name, split))
            if name == formats.SCHEMA:
                _well_formed(rows, f"{name}/{split}")
            yield f"{name}/{split}.jsonl", _lines(rows)
    yield HELD_OUT, _lines(formats.held_out(made.examples))


def _rows(made: "Made", name: str, split: str) -> Iterator[Json]:
    if name == "tool-traces":
        yield from (row for where, row in made.traces if where == split)
        return
    for one in made.examples:
        if one.split == split:
            yield from formats.RENDER[name](one)


def _well_formed(rows: list[Json], where: str) -> None:
    for number, row in enumerate(rows, 1):
        if wrong := formats.faults(row):
            raise TrainError(f"{where} line {number}: {wrong[0]}")


def _lines(rows: Iterable[Json]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _private(folder: Path, made: "Made") -> None:
    """What the practice needs to mend its input: claims and payments that join nothing, by their own numbers. Not for upload."""
    folder.mkdir(mode=0o700)
    path = folder / "unmatched.csv"
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("what", "why"))
        rows.writerows((u.what, u.why) for u in made.join.unmatched)


def manifest(made: "Made", files: dict[str, bytes]) -> Json:
    """What was made of what, and what was left out and why; it names nobody."""
    plan, join = made.plan, made.join
    listed = {
        name: {
            "sha256": hashlib.sha256(content).hexdigest(),
            "lines": content.count(b"\n"),
            "bytes": len(content),
        }
        for name, content in files.items()
    }
    joined = Counter(how for row in join.rows for how in row.how)
    return {
        "schema": "superbill-training-1",
        "commit": commit(),
        "seed": plan.seed,
        "data_sha256": hashlib.sha256(orjson.dumps(listed, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        "files": listed,
        "counts": {
            "encounters": len(join.rows),
            "patients": len(made.people),
            "claims": sum(len(r.claims) for r in join.rows),
            "answers": sum(len(p) for r in join.rows for p in r.paid.values()),
            "corrections": sum(len(r.lessons) for r in join.rows),
            "examples": len(made.examples),
            "by_label": _counted(e.label for e in made.examples),
            "by_split": _counted(e.split for e in made.examples),
            "patients_by_split": _counted(
                split for _, split in {(e.patient, e.split) for e in made.examples}
            ),
            "joined_by": dict(sorted(joined.items())),
        },
        "unmatched": {
            "counts": _counted(f"{u.what.split()[0]}: {u.why}" for u in join.unmatched),
            "listed_in": f"{PRIVATE}/unmatched.csv",
        },
        "dropped": {
            "counts": _counted(d.why for d in made.dropped),
            "listed": [d.model_dump() for d in made.dropped],
        },
        "checks": {
            "planted_identifiers_gone": made.planted_kinds,
            "examples_free_of_identifiers": len(made.examples),
            "eval_sets": [
                {"name": s.name, "cases": len(s.cases), "sha256": s.sha256, "ids": [c.id for c in s.cases]}
                for s in made.sets
            ],
        },
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
