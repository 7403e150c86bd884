"""``superbill batch``: every encounter of a manifest, by several processes, resumable."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.cli.progress import item_progress
from agent.settings import load_settings

if TYPE_CHECKING:
    from agent.batch.run import Summary


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill batch``."""
    parser.add_argument(
        "manifest", type=Path, metavar="MANIFEST.jsonl", help='{"id", "encounter", "options"} a line'
    )
    parser.add_argument("--model", help="rules (default), bedrock:<model id>, provider:model")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
    parser.add_argument("--out", required=True, help="folder or s3://bucket/prefix: one output a member")
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    parser.add_argument("--review", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    parser.add_argument("--no-pdf", action="store_true", help="leave the CMS-1500 out")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the batch, print its summary, return the worst exit code of its members."""
    from agent.aws.place import place_of
    from agent.batch.errors import BatchError
    from agent.batch.manifest import measure
    from agent.batch.run import BatchOptions, run_batch
    from knowledge.bookshelf import Bookshelf

    if options.workers < 1:
        raise BatchError("--workers must be 1 or more")
    settings = load_settings()
    members, _ = measure(options.manifest)
    wanted = BatchOptions(
        manifest=options.manifest,
        out=place_of(options.out, kms_key=settings.kms_key, region=settings.region),
        store=options.store or settings.home / "store",
        workers=min(options.workers, members),
        model=options.model,
        policy=options.policy,
        review=options.review,
        pdf=not options.no_pdf,
    )
    Bookshelf.open(settings.home).close()  # built once here, not by every worker at the same time
    with item_progress(members, quiet=options.json) as step:
        summary = run_batch(wanted, step)
    _print(summary, as_json=options.json)
    return summary.exit


def _print(summary: "Summary", *, as_json: bool) -> None:
    counts = dict(sorted(summary.counts.items()))
    if as_json:
        said = {
            "members": summary.members,
            **counts,
            "resumed": summary.resumed,
            "exit": summary.exit,
            "results": summary.results,
        }
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    sys.stdout.write(f"{summary.members} members: {told}")
    sys.stdout.write(f" ({summary.resumed} done before)\n" if summary.resumed else "\n")
    sys.stdout.write(f"results: {summary.results}\n")
