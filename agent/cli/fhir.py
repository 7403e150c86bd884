"""``superbill fhir``: the embedded FHIR store, and a small R4 server over it."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.errors import EXIT_OK, UsageError
from agent.cli.progress import item_progress
from agent.settings import load_settings

if TYPE_CHECKING:
    import sqlite3


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill fhir``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    load = actions.add_parser("load", help="load Bundles, resources, NDJSON or folders of them into a store")
    load.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    load.add_argument("--store", type=Path, help="store file (default: fhir.sqlite in SUPERBILL_HOME)")
    load.add_argument("--quiet", action="store_true", help="no progress bar")
    load.set_defaults(run=run_load)
    serve = actions.add_parser("serve", help="serve a store as FHIR R4 on this machine (no authentication)")
    serve.add_argument("--store", type=Path, help="store file (default: fhir.sqlite in SUPERBILL_HOME)")
    serve.add_argument("--port", type=int, default=8103, help="port of 127.0.0.1 (default 8103, 0: any)")
    serve.add_argument("--mode", choices=("plain", "hapi", "healthlake"), default="plain")
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[:TIMES[:PATH]]",
        help="answer badly on purpose: 429, 503, 500, throttle, drop, cut, foreign, loop, elsewhere, "
        "expired, skew, partial, short, bare",
    )
    serve.set_defaults(run=run_serve)


def _connect(path: Path) -> "sqlite3.Connection":
    """The store under the key at rest, if there is one."""
    from agent import vault

    return vault.connect(path, check_same_thread=False)


def _store(options: argparse.Namespace) -> Path:
    path: Path = options.store or load_settings().home / "fhir.sqlite"
    return path


def run_load(options: argparse.Namespace) -> int:
    """Load every path; a file goes in whole or not at all."""
    from tools.fhir.server.load import files_of, load
    from tools.fhir.server.store import FhirStore

    files = [file for path in options.paths for file in files_of(path)]
    store = FhirStore(_store(options), connect=_connect)
    try:
        with item_progress(len(files), quiet=options.quiet or not sys.stderr.isatty()) as step:
            count = load(store, *files, step=step)
        kinds = ", ".join(f"{number} {kind}" for kind, number in store.counts().items())
    finally:
        store.close()
    sys.stdout.write(f"{count} resources of {len(files)} file(s) loaded; the store holds {kinds}\n")
    return EXIT_OK


def run_serve(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from tools.fhir.server.faults import fault_of
    from tools.fhir.server.http import attach, bind
    from tools.fhir.server.service import FhirService
    from tools.fhir.server.store import FhirStore

    path = _store(options)
    if not path.is_file():
        raise UsageError(f"{path}: no store; make one with superbill fhir load PATH --store {path}")
    try:
        faults = [fault_of(one) for one in options.fault]
        server = bind(options.port)
    except (ValueError, OSError, OverflowError) as error:
        raise UsageError(f"fhir serve: {error}") from error
    base = f"http://127.0.0.1:{server.server_port}/fhir/r4"
    store = FhirStore(path, connect=_connect)
    service = FhirService(store, base, mode=options.mode)
    service.faults.planned += faults
    attach(server, service)
    sys.stdout.write(f"FHIR R4 ({options.mode}) at {base}; SUPERBILL_FHIR_URL={base}; stop with Ctrl-C\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.stderr.write("superbill: stopped\n")
    finally:
        server.server_close()
        store.close()
    return EXIT_OK
