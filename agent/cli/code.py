"""``superbill code``: one encounter, or a folder of them."""

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.aws.place import place_of
from agent.cli.errors import (
    BY_STATUS,
    EXIT_INPUT,
    EXIT_INTERNAL,
    UsageError,
    fault_line,
    one_line,
    user_errors,
    worst,
)
from agent.cli.progress import item_progress
from agent.outputs import FILES
from agent.settings import load_settings

if TYPE_CHECKING:
    from agent.aws.place import Place
    from agent.run import CodingResult
    from agent.session import Session
    from tools.fhir.context_file import ContextFile
    from tools.fhir.source import RawEncounter


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill code``."""
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="FHIR Bundle, folder of them, a plain-text note, or Encounter/<id> on the FHIR server",
    )
    parser.add_argument(
        "--context",
        help="JSON (a file, or the text itself) with age, sex, payer, providers ... for a plain note",
    )
    parser.add_argument("--model", help="rules (default), bedrock:<model id>, provider:model")
    parser.add_argument("--out", help="output folder or s3://bucket/prefix (default: out/<encounter id>)")
    parser.add_argument("--review", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    parser.add_argument("--no-pdf", action="store_true", help="leave the CMS-1500 out")
    parser.add_argument("--json", action="store_true", help="print the result object and nothing else")
    parser.add_argument(
        "--write-back",
        action="store_true",
        help="write an emitted claim (Claim, Provenance) to the FHIR server that Encounter/<id> was read from",
    )
    parser.set_defaults(run=run)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One input's outcome."""

    name: str
    code: int
    result: "CodingResult | None" = None
    error: str = ""
    seconds: float = 0.0


def run(options: argparse.Namespace) -> int:
    """Code INPUT, print a table (or JSON), return the worst exit code."""
    from agent.cli.code_remote import is_remote, run_remote
    from tools.intake import members

    if is_remote(options.input):
        return run_remote(options)
    if options.write_back:
        raise UsageError("--write-back needs INPUT as Encounter/<id> and SUPERBILL_FHIR_URL")
    path = Path(options.input)
    found = members(path)
    many = path.is_dir() and found != (path,)
    return _run_folder(options, path, list(found)) if many else _run_one(options, path)


def _run_one(options: argparse.Namespace, path: Path) -> int:
    raw = _read(path, options)
    out = own_out(options, raw.encounter.id if raw.encounter else path.stem)
    result = _named(path, lambda: code_one(options, raw, path.name, out, listed=path.is_dir()))
    return BY_STATUS[result.status]


def own_out(options: argparse.Namespace, own_id: str) -> "Place":
    """The outputs of one encounter: where ``--out`` points, else a folder of its own.

    Raises:
        UsageError: files that superbill did not write are there.
    """
    out = out_place(options) or Path("out") / safe_name(own_id)
    check_out(out)
    return out


def code_one(
    options: argparse.Namespace, raw: "RawEncounter", name: str, out: "Place", *, listed: bool = False
) -> "CodingResult":
    """Code one encounter into ``out`` and print what became of it (``listed``: its JSON is a list of one)."""
    with coding_session(options) as session:
        result = session.code(raw, out)
    member = Member(name=name, code=BY_STATUS[result.status], result=result)
    print_members([member], options, out, listed=listed)
    return result


def _named(path: Path, work: "Callable[[], CodingResult]") -> "CodingResult":
    """Put the file before what is wrong with a resource in it."""
    from tools.fhir.errors import InputError

    try:
        return work()
    except InputError as error:
        raise InputError(f"{path.name}: {str(error).removeprefix(f'{path.name}: ')}") from error


def _run_folder(options: argparse.Namespace, path: Path, files: list[Path]) -> int:
    base = out_place(options) or Path("out") / path.name
    _check_shared(context_file(options.context), len(files))
    done: list[Member] = []
    with coding_session(options) as session, item_progress(len(files), quiet=options.json) as step:
        for file in files:
            done.append(_member(file, base / file.stem, options, session))
            step(file.stem)
    print_members(done, options, base, listed=True)
    for member in done:
        if member.error:
            sys.stderr.write(f"superbill: {member.name}: {member.error.removeprefix(f'{member.name}: ')}\n")
    return worst([m.code for m in done])


def _check_shared(context: "ContextFile | None", count: int) -> None:
    """One context for many encounters may tell of the practice and the payer, never who the patient is.

    Raises:
        UsageError: it would put one patient's data on every claim.
    """
    if context is None:
        return
    personal = [
        k
        for k in ("encounter", "age", "sex", "new_patient", "date_of_service", "history")
        if getattr(context, k) is not None
    ]
    personal += [role for role in ("patient", "coverage") if context.role(role) is not None]
    if personal:
        raise UsageError(
            f"--context gives {', '.join(personal)} for {count} encounters at once; leave that out, or code them one by one"
        )


def out_place(options: argparse.Namespace) -> "Place | None":
    """Where ``--out`` points, None when it is not given."""
    settings = load_settings()
    return place_of(options.out, kms_key=settings.kms_key, region=settings.region) if options.out else None


def _member(file: Path, out: "Place", options: argparse.Namespace, session: "Session") -> Member:
    started = time.perf_counter()
    try:
        check_out(out)
        result = session.code(_read(file, options), out)
    except user_errors() as error:
        return Member(name=file.name, code=EXIT_INPUT, error=one_line(error))
    except Exception as error:  # one member's fault must not stop the others; it is told without its values
        return Member(name=file.name, code=EXIT_INTERNAL, error=fault_line(error))
    seconds = time.perf_counter() - started
    return Member(name=file.name, code=BY_STATUS[result.status], result=result, seconds=seconds)


def _read(path: Path, options: argparse.Namespace) -> "RawEncounter":
    from tools.intake import read_one

    return read_one(path, context_file(options.context))


def context_file(given: str | None) -> "ContextFile | None":
    """The context named on the command line: a file, or JSON text itself.

    Raises:
        UsageError: the file can not be read; InputError: it is not a context.
    """
    from tools.fhir.context_file import read_context

    if given is None:
        return None
    if given.lstrip().startswith("{"):
        return read_context(given.encode(), "--context")
    try:
        return read_context(Path(given).read_bytes(), given)
    except OSError as error:
        raise UsageError(f"{given}: context can not be read ({error.strerror})") from error


@contextmanager
def coding_session(options: argparse.Namespace) -> "Iterator[Session]":
    """A session as the options ask for."""
    from agent.session import open_session

    settings = load_settings()
    with open_session(
        settings,
        model_spec=options.model,
        policy=options.policy,
        store=options.store,
        review=options.review,
        pdf=not options.no_pdf,
        quiet=options.json,
    ) as session:
        yield session


def check_out(out: "Place") -> None:
    """Refuse to replace a folder that is not an output of ours.

    Raises:
        UsageError: the folder holds files that superbill did not write.
    """
    if not isinstance(out, Path):
        return  # a prefix in S3 is no folder that could hold other people's files unseen
    if not out.exists():
        _check_parent(out)
        return
    if not out.is_dir():
        raise UsageError(f"{out}: is a file; --out takes a folder")
    foreign = sorted(p.name for p in out.iterdir() if p.name not in FILES)
    if foreign:
        raise UsageError(
            f"{out}: holds {foreign[0]}, which superbill did not write; name a new or empty folder"
        )


def _check_parent(out: Path) -> None:
    nearest = next(p for p in out.absolute().parents if p.exists())
    if not nearest.is_dir():
        raise UsageError(f"{nearest}: is a file; --out takes a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{nearest}: can not be written; name another folder with --out")


def safe_name(name: str) -> str:
    """A folder name of an encounter id; two ids never share one."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)[:80].lstrip(".") or "encounter"
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def print_members(
    members: list[Member], options: argparse.Namespace, where: "Place", *, listed: bool
) -> None:
    """Print results as a table, or as JSON: a list, or what became of the only one."""
    if options.json:
        rows = [
            m.result.coding.model_dump(mode="json") if m.result else {"input": m.name, "error": m.error}
            for m in members
        ]
        sys.stdout.write(orjson.dumps(rows if listed else rows[0]).decode() + "\n")
        return
    from agent.cli.table import print_results

    print_results(members, where)
