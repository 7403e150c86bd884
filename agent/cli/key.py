"""``superbill key`` and ``superbill open``: the key at rest, and sealed outputs made readable."""

import argparse
import sys
from pathlib import Path

from agent.cli.errors import EXIT_OK, UsageError
from agent.settings import load_settings


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    if name == "open":
        parser.add_argument(
            "path", type=Path, metavar="FILE|FOLDER", help="a sealed output, or a folder of them"
        )
        parser.add_argument("--out", type=Path, required=True, help="new file or folder for the clear copy")
        parser.set_defaults(run=open_sealed)
        return
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("new", help="write 32 random bytes into a new owner-only file")
    made.add_argument("file", type=Path, metavar="FILE")
    made.set_defaults(run=new)
    turned = actions.add_parser(
        "rotate", help="encrypt store and outputs anew, from the key that is set to another"
    )
    target = turned.add_mutually_exclusive_group(required=True)
    target.add_argument("file", type=Path, nargs="?", metavar="NEW_KEY_FILE", help="the key to come")
    target.add_argument("--plain", action="store_true", help="to no key: decrypt everything")
    turned.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    turned.add_argument(
        "--also",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="further output folders, FHIR stores",
    )
    turned.add_argument("--quiet", action="store_true", help="no progress bar")
    turned.set_defaults(run=rotate)


def new(options: argparse.Namespace) -> int:
    """Make a key and tell its id."""
    from agent.vault import new_key

    key = new_key(options.file)
    sys.stdout.write(
        f"key {key.told} written to {options.file}; keep a copy elsewhere: without it nothing can be read\n"
    )
    return EXIT_OK


def rotate(options: argparse.Namespace) -> int:
    """Bring everything under the new key, and say what was done."""
    from agent.cli.progress import item_progress
    from agent.vault import current_key, read_key
    from agent.vault.rotate import Turn, rotate, targets

    home = load_settings().home
    store = options.store or home / "store"
    fhir = home / "fhir.sqlite"
    also = [*options.also, *([fhir] if fhir.exists() else [])]
    for path in (store, *also):
        if not path.exists():
            raise UsageError(f"{path}: not found; name the store and the outputs")
    turn = Turn(old=current_key(), new=None if options.plain else read_key(options.file))
    found = targets(store, also, turn)
    with item_progress(len(found), quiet=options.quiet, doing="encrypting") as step:
        told = rotate(store, found, turn, step)
    name = f"key {turn.new.told}" if turn.new else "no key"
    sys.stdout.write(f"{told.done} files brought under {name}, {told.already} were already\n")
    if told.examples_dropped:
        sys.stdout.write(
            "the examples of approved cases were dropped; make them again: superbill feedback index\n"
        )
    said = f"SUPERBILL_KEY_FILE={options.file.absolute()}" if turn.new else "no SUPERBILL_KEY_FILE"
    sys.stdout.write(f"from now on run with {said}\n")
    return EXIT_OK


def open_sealed(options: argparse.Namespace) -> int:
    """Write clear copies, for their owner only."""
    from agent import vault
    from agent.outputs import make_folder

    source, out = options.path, options.out
    if not source.exists():
        raise UsageError(f"{source}: not found; give a sealed file or an output folder")
    if out.exists():
        raise UsageError(f"{out}: exists; name a new file or folder")
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    try:
        clear = [(out / p.relative_to(source) if source.is_dir() else out, vault.read(p)) for p in files]
        for path, data in clear:
            make_folder(path.parent)
            path.touch(mode=0o600)
            path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; name another place with --out") from None
    sys.stdout.write(f"{len(clear)} files written in clear to {out}\n")
    return EXIT_OK
