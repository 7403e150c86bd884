"""``superbill claim``: check, render and parse claims, ours or from any other system; the rest in ``claim_life``."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent.cli.claim_correct import judge
from agent.cli.claim_life import add_actions
from agent.cli.errors import EXIT_BLOCKED, EXIT_OK, UsageError
from agent.cli.files import read_file, write_file
from agent.settings import load_settings

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.records import Finding
    from tools.claim.load import LoadedClaim
    from tools.claim.model import Claim
    from tools.encounter import ClinicalDocument, EncounterFacts

FORMATS = {"837": ".837", "fhir": ".fhir.json", "cms1500": ".cms1500.pdf", "json": ".json"}


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare check, render and parse, and the actions of a claim's life after emission."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    checked = actions.add_parser("check", help="judge a claim with the self-check's rules")
    checked.add_argument("file", type=Path, metavar="FILE", help="837P, FHIR Claim or claim.json")
    checked.add_argument("--note", type=Path, help="the encounter's note as plain text")
    checked.add_argument("--context", help="JSON with age, sex, payer, history ...")
    checked.add_argument("--json", action="store_true")
    checked.set_defaults(run=check)
    rendered = actions.add_parser("render", help="write a claim as 837P, FHIR, CMS-1500 or claim.json")
    rendered.add_argument("file", type=Path, metavar="FILE")
    rendered.add_argument("--to", choices=tuple(FORMATS), required=True)
    rendered.add_argument("--out", type=Path, required=True, help="file to write")
    rendered.add_argument("--control-number", type=int, default=1)
    rendered.add_argument("--form", type=Path, help="your own fillable CMS-1500 (PDF) to fill in")
    rendered.set_defaults(run=render)
    parsed = actions.add_parser("parse", help="read an 837P, 835, 999, TA1 or 277CA")
    parsed.add_argument("file", type=Path, metavar="FILE")
    parsed.add_argument("--json", action="store_true")
    parsed.set_defaults(run=parse)
    add_actions(actions)


def check(options: argparse.Namespace) -> int:
    """Judge every claim of the file; exit 4 when an error is found."""
    from agent.cli.knowledge import open_shelf
    from tools.claim.load import load_claim
    from tools.claim.received import form_faults

    if options.context is not None and options.note is None:
        raise UsageError("--context goes with the encounter's note; give --note too")
    raw = read_file(options.file)
    loaded = load_claim(raw, options.file.name)
    findings = [_malformed(fault) for fault in form_faults(raw, loaded)]
    shelf = open_shelf()
    for claim in loaded.claims:
        findings += _judge(claim, options, shelf)
    errors = sum(f.level == "error" for f in findings)
    warnings = sum(f.level == "warning" for f in findings)
    if options.json:
        rows = [f.model_dump(mode="json") for f in findings]
        value = {"errors": errors, "warnings": warnings, "findings": rows, "gaps": list(loaded.gaps)}
        sys.stdout.write(orjson.dumps(value).decode() + "\n")
    else:
        _print_findings(findings, errors, warnings)
    return EXIT_BLOCKED if errors else EXIT_OK


def _malformed(fault: str) -> "Finding":
    from knowledge.records import Finding

    hint = "have the sender correct the file; a payer's front end would refuse it"
    return Finding(rule="claim.malformed", level="error", message=fault, hint=hint)


def _judge(claim: "Claim", options: argparse.Namespace, shelf: "Bookshelf") -> "tuple[Finding, ...]":
    documents, facts = _record(claim, options)
    return judge(claim, documents, facts, shelf)


def _record(
    claim: "Claim", options: argparse.Namespace
) -> "tuple[tuple[ClinicalDocument, ...], EncounterFacts | None]":
    """The documents and facts that were given beside the claim."""
    from tools.fhir.context_file import context_of
    from tools.fhir.documents import document_of_text
    from tools.fhir.gather import gather
    from tools.intake import read_bytes

    if options.note is None:
        return (), None
    data = read_file(options.note)
    if options.context is None:
        return (document_of_text(data, _cited(claim) or options.note.stem, options.note.name),), None
    from agent.cli.code import context_file

    known = context_file(options.context) or context_of({})
    raw = read_bytes(data, options.note.name, known)
    facts = gather(raw, as_of=date.today())  # noqa: DTZ011
    if raw.encounter is None:
        facts = _as_of_claim(facts, claim, named=known.encounter is not None)
    return facts.documents, facts


def _as_of_claim(facts: "EncounterFacts", claim: "Claim", *, named: bool) -> "EncounterFacts":
    """Facts of a context file have no ids of their own: what the context leaves open is taken from the claim.

    What it does say (a birth date, a sex, the encounter) stays, so that a claim of someone else is noticed.
    """
    known = facts.patient
    patient = known.model_copy(
        update={
            "id": claim.patient.id,
            "birth_date": known.birth_date or claim.patient.birth_date,
            "sex": claim.patient.sex if known.sex == "unknown" else known.sex,
        }
    )
    encounter = facts.encounter_id if named else claim.encounter_id
    documents = facts.documents
    if len(documents) == 1 and (cited := _cited(claim)):
        documents = (documents[0].model_copy(update={"id": cited}),)
    return facts.model_copy(update={"patient": patient, "encounter_id": encounter, "documents": documents})


def _cited(claim: "Claim") -> str | None:
    """The one document the claim's evidence cites: a note given as plain text has no id but this."""
    evidence = [e for d in claim.diagnoses for e in d.evidence]
    evidence += [e for line in claim.lines for e in line.evidence]
    ids = {e.document for e in evidence if e.kind == "note"}
    return ids.pop() if len(ids) == 1 else None


def _print_findings(findings: "list[Finding]", errors: int, warnings: int) -> None:
    for f in findings:
        where = f" line {f.line}" if f.line else ""
        source = f" [{f.source.table} {f.source.edition} {f.source.row or ''}]".rstrip() if f.source else ""
        sys.stdout.write(f"{f.level:<8}{f.rule}{where}: {f.message}{source}\n")
        if f.hint:
            sys.stdout.write(f"        {f.hint}\n")
    verdict = "bill as is" if not errors and not warnings else f"{errors} errors, {warnings} warnings"
    sys.stdout.write(f"{verdict}\n")


def render(options: argparse.Namespace) -> int:
    """Write the first claim of the file in another form; what the source lacks is listed."""
    from agent.outputs import render_one
    from tools.claim.load import load_claim

    if options.form is not None and options.to != "cms1500":
        raise UsageError("--form goes with --to cms1500")
    loaded = load_claim(read_file(options.file), options.file.name)
    if options.form is not None:
        return _fill(loaded, options)
    content = render_one(loaded.claims, options.to, options.control_number, load_settings().contact_phone)
    _print_gaps(loaded)
    write_file(options.out, content)
    sys.stdout.write(f"wrote {options.out}\n")
    return EXIT_OK


def _print_gaps(loaded: "LoadedClaim") -> None:
    for gap in loaded.gaps:
        sys.stderr.write(f"not in the source: {gap}\n")
    for fault in loaded.faults:
        sys.stderr.write(f"malformed: {fault}\n")
    if any(claim.draft for claim in loaded.claims):
        sys.stderr.write("a draft: the claim was not approved; it must not be sent\n")


def _fill(loaded: "LoadedClaim", options: argparse.Namespace) -> int:
    """Fill the user's own form, one file for each sheet of six lines: NAME.pdf, NAME-2.pdf ..."""
    from tools.claim.cms1500.fill import fill_cms1500

    if len(loaded.claims) != 1:
        raise UsageError(f"{options.file} holds {len(loaded.claims)} claims; a form takes one")
    sheets = fill_cms1500(loaded.claims[0], read_file(options.form))
    _print_gaps(loaded)
    for number, sheet in enumerate(sheets, 1):
        out = options.out if number == 1 else options.out.with_stem(f"{options.out.stem}-{number}")
        for box in sheet.unplaced:
            sys.stderr.write(f"sheet {number}: the form has no field for {box}\n")
        write_file(out, sheet.pdf)
        sys.stdout.write(f"wrote {out}\n")
    return EXIT_OK


def parse(options: argparse.Namespace) -> int:
    """Print what the file holds."""
    from tools.claim.errors import X12Error
    from tools.claim.x12.parse import parse as parse_x12

    try:
        text = read_file(options.file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{options.file}: byte {error.start} is not UTF-8; X12 is plain text") from error
    try:
        found = parse_x12(text)
    except X12Error as error:
        raise UsageError(f"{options.file}: {error}") from error
    sys.stdout.write(orjson.dumps(found, option=0 if options.json else orjson.OPT_INDENT_2).decode() + "\n")
    return EXIT_OK
