"""Coded 837P files beside their notes as cases: what was billed is the gold, which is no proof that it was right.

``visit.837`` stands beside ``visit.txt`` (or ``.md``). One claim a file; its codes, modifiers, units and pointers become the
gold, its patient, payer and date the context.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.case import CaseError, EvalCase
from evals.scorers.visits import is_visit

if TYPE_CHECKING:
    from tools.claim.model import Claim, ClaimLine

NOTES = (".txt", ".md")


def load_claims(folder: Path) -> tuple[EvalCase, ...]:
    """Read every claim file of a folder with its note.

    Raises:
        CaseError: a file is no readable 837P of one claim, or its note is missing.
    """
    from evals.datasets import CLAIM_FILES

    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in CLAIM_FILES)
    return tuple(_case(path) for path in files)


def _case(path: Path) -> EvalCase:
    from tools.claim.errors import UnreadableClaim
    from tools.claim.load import load_claim

    note = next((p for p in (path.with_suffix(s) for s in NOTES) if p.is_file()), None)
    if note is None:
        raise CaseError(f"{path.name}: no note {path.stem}.txt beside it")
    try:
        claims = load_claim(path.read_bytes(), path.name).claims
    except UnreadableClaim as error:
        raise CaseError(str(error)) from error
    if len(claims) != 1:
        raise CaseError(f"{path.name}: holds {len(claims)} claims; give one a file, each beside its note")
    (claim,) = claims
    return EvalCase(
        id=path.stem,
        note=note.read_text(encoding="utf-8"),
        context=_context(claim),
        gold=_gold(claim),
        dataset=path.parent.name,
        remarks={"gold": "as billed, not audited"},
    )


def _context(claim: "Claim") -> dict[str, Any]:
    from tools.fhir.dates import years_between

    day = min((line.date_from for line in claim.lines), default=claim.created)
    born = claim.patient.birth_date
    payer = claim.primary.payer_kind if claim.primary else "self_pay"
    return {
        "age": None if born is None else years_between(born, day),
        "sex": claim.patient.sex,
        "place_of_service": claim.place_of_service,
        "date_of_service": day.isoformat(),
        "payer": payer,
    }


def _gold(claim: "Claim") -> dict[str, Any]:
    codes = [d.code for d in claim.diagnoses]
    visit = next((line.code for line in claim.lines if is_visit(line.code)), None)
    return {
        "icd10": {"must": codes, "may": codes, "first": codes[0] if codes else None, "sequence": codes},
        "em": {"codes": [visit]} if visit else None,
        "lines": [_line(line) for line in claim.lines if not is_visit(line.code)],
        "links": {line.code: _pointed(claim, line) for line in claim.lines},
    }


def _line(line: "ClaimLine") -> dict[str, Any]:
    return {"code": line.code, "modifiers": list(line.modifiers), "units": line.units}


def _pointed(claim: "Claim", line: "ClaimLine") -> list[str]:
    by_sequence = {d.sequence: d.code for d in claim.diagnoses}
    return [by_sequence[p] for p in line.pointers if p in by_sequence]
