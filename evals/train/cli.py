"""``superbill train``: data to learn from, tuned models on Bedrock, learning without a GPU."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from agent.cli.progress import build_progress, item_progress
from agent.cli.review import user
from evals.case import CaseError
from evals.cli import EXIT_INPUT, count
from evals.compare import CompareError
from evals.train.formats import FORMATS, SCHEMA
from evals.train.records import TrainError

_REFUSED = 1
_LEAST_KEY = 16
_USER_ERRORS = (TrainError, CaseError, CompareError)


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill train``."""
    from evals.train import cli_local, cli_models

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_export(actions.add_parser("export", help="examples from notes, claims, payments and corrections"))
    invented = actions.add_parser("synthetic", help="invented patients to try the export on")
    invented.add_argument("--out", type=Path, required=True, help="folder for notes, 837P, 835, corrections")
    invented.add_argument("--count", type=count, default=500, metavar="N")
    invented.add_argument("--seed", type=int, default=1)
    invented.set_defaults(run=guarded(synthetic))
    cli_models.add(actions)
    cli_local.add(actions)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--encounters", type=Path, required=True, help="notes: folder of FHIR Bundles, a Bundle, or NDJSON"
    )
    for flag, words in (
        ("claims", "837P files of what was billed"),
        ("remits", "835 files of what was paid"),
        ("feedback", "lessons of superbill feedback export"),
        ("against", "eval sets, beside the shipped ones, that nothing may leak from"),
    ):
        parser.add_argument(f"--{flag}", type=Path, nargs="+", default=[], metavar="FILE", help=words)
    parser.add_argument(
        "--out", type=Path, required=True, help="new folder for the training files and their manifest"
    )
    parser.add_argument(
        "--format", action="append", choices=FORMATS, help=f"may be repeated (default {SCHEMA})"
    )
    parser.add_argument("--traces", type=Path, help="folder of output folders, for tool-traces")
    parser.add_argument("--seed", default="1", help="of the split by patients (default 1)")
    parser.add_argument(
        "--key", type=Path, help="file of a secret on which names and dates depend; a random one by default"
    )
    parser.add_argument("--planted", type=Path, help="file of strings, one a line, that must not survive")
    parser.add_argument("--drop-leaks", action="store_true", help="leave out what leaks instead of stopping")
    parser.add_argument(
        "--unproven", action="store_true", help="take what was billed for right where no payer has answered"
    )
    parser.add_argument("--json", action="store_true", help="print the manifest and nothing else")
    parser.set_defaults(run=guarded(export_command))


def export_command(options: argparse.Namespace) -> int:
    """Make the training data and say what came of it."""
    from evals.train.export import Plan, export

    plan = Plan(
        encounters=options.encounters,
        out=options.out,
        today=date.today(),  # noqa: DTZ011 - the local day
        claims=tuple(options.claims),
        remits=tuple(options.remits),
        feedback=tuple(options.feedback),
        formats=tuple(dict.fromkeys(options.format or [SCHEMA])),
        seed=options.seed,
        key=_key(options.key),
        against=tuple(options.against),
        planted=options.planted,
        drop_leaks=options.drop_leaks,
        unproven=options.unproven,
        traces=options.traces,
    )
    with progress(quiet=options.json) as step:
        manifest = export(plan, step)
    if options.json:
        sys.stdout.write(orjson.dumps(manifest).decode() + "\n")
        return 0
    for line in _told(manifest):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"training data: {options.out}\n")
    return 0


def _told(manifest: dict[str, Any]) -> Iterator[str]:
    counts = manifest["counts"]
    yield (
        f"{counts['encounters']} encounters of {counts['patients']} patients, {counts['claims']} claims and "
        f"{counts['answers']} answers joined, {counts['corrections']} corrections"
    )
    yield (
        f"{counts['examples']} examples: " + _listed(counts["by_label"]) + "; " + _listed(counts["by_split"])
    )
    for title, group in (("unmatched", manifest["unmatched"]), ("dropped", manifest["dropped"])):
        for why, number in group["counts"].items():
            yield f"  {title}: {number} x {why}"
    cases = sum(s["cases"] for s in manifest["checks"]["eval_sets"])
    yield (
        f"checks: {manifest['checks']['planted_identifiers_gone']} planted identifiers gone, no identifier survives, no "
        f"wording shared with {cases} eval cases"
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise TrainError(
            f"{path}: can not be read ({error.strerror}); give a file that holds a secret"
        ) from error
    if len(key) < _LEAST_KEY:
        raise TrainError(f"{path}: holds less than {_LEAST_KEY} bytes; make one with openssl rand -hex 32")
    return key


def synthetic(options: argparse.Namespace) -> int:
    """Write invented patients."""
    from evals.train.synthetic import write_synthetic

    with item_progress(options.count, quiet=False, doing="inventing") as step:
        write_synthetic(options.out, options.count, options.seed, step)
    sys.stdout.write(f"{options.count} invented patients: {options.out}\n")
    return 0


def guarded(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A command whose user's errors are one line and exit 2; those of ``agent`` are told by its own command line."""

    def run(options: argparse.Namespace) -> int:
        try:
            return command(options)
        except _USER_ERRORS as error:
            sys.stderr.write(f"superbill train: {' '.join(str(error).split())}\n")
            return EXIT_INPUT

    return run


def add_person(parser: argparse.ArgumentParser) -> None:
    """Who does it."""
    parser.add_argument("--by", default=user(), help="who does it (default: you)")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar, or nothing."""
    with build_progress(quiet=quiet) as step:
        yield step or _silent


def _silent(what: str, done: int, total: int) -> None:
    return None
