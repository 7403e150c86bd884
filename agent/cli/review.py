"""The review queue from the terminal: worklist, approve, reject; and the audit."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.cli.errors import BY_STATUS, EXIT_BLOCKED, EXIT_OK, UsageError
from agent.settings import load_settings
from agent.state import Decision

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from agent.store import Store
    from tools.claim.model import Claim


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    parser.add_argument("--store", type=Path, help="folder of worklist, control numbers and checkpoints")
    if name == "worklist":
        parser.add_argument("--status", choices=("held", "blocked", "emitted", "rejected"))
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=worklist)
    elif name == "audit":
        parser.add_argument("action", choices=("show", "verify"))
        parser.set_defaults(run=audit)
    else:
        parser.add_argument("encounter", metavar="ENCOUNTER")
        parser.add_argument("--by", default=getpass.getuser(), help="who decides")
        parser.add_argument("--role", default="reviewer")
        parser.add_argument("--reason", default="", help="why (required to reject)")
        parser.add_argument("--model", help="the model that coded it (default: the settings')")
        parser.set_defaults(run=decide, decision=name)


def _store(options: argparse.Namespace) -> "Store":
    from agent.store import Store

    return Store(options.store or load_settings().home / "store")


def worklist(options: argparse.Namespace) -> int:
    """Print the encounters, held ones first."""
    rows = _store(options).worklist(load_settings().tenant, options.status)
    if options.json:
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
        return EXIT_OK
    for row in rows:
        reasons = "; ".join(f"{r['kind']}: {r['text']}" for r in row["reasons"])
        sys.stdout.write(f"{row['encounter']:<28} {row['status']:<9} {reasons}\n")
    return EXIT_OK


def decide(options: argparse.Namespace) -> int:
    """Approve or reject a held encounter; the decision is bound to the claim that was shown."""
    from dataclasses import replace

    from agent.identity import claim_sha256
    from agent.run import decide as resume
    from agent.session import open_session

    settings = load_settings()
    store = _store(options)
    row = next((r for r in store.worklist(settings.tenant) if r["encounter"] == options.encounter), None)
    if row is None or row["status"] != "held":
        raise UsageError(f"{options.encounter}: not held; see superbill worklist")
    if options.decision == "reject" and not options.reason:
        raise UsageError("a rejection needs --reason")
    with open_session(settings, model_spec=options.model, store=store.folder) as session:
        config: RunnableConfig = {"configurable": {"thread_id": row["thread"]}}
        claim = session.graph.get_state(config).values.get("claim")
        if claim is None:
            raise UsageError(
                f"{options.encounter}: there is no claim to decide on; mend what holds it and code it again"
            )
        _check_shown(row["out"], claim)
        decision = Decision(
            action=options.decision,
            claim_sha256=claim_sha256(claim),
            by=options.by,
            role=options.role,
            reason=options.reason,
        )
        context = replace(session.context, out=Path(row["out"]) if row["out"] else None)
        result = resume(session.graph, row["thread"], decision, context)
    store.audit(
        options.by,
        options.decision,
        claim.claim_id,
        {"claim_sha256": decision.claim_sha256, "reason": options.reason},
    )
    sys.stdout.write(f"{options.encounter}: {result.status}\n")
    for reason in result.coding.review.reasons:
        sys.stdout.write(f"  still held ({reason.kind}): {reason.text}\n")
    return BY_STATUS[result.status] if options.decision == "approve" else EXIT_OK


def _check_shown(out: str | None, claim: "Claim") -> None:
    """Refuse to decide on another claim than the one the reviewer can see in the output folder.

    Raises:
        UsageError: the folder's claim.json is not the claim that waits.
    """
    from agent.identity import claim_sha256
    from tools.claim.load import load_claim

    shown = Path(out) / "claim.json" if out else None
    if shown is None or not shown.is_file():
        return
    (seen,) = load_claim(shown.read_bytes(), shown.name).claims
    if claim_sha256(seen) != claim_sha256(claim):
        raise UsageError(f"{shown}: is not the claim that waits for a decision; code the encounter again")


def audit(options: argparse.Namespace) -> int:
    """Print the audit, or prove that it was not altered."""
    store = _store(options)
    if options.action == "verify":
        broken = store.verify_audit().broken_at
        text = "the audit chain holds" if broken is None else f"entry {broken} was altered or removed"
        sys.stdout.write(f"{text}\n")
        return EXIT_OK if broken is None else EXIT_BLOCKED
    for e in store.audit_entries():
        sys.stdout.write(f"{e['seq']:>5} {e['at']} {e['who']} {e['action']} {e['subject']} {e['detail']}\n")
    return EXIT_OK
