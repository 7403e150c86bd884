"""``superbill claim submit|acks|remits|stats|correct|history``: a claim's life after emission."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent import vault
from agent.cli.claim_correct import correct
from agent.cli.claim_correct import declare as declare_correction
from agent.cli.claim_stats import print_figures
from agent.cli.errors import EXIT_HELD, EXIT_OK, UsageError
from agent.cli.review import user
from agent.settings import load_settings

if TYPE_CHECKING:
    from agent.ledger.ledger import Ledger
    from agent.ledger.replies import Taken
    from agent.ledger.sending import Outgoing, Partner, Refusal
    from knowledge.payers import PayerPack, PayerPacks
    from tools.claim.model import Claim


def add_actions(actions: Any) -> None:
    """Declare submit, acks, remits, stats, correct and history."""
    _add_submit(actions.add_parser("submit", help="send emitted claims: folder, SFTP or S3"))
    for name, run, words in (
        ("acks", acks, "read TA1, 999 and 277CA replies and set the claims' states"),
        ("remits", remits, "read 835 remittances: paid, partly paid, denied, and why"),
    ):
        read = actions.add_parser(name, help=words)
        read.add_argument("files", type=Path, nargs="+", metavar="FILE")
        _add_common(read, run)
    figures = actions.add_parser("stats", help="clean-claim rate, denials, days, money at stake")
    figures.add_argument("--html", type=Path, metavar="FILE", help="write them as a page with charts too")
    _add_common(figures, show_stats)
    mended = actions.add_parser(
        "correct", help="draft, judge and release a rejected or denied claim's correction"
    )
    declare_correction(mended)
    _add_common(mended, correct_claim)
    past = actions.add_parser("history", help="every change of one claim's state, and what to do next")
    past.add_argument("claim", metavar="CLAIM", help="claim id (CLM01)")
    _add_common(past, history)


def _add_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders", type=Path, nargs="*", metavar="OUTDIR", help="folders of emitted encounters"
    )
    parser.add_argument(
        "--to",
        required=True,
        help="folder:PATH, sftp://user@host/folder, s3://bucket/prefix or b2bi://bucket/prefix",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go; keep and send nothing")
    parser.add_argument("--again", action="store_true", help="send rejected claims again although unchanged")
    parser.add_argument(
        "--redirect",
        metavar="OLD",
        help="what waits for the destination OLD, undelivered, goes to --to instead",
    )
    parser.add_argument("--sender", help="our id with the receiver (default: the billing provider's tax id)")
    parser.add_argument("--sender-name", help="submitter's name")
    parser.add_argument("--receiver", help="id of the clearinghouse; default: one interchange for each payer")
    parser.add_argument("--receiver-name", help="receiver's name")
    parser.add_argument("--production", action="store_true", help="mark as production (ISA15 P), not test")
    parser.add_argument(
        "--name",
        default="{sender}_{receiver}_837P_{date}_{icn}.x12",
        help="file name of sender, receiver, icn, date, ts",
    )
    parser.add_argument("--known-hosts", type=Path, help="pinned SFTP host keys (default ~/.ssh/known_hosts)")
    parser.add_argument("--identity", type=Path, help="private key for SFTP")
    _add_common(parser, submit)


def _add_common(parser: argparse.ArgumentParser, run: Any) -> None:
    parser.add_argument(
        "--store", type=Path, help="folder of the ledger (unless SUPERBILL_LEDGER names a database)"
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def _ledger(options: argparse.Namespace) -> "Ledger":
    from agent.ledger.ledger import open_ledger

    settings = load_settings()
    where: Path | str = options.store or settings.ledger or settings.home / "store"
    return open_ledger(where, tenant=settings.tenant, who=user())


def submit(options: argparse.Namespace) -> int:
    """Prepare what may go, deliver what waits; exit 3 when a claim was left behind."""
    from agent.ledger.sending import prepare
    from agent.ledger.waiting import redirect
    from agent.submit.carrier import open_carrier
    from agent.submit.deliver import deliver, elsewhere

    ledger, to = _ledger(options), _destination(options.to)
    carrier = open_carrier(to, known_hosts=options.known_hosts, identity=options.identity)
    claims = _coded(options.folders)
    if options.redirect and not options.dry_run:
        redirect(ledger, options.redirect, to)
    refusals, taken = prepare(
        ledger, claims, _partner(options), to, dry_run=options.dry_run, again=options.again
    )
    files = [] if options.dry_run else deliver(ledger, carrier, to)
    others = elsewhere(ledger, to)
    if options.json:
        _print_json(
            {
                "dry_run": options.dry_run,
                "claims": taken,
                "files": files,
                "not_sent": [r.model_dump() for r in refusals],
                "waiting_elsewhere": [name for name, _ in others],
            }
        )
    else:
        _print_submitted(options, taken, files, refusals)
        for name, where in others:
            sys.stdout.write(f"waiting: {name} for {where}\n")
    return EXIT_HELD if any(not r.why.startswith("already sent") for r in refusals) else EXIT_OK


def _destination(given: str) -> str:
    """A folder in full: what waits for it is found again from anywhere."""
    kind, _, path = given.partition(":")
    return f"folder:{Path(path).expanduser().absolute()}" if kind == "folder" and path else given


def _print_submitted(
    options: argparse.Namespace, taken: int, files: list[str], refusals: "list[Refusal]"
) -> None:
    for refusal in refusals:
        sys.stdout.write(f"not sent: claim {refusal.claim_id}: {refusal.why}\n")
    if options.dry_run:
        sys.stdout.write(f"would send {taken} claims to {options.to}; nothing was kept or sent\n")
    for name in files:
        sys.stdout.write(f"sent {name}\n")
    if not files and not options.dry_run:
        sys.stdout.write("nothing to send\n")


def _partner(options: argparse.Namespace) -> "Partner":
    from agent.ledger.sending import Partner

    return Partner(
        sender=options.sender,
        sender_name=options.sender_name,
        receiver=options.receiver,
        receiver_name=options.receiver_name,
        phone=load_settings().contact_phone,
        production=options.production,
        template=options.name,
    )


def _coded(folders: list[Path]) -> "list[Outgoing]":
    """The claims of all folders; the bookshelf is opened once, and not at all when only what waits is delivered."""
    if not folders:
        return []
    packs = _packs()
    return [item for folder in folders for item in _emitted(folder, packs)]


def _emitted(folder: Path, packs: "PayerPacks") -> "list[Outgoing]":
    """The claim of an output folder with the findings of its self-check, or of every folder in it."""
    if not (folder / "claim.json").is_file():
        inner = sorted(p.parent for p in folder.glob("*/claim.json"))
        if not inner:
            raise UsageError(f"{folder}: holds no claim.json; give output folders of superbill code")
        return [item for path in inner for item in _emitted(path, packs)]
    from agent.ledger.sending import outgoing
    from tools.claim.load import load_claim

    try:
        raw = vault.read(folder / "claim.json")
        said = next((p for n in ("coding.json", "correction.json") if (p := folder / n).is_file()), None)
        findings = orjson.loads(vault.read(said))["findings"] if said else []
    except (OSError, orjson.JSONDecodeError, KeyError) as error:
        raise UsageError(f"{folder}: can not be read ({type(error).__name__}); code it again") from error
    return [
        outgoing(claim, orjson.dumps(findings).decode(), _pack(packs, claim))
        for claim in load_claim(raw, str(folder / "claim.json")).claims
    ]


def _packs() -> "PayerPacks":
    from agent.cli.knowledge import open_shelf

    return open_shelf().payers


def _pack(packs: "PayerPacks", claim: "Claim") -> "PayerPack":
    billed = claim.billed
    if billed is None:
        raise UsageError(f"claim {claim.claim_id} names no payer; complete it first")
    return packs.get(billed.pack) if billed.pack else packs.for_payer(billed.payer_id, billed.payer_kind)


def acks(options: argparse.Namespace) -> int:
    """Read acknowledgements; exit 3 when something could not be matched."""
    return _take(options, frozenset({"TA1", "999", "277CA"}))


def remits(options: argparse.Namespace) -> int:
    """Read remittances; exit 3 when something could not be matched."""
    return _take(options, frozenset({"835"}))


def _take(options: argparse.Namespace, kinds: frozenset[str]) -> int:
    from agent.ledger.replies import take_reply

    ledger = _ledger(options)
    done = []
    for path in options.files:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: can not be read ({error.strerror}); check the path") from error
        taken = take_reply(ledger, raw, path.name, kinds)
        done.append(taken)
        if not options.json:
            _print_taken(taken)
    advice = _advice(ledger, {c.claim_id for t in done for c in t.changes})
    if options.json:
        _print_json({"files": [t.model_dump(mode="json") for t in done], "advice": advice})
    else:
        for item in advice:
            _print_advice(item)
    return EXIT_HELD if any(t.unmatched for t in done) else EXIT_OK


def _print_taken(taken: "Taken") -> None:
    if taken.seen_before:
        sys.stdout.write(f"{taken.name}: {taken.kind}, read before; nothing changed\n")
    for change in taken.changes:
        sys.stdout.write(f"{taken.name}: claim {change.claim_id} {change.state}: {change.why}\n")
    for miss in taken.unmatched:
        sys.stdout.write(f"{taken.name}: unmatched, kept: {miss}\n")


def _advice(ledger: "Ledger", claim_ids: set[str]) -> list[dict[str, Any]]:
    """What may be done about each of these claims that was refused or denied."""
    from agent.ledger.advice import advise

    with ledger.database.transaction() as session:
        known = [found for claim_id in sorted(claim_ids) if (found := ledger.claim(session, claim_id))]
        bad = [c for c in known if c.state in {"rejected", "denied", "partly_paid"}]
        packs = _packs() if bad else None
        advice = [advise(ledger, session, c, packs.get(c.pack)) for c in bad if packs]
    return [{**item.model_dump(), "findings": orjson.loads(item.findings)} for item in advice]


def _print_advice(item: dict[str, Any]) -> None:
    sys.stdout.write(f"claim {item['claim_id']}: {item['text']}\n")
    for line in item["reasons"]:
        sys.stdout.write(f"  {line}\n")
    for finding in item["findings"]:
        sys.stdout.write(f"  our finding then: {finding['level']} {finding['rule']}: {finding['message']}\n")


def show_stats(options: argparse.Namespace) -> int:
    """Print the figures of the ledger."""
    return print_figures(options, _ledger(options))


def correct_claim(options: argparse.Namespace) -> int:
    """Draft the correction of one claim; exit 4 when the self-check finds an error in it."""
    return correct(options, _ledger(options))


def history(options: argparse.Namespace) -> int:
    """Print every change of one claim."""
    ledger = _ledger(options)
    with ledger.database.transaction() as session:
        events = ledger.history(session, options.claim)
    if not events:
        raise UsageError(f"claim {options.claim} is not in the ledger; see superbill claim stats")
    advice = _advice(ledger, {options.claim})
    if options.json:
        _print_json({"events": [e.model_dump() for e in events], "advice": advice})
        return EXIT_OK
    for e in events:
        change = e.new if e.old == e.new else f"{e.old or 'new'} -> {e.new}"
        sys.stdout.write(f"{e.at} {e.who}: {change}: {e.why}\n")
    for item in advice:
        _print_advice(item)
    return EXIT_OK


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
