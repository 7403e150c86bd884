"""The review queue from the terminal: worklist, approve, reject, amend, override; and the audit."""

import argparse
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import orjson

from agent import vault
from agent.cli.errors import BY_STATUS, EXIT_BLOCKED, EXIT_OK, UsageError
from agent.desk.people import Role
from agent.settings import load_settings

if TYPE_CHECKING:
    from agent.desk import Person
    from agent.desk.desk import Desk
    from agent.desk.records import Case, Difference
    from agent.run import CodingResult
    from tools.amend import Edit

ROLES = get_args(Role)


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    if name == "worklist":
        _add_worklist(parser)
    elif name == "audit":
        _add_audit(parser)
    else:
        _add_decision(name, parser)


def _add_worklist(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", choices=("held", "blocked", "emitted", "rejected"))
    parser.add_argument("--reason", help="only where this word or kind stands in the reasons")
    parser.add_argument("--text", help="only where this word stands in encounter, payer or date")
    parser.add_argument("--limit", type=int, default=-1, help="most rows (default: all)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=worklist)


def _add_decision(name: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("encounter", metavar="ENCOUNTER")
    add_person(parser, "reviewer")
    parser.add_argument("--reason", default="", help="why (needed for everything but an approval)")
    parser.add_argument(
        "--claim", metavar="SHA256", help="the claim that was looked at, as worklist --json names it"
    )
    parser.add_argument("--model", help="the model that codes (default: the settings')")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    if name == "amend":
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument(
            "--edit", action="append", help='one edit as JSON, e.g. {"op":"remove_line","line":2}'
        )
        given.add_argument("--edits", type=Path, help="file with a JSON list of edits")
        parser.add_argument(
            "--preview", action="store_true", help="show what would come of it; change nothing"
        )
    if name == "override":
        parser.add_argument("--rule", required=True, help="rule of the finding that may stand")
    parser.set_defaults(run=decide, decision=name)


def add_person(parser: argparse.ArgumentParser, role: str) -> None:
    """Who acts, in which role."""
    parser.add_argument("--by", default=user(), help="who decides")
    parser.add_argument("--role", choices=ROLES, default=role)


def user() -> str:
    """Who sits at the terminal; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("show", "verify"))
    parser.add_argument("encounter", metavar="ENCOUNTER", nargs="?", help="only this encounter (show)")
    parser.add_argument("--head", help="a head noted earlier, which must still stand in the chain (verify)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=audit)


@contextmanager
def opened(options: argparse.Namespace) -> "Iterator[Desk]":
    """The desk over the store that was named."""
    from agent.desk import open_desk

    spec, policy = getattr(options, "model", None), getattr(options, "policy", None)
    with open_desk(load_settings(), store=options.store, model_spec=spec, policy=policy) as desk:
        yield desk


def worklist(options: argparse.Namespace) -> int:
    """Print the encounters, held ones first."""
    from agent.desk.book import Book
    from agent.desk.looking import listed
    from agent.store import Store
    from agent.worklist import Filter

    settings = load_settings()
    store = Store(options.store or settings.home / "store")
    wanted = Filter(status=options.status, reason=options.reason, text=options.text, limit=options.limit)
    items = listed(Book(store, settings.tenant), wanted)
    if options.json:
        sys.stdout.write(to_json([i.model_dump(mode="json") for i in items]))
        return EXIT_OK
    if not items:
        sys.stderr.write("no encounter in this practice's worklist answers that\n")
    for item in items:
        reasons = "; ".join(f"{r.kind}: {r.text}" for r in item.reasons)
        taken = f" [{item.lease.by}]" if item.lease else ""
        sys.stdout.write(f"{item.encounter:<28} {item.status:<9} {item.amount:>9}{taken} {reasons}\n")
    return EXIT_OK


def decide(options: argparse.Namespace) -> int:
    """Approve, reject, amend or override; the decision is bound to the claim that was looked at."""
    with opened(options) as desk:
        case = desk.case(options.encounter)
        if options.decision != "approve" and not options.reason.strip() and not _only_preview(options):
            raise UsageError(f"{options.decision} needs --reason: say why, it stays in the audit")
        sha256 = options.claim or _shown(case)
        edits = _edits(options) if options.decision == "amend" else ()
        if _only_preview(options):
            return _preview(desk, options.encounter, edits)
        result = _decided(desk, options, sha256, edits)
    sys.stdout.write(f"{options.encounter}: {result.status}\n")
    for reason in result.coding.review.reasons if result.status in {"held", "blocked"} else ():
        sys.stdout.write(f"  still held ({reason.kind}): {reason.text}\n")
    return EXIT_OK if options.decision == "reject" else BY_STATUS[result.status]


def _only_preview(options: argparse.Namespace) -> bool:
    return bool(options.decision == "amend" and options.preview)


def _decided(
    desk: "Desk", options: argparse.Namespace, sha256: str, edits: "tuple[Edit, ...]"
) -> "CodingResult":
    person, encounter, reason = person_of(options, desk), options.encounter, options.reason
    if options.decision == "approve":
        return desk.approve(encounter, person, claim_sha256=sha256, reason=reason)
    if options.decision == "reject":
        return desk.reject(encounter, person, claim_sha256=sha256, reason=reason)
    if options.decision == "override":
        return desk.override(encounter, person, claim_sha256=sha256, rule=options.rule, reason=reason)
    return desk.amend(encounter, person, claim_sha256=sha256, edits=edits, reason=reason)


def _shown(case: "Case") -> str:
    """The hash of the claim that the person can see in the output folder, else of the one that waits."""
    from agent.identity import claim_sha256
    from tools.claim.load import load_claim

    shown = Path(case.item.out) / "claim.json" if case.item.out else None
    if case.claim_sha256 is None or shown is None or not shown.is_file():
        return case.claim_sha256 or ""
    (seen,) = load_claim(vault.read(shown), shown.name).claims
    return claim_sha256(seen)


def person_of(options: argparse.Namespace, desk: "Desk") -> "Person":
    """The person at the terminal."""
    from agent.desk import Person

    return Person(name=options.by, role=options.role, tenant=desk.tenant)


def _edits(options: argparse.Namespace) -> "tuple[Edit, ...]":
    from tools.amend import EditError, read_edits

    try:
        if options.edits is not None:
            return read_edits(options.edits.read_bytes(), str(options.edits))
        return tuple(e for text in options.edit for e in read_edits(text, "--edit"))
    except OSError as error:
        raise UsageError(f"{options.edits}: edits can not be read ({error.strerror})") from error
    except EditError as error:
        raise UsageError(str(error)) from None


def _preview(desk: "Desk", encounter: str, edits: "tuple[Edit, ...]") -> int:
    seen = desk.preview(encounter, edits)
    sys.stdout.write(f"{encounter}: would be {seen.would}; nothing was changed\n")
    write_difference(seen.difference)
    for finding in seen.findings:
        sys.stdout.write(f"  {finding.level} {finding.rule}: {finding.message}\n")
    return EXIT_OK


def write_difference(changed: "Difference") -> None:
    """Print what changed: codes, lines, money."""
    rows: tuple[tuple[str, Any], ...] = (
        ("diagnoses added", ", ".join(changed.diagnoses_added)),
        ("diagnoses removed", ", ".join(changed.diagnoses_removed)),
        ("lines added", "; ".join(changed.lines_added)),
        ("lines removed", "; ".join(changed.lines_removed)),
    )
    for words, what in rows:
        if what:
            sys.stdout.write(f"  {words}: {what}\n")
    if changed.charge_before != changed.charge_after:
        sys.stdout.write(f"  charge: {changed.charge_before} -> {changed.charge_after}\n")
    if changed.nothing:
        sys.stdout.write("  nothing changed on the claim\n")


def audit(options: argparse.Namespace) -> int:
    """Print the audit, or prove that it was not altered."""
    from agent import audit as chain
    from agent.store import Store

    settings = load_settings()
    store = Store(options.store or settings.home / "store")
    if options.action == "verify":
        return _verify(store, options)
    with store.reading() as db:
        entries = chain.entries(db, settings.tenant, options.encounter)
    if options.json:
        sys.stdout.write(to_json([e.model_dump(mode="json") for e in entries]))
        return EXIT_OK
    for e in entries:
        detail = orjson.dumps(e.detail).decode() if e.detail is not None else "(purged)"
        sys.stdout.write(f"{e.seq:>5} {e.at} {e.who} {e.action} {e.encounter or e.subject} {detail}\n")
    return EXIT_OK


def _verify(store: Any, options: argparse.Namespace) -> int:
    verdict = store.verify_audit(options.head)
    if options.json:
        sys.stdout.write(to_json(verdict.model_dump(mode="json")))
    elif verdict.broken_at is None:
        sys.stdout.write(f"the audit chain holds: {verdict.entries} entries, head {verdict.head or 'none'}\n")
    else:
        sys.stdout.write(f"the audit was altered at entry {verdict.broken_at}: {verdict.why}\n")
    return EXIT_OK if verdict.broken_at is None else EXIT_BLOCKED


def to_json(value: Any) -> str:
    """One JSON value on one line."""
    return orjson.dumps(value).decode() + "\n"
