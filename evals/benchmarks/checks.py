"""How long the self-check takes over one claim of six lines, without and with pyx12 as the last gate.

``python -m evals.benchmarks.checks [--runs N] [--home FOLDER]``. With ``--home`` the store of that folder is used, with
whatever official tables were imported there (``superbill knowledge import``); the output says which PTP edition was read.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from agent.settings import load_settings
from evals.benchmarks.x12_speed import sample_claim
from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem, NoteEvidence
from tools.checks import CheckPolicy, CheckRequest, run_checks
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.encounter import ClinicalDocument

NOTE = """CHIEF COMPLAINT
Follow-up of blood pressure, diabetes and cholesterol; chest discomfort.

HISTORY OF PRESENT ILLNESS
Ms. Doe returns for hypertension, type 2 diabetes and hyperlipidemia. She takes lisinopril 20 mg, metformin 500 mg and
atorvastatin 40 mg daily. Since last week she has had chest pain on and off, at rest. She denies dyspnea, dizziness,
syncope and leg swelling. Mother had breast cancer.

PHYSICAL EXAMINATION
BP 128/78. Heart regular, lungs clear. No edema. Abdomen soft.

RESULTS
ECG done here: sinus rhythm, no ischemic changes. Hemoglobin A1c done in the office: 7.1 %. Glucose 142.
Urinalysis by dipstick in the office: negative. Blood drawn by venipuncture.

ASSESSMENT AND PLAN
1. Hypertension, at goal. Continue lisinopril 20 mg daily.
2. Type 2 diabetes, stable. Continue metformin.
3. Hyperlipidemia, stable. Continue atorvastatin 40 mg daily.
4. Chest pain, likely musculoskeletal; ECG normal. Return if worse.
"""
LINES = (
    ("99214", ("25",), (1, 2, 3, 4)),
    ("93000", (), (4,)),
    ("83036", (), (2,)),
    ("82962", (), (2,)),
    ("81002", (), (2,)),
    ("36415", (), (2,)),
)
DIAGNOSES = (
    ("I10", "Hypertension, at goal"),
    ("E11.9", "Type 2 diabetes, stable"),
    ("E78.5", "Hyperlipidemia, stable"),
    ("R07.9", "Chest pain, likely musculoskeletal"),
)


def span(words: str) -> NoteEvidence:
    """The place of some words of the note, as a coder cites it."""
    start = NOTE.index(words)
    return NoteEvidence(document="d1", start=start, end=start + len(words), text=words)


def six_lines() -> tuple[Claim, ClinicalDocument]:
    """A made-up office claim of six lines with the note it rests on."""
    base = sample_claim(1)
    day = base.lines[0].date_from
    lines = tuple(
        ClaimLine(
            number=number,
            code=code,
            system=CodeSystem.CPT,
            display="",
            modifiers=modifiers,
            units=Decimal(1),
            place_of_service="11",
            date_from=day,
            date_to=day,
            charge=Decimal("50.00"),
            pointers=pointers,
        )
        for number, (code, modifiers, pointers) in enumerate(LINES, 1)
    )
    diagnoses = tuple(
        ClaimDiagnosis(sequence=n, code=code, display="", evidence=(span(words),))
        for n, (code, words) in enumerate(DIAGNOSES, 1)
    )
    claim = base.model_copy(
        update={"lines": lines, "diagnoses": diagnoses, "total_charge": Decimal("300.00")}
    )
    return claim, note(day)


def note(day: date) -> ClinicalDocument:
    """The note as a signed document of the day."""
    return ClinicalDocument(
        id="d1",
        title="Office visit",
        text=NOTE,
        sha256=sha256(NOTE.encode()).hexdigest(),
        date=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        status="final",
        author="Practitioner/1",
    )


def milliseconds(work: Callable[[], object], runs: int) -> list[float]:
    """The processor time of each run, after three that warm the caches of the tables.

    Processor time, not the clock's: what else the machine does is not the check's.
    """
    for _ in range(3):
        work()
    took = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        took.append((time.process_time() - begin) * 1e3)
    return sorted(took)


def check(shelf: Bookshelf, *, structure: bool) -> Callable[[], object]:
    """One whole check, as it runs for a claim never seen: nothing of an earlier request is kept."""
    claim, document = six_lines()
    policy = CheckPolicy.default().model_copy(update={"structure": structure})

    def work() -> object:
        return run_checks(
            CheckRequest(claim=claim, documents=(document,), facts=None, bookshelf=shelf, policy=policy)
        )

    return work


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--home", type=Path, help="data folder, with imported tables (SUPERBILL_HOME)")
    options = parser.parse_args()
    shelf = Bookshelf.open(options.home or load_settings().home)
    pair = shelf.edits.ptp_between("93000", "93005", six_lines()[0].lines[0].date_from)
    sys.stdout.write(f"pair edits: {pair.edition if pair else 'none loaded'}\n")
    for name, structure in (("without pyx12", False), ("with pyx12", True)):
        took = milliseconds(check(shelf, structure=structure), options.runs)
        high = took[int(0.95 * (len(took) - 1))]
        text = f"check of 6 lines, {name:<14} best {took[0]:6.2f}  median {statistics.median(took):6.2f}  p95 {high:6.2f}  max {took[-1]:6.2f} ms"
        sys.stdout.write(f"{text}  (n={len(took)})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
