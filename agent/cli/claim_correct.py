"""``superbill claim correct``: draft the correction of a rejected or denied claim, judge it, approve it."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent.cli.errors import EXIT_BLOCKED, EXIT_OK, UsageError
from agent.cli.files import read_file
from agent.outputs import write_folder

if TYPE_CHECKING:
    from agent.ledger.correction import Draft
    from agent.ledger.ledger import Ledger
    from knowledge.bookshelf import Bookshelf
    from knowledge.records import Finding
    from tools.claim.model import Claim
    from tools.encounter import ClinicalDocument, EncounterFacts


def declare(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``correct``, but for the ledger's."""
    parser.add_argument(
        "folder", type=Path, metavar="OUTDIR", help="output folder of the claim that was sent"
    )
    parser.add_argument("--out", type=Path, required=True, help="new folder for the correction")
    parser.add_argument(
        "--claim", type=Path, help="your own correction (an edited claim.json) to take instead"
    )
    parser.add_argument("--void", action="store_true", help="take the whole claim back (frequency 8)")
    parser.add_argument("--approve", action="store_true", help="release it for claim submit; needs --reason")
    parser.add_argument("--reason", default="", help="why it is corrected so")


def correct(options: argparse.Namespace, ledger: "Ledger") -> int:
    """Write the draft and say what it changes; with ``--approve`` release it where the self-check has no error."""
    from agent.cli.knowledge import open_shelf

    if options.approve and not options.reason:
        raise UsageError("--approve needs --reason")
    if options.out.exists():
        raise UsageError(f"{options.out}: exists; name a new folder")
    shelf = open_shelf()
    sent = _claim(options.folder / "claim.json")
    draft = _draft(options, ledger, sent, shelf)
    facts = _facts(options.folder)
    findings = judge(draft.claim, facts.documents if facts else (), facts, shelf)
    errors = sum(f.level == "error" for f in findings)
    released = bool(options.approve and not errors)
    if released:
        draft = draft.model_copy(update={"claim": draft.claim.model_copy(update={"draft": False})})
    value = _value(draft, findings, released=released)
    _write(options.out, draft.claim, value)
    if released:
        _note(ledger, draft.claim, options)
    if options.json:
        sys.stdout.write(orjson.dumps(value).decode() + "\n")
    else:
        _print(value, options.out)
    return EXIT_BLOCKED if errors else EXIT_OK


def _draft(options: argparse.Namespace, ledger: "Ledger", sent: "Claim", shelf: "Bookshelf") -> "Draft":
    from agent.ledger.correction import draft_correction, draft_edited, draft_void
    from agent.ledger.stats import denials

    with ledger.database.transaction() as session:
        known = ledger.claim(session, sent.claim_id)
        if known is None:
            raise UsageError(f"claim {sent.claim_id} is not in the ledger; it was never sent from here")
        denied = tuple(denials(ledger, session, sent.claim_id))
    pack = shelf.payers.get(known.pack)
    if options.void:
        return draft_void(sent, known, pack)
    if options.claim:
        return draft_edited(_edited(options.claim, sent), known, pack)
    return draft_correction(sent, known, denied, pack, shelf)


def _claim(path: Path) -> "Claim":
    from tools.claim.load import load_claim

    claims = load_claim(read_file(path), str(path)).claims
    if len(claims) != 1:
        raise UsageError(f"{path}: holds {len(claims)} claims; give one")
    return claims[0]


def _edited(path: Path, sent: "Claim") -> "Claim":
    claim = _claim(path)
    if (claim.claim_id, claim.encounter_id, claim.patient.id) != (
        sent.claim_id,
        sent.encounter_id,
        sent.patient.id,
    ):
        raise UsageError(f"{path}: is not a version of claim {sent.claim_id}; edit that claim's claim.json")
    return claim


def _facts(folder: Path) -> "EncounterFacts | None":
    """The encounter as it was coded, from the trace; None for a claim that came without."""
    from agent.trace import load_trace
    from tools.encounter import EncounterFacts

    path = folder / "trace.jsonl"
    if not path.is_file():
        return None
    found = next((e.data for e in load_trace(path) if e.event == "facts"), None)
    return EncounterFacts.model_validate(found) if found else None


def judge(
    claim: "Claim",
    documents: "tuple[ClinicalDocument, ...]",
    facts: "EncounterFacts | None",
    shelf: "Bookshelf",
) -> "tuple[Finding, ...]":
    """The self-check's findings as of today, of a claim that did not come out of the graph."""
    from tools.checks import CheckPolicy, CheckRequest, run_checks

    request = CheckRequest(
        claim=claim,
        documents=documents,
        facts=facts,
        bookshelf=shelf,
        policy=CheckPolicy.default().model_copy(update={"today": date.today()}),  # noqa: DTZ011 - the local day
    )
    return tuple(run_checks(request))


def _value(draft: "Draft", findings: "tuple[Finding, ...]", *, released: bool) -> dict[str, Any]:
    return {
        "claim_id": draft.claim.claim_id,
        "frequency": draft.claim.frequency,
        "original_reference": draft.claim.original_reference,
        "released": released,
        "changes": list(draft.changes),
        "questions": list(draft.questions),
        "findings": [f.model_dump(mode="json") for f in findings],
    }


def _write(out: Path, claim: "Claim", value: dict[str, Any]) -> None:
    """Both files or none, for their owner only."""
    files = {"claim.json": claim.model_dump_json().encode(), "correction.json": orjson.dumps(value)}
    try:
        write_folder(out, files)
    except OSError as error:
        raise UsageError(f"{out}: can not be written ({error.strerror}); name another folder") from error


def _note(ledger: "Ledger", claim: "Claim", options: argparse.Namespace) -> None:
    with ledger.database.transaction() as session:
        known = ledger.claim(session, claim.claim_id)
        state = known.state if known else ""
        why = f"correction (frequency {claim.frequency}) approved: {options.reason}"
        ledger.note(session, claim.claim_id, state, state, why)


def _print(value: dict[str, Any], out: Path) -> None:
    number = f" of {value['original_reference']}" if value["original_reference"] else ""
    sys.stdout.write(f"claim {value['claim_id']}: frequency {value['frequency']}{number}\n")
    for change in value["changes"]:
        sys.stdout.write(f"  proposed: {change}\n")
    for question in value["questions"]:
        sys.stdout.write(f"  to settle: {question}\n")
    for f in value["findings"]:
        sys.stdout.write(f"  {f['level']} {f['rule']}: {f['message']}\n")
    verdict = "released; send it with superbill claim submit" if value["released"] else "a draft"
    sys.stdout.write(f"{verdict}: {out}\n")
