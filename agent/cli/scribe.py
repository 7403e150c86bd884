"""``superbill scribe``: from a recording in S3 to a claim, by AWS HealthScribe."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.code import code_one, context_file, own_out
from agent.cli.errors import BY_STATUS, UsageError
from agent.settings import load_settings

if TYPE_CHECKING:
    from tools.healthscribe.job import Outputs, Recording


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill scribe``."""
    from tools.healthscribe.job import TEMPLATES

    parser.add_argument(
        "recording",
        metavar="RECORDING",
        help="s3://bucket/key of the recording, or of the clinical document (.json) of a job that has run",
    )
    parser.add_argument(
        "--context", required=True, help="JSON (a file, or the text itself), as for superbill code"
    )
    parser.add_argument("--output-bucket", help="bucket that receives HealthScribe's files")
    parser.add_argument("--role", help="ARN of the role by which HealthScribe reads and writes")
    parser.add_argument("--template", choices=TEMPLATES, default=TEMPLATES[0])
    parser.add_argument(
        "--clinician-channel",
        type=int,
        choices=(0, 1),
        help="of a two-channel recording (default: one channel)",
    )
    parser.add_argument("--kms-key", help="KMS key for HealthScribe's files")
    parser.add_argument(
        "--signed-by",
        metavar="NAME",
        help="the clinician who has read and signed the drafted note; without it the claim is held",
    )
    parser.add_argument("--model", help="as for superbill code")
    parser.add_argument("--out", help="output folder, or s3://bucket/prefix (default: out/<encounter id>)")
    parser.add_argument("--review", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    parser.add_argument("--no-pdf", action="store_true", help="leave the CMS-1500 out")
    parser.add_argument("--json", action="store_true", help="print the result object and nothing else")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the job (or meet the one started before), wait, read, code.

    Raises:
        UsageError: AWS refuses; InputError: the recording, the job or its output can not be used.
    """
    from tools.intake import scribed

    context = context_file(options.context)
    if context is None:
        raise UsageError("scribe: --context is needed (age, sex, date_of_service, payer, providers)")
    outputs = _outputs(options)
    raw = scribed(outputs.files, outputs.job, context, signed_by=options.signed_by)
    own_id = raw.context.encounter or outputs.job
    result = code_one(options, raw, own_id, own_out(options, own_id))
    return BY_STATUS[result.status]


def _outputs(options: argparse.Namespace) -> "Outputs":
    """The files of the job: of one that has run, or of one that is run now."""
    from agent.aws.clients import aws_client, told
    from tools.healthscribe.job import ScribeJobs, outputs_at

    region = load_settings().region
    with told("HealthScribe"):
        s3 = aws_client("s3", region)
        if options.recording.endswith(".json"):
            return outputs_at(options.recording, s3)
        recording = _recording(options)
        jobs = ScribeJobs(aws_client("transcribe", region), s3)
        name = jobs.start(recording)
        with _waiting(name, quiet=options.json) as step:
            job = jobs.wait(name, step)
        return jobs.outputs(job)


def _recording(options: argparse.Namespace) -> "Recording":
    from tools.healthscribe.job import Recording

    if not options.output_bucket or not options.role:
        raise UsageError("scribe: a recording needs --output-bucket and --role")
    return Recording(
        uri=options.recording,
        output_bucket=options.output_bucket,
        role=options.role,
        template=options.template,
        clinician_channel=options.clinician_channel,
        kms_key=options.kms_key,
    )


@contextmanager
def _waiting(name: str, *, quiet: bool) -> "Iterator[Callable[[str], None] | None]":
    """A spinner with the job's status and the time it takes; nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"HealthScribe {name}", total=None)
        yield lambda status: bar.update(task, description=f"HealthScribe {name}: {status.lower()}")
