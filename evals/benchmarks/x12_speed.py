"""How fast claims are written and read, beside pyx12's own reader in the same run."""

import argparse
import gc
import io
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
from pyx12.x12file import X12Reader

from knowledge.records import CodeSystem
from tools.claim.cms1500 import render_cms1500
from tools.claim.fhir_claim import dump_fhir_claim
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.claim.validate import validate_837
from tools.claim.x12.envelope import Envelope
from tools.claim.x12.interchange import Envelopes
from tools.claim.x12.reader import read_837
from tools.claim.x12.segments import tokenise
from tools.claim.x12.stream import stream_837, text_chunks
from tools.claim.x12.writer import write_837
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

_ADDRESS = Address(line1="1 Main St", city="Springfield", state="IL", postal_code="627011234")


def sample_claim(number: int) -> Claim:
    """A made-up office claim of three lines."""
    day = date(2026, 7, 2)
    lines = tuple(
        ClaimLine(
            number=place,
            code=code,
            system=CodeSystem.CPT,
            display="",
            units=Decimal(1),
            place_of_service="11",
            date_from=day,
            date_to=day,
            charge=Decimal("61.25"),
            pointers=(1, 2),
        )
        for place, code in enumerate(("99213", "93000", "81002"), 1)
    )
    codes = ("I10", "E78.5", "R07.9")
    return Claim(
        claim_id=f"SB{number:07d}",
        encounter_id=f"e{number}",
        patient=Person(
            id=str(number),
            name=Name(last="Doe", first=f"Rita{chr(65 + number % 26)}"),
            birth_date=date(1950, 1, 1 + number % 28),
            sex="female",
            address=_ADDRESS,
        ),
        coverages=(
            CoverageFacts(
                reference="Coverage/1",
                order=1,
                payer_kind="medicare",
                payer_name="Medicare Part B",
                payer_id="00882",
                member_id=f"M{number:08d}",
                relationship="self",
            ),
        ),
        billing_provider=_provider("Main Street Family Practice", "1234567893", person=False),
        rendering_provider=_provider("Lopez", "1003000126", person=True),
        place_of_service="11",
        diagnoses=tuple(ClaimDiagnosis(sequence=n, code=c, display="") for n, c in enumerate(codes, 1)),
        lines=lines,
        total_charge=Decimal("183.75"),
        created=date(2026, 7, 3),
    )


def measure(count: int) -> dict[str, object]:
    """Speeds of every step over ``count`` claims in processor time of one core, each the best of three runs."""
    claims = [sample_claim(number) for number in range(count)]
    envelope = Envelope(
        sender_id="SUPERBILL",
        receiver_id="CLEARING",
        submitter_name="Main Street",
        contact_name="Billing",
        contact_phone="2175550100",
        receiver_name="Clearing House",
        interchange_control=1,
        group_control=1,
        batch_reference="B1",
        created=datetime(2026, 7, 3, 9, 0, tzinfo=UTC),
    )
    text = write_837(claims, envelope)
    single = write_837(claims[:1], envelope)
    validate_837(single)
    megabytes = len(text.encode()) / 1e6
    return {
        "claims": count,
        "megabytes": round(megabytes, 2),
        "written_claims_per_s": round(count / _best(lambda: write_837(claims, envelope))),
        "tokenised_mb_per_s": round(megabytes / _best(lambda: sum(1 for _ in tokenise(text))), 1),
        "envelopes_mb_per_s": round(megabytes / _best(lambda: _transactions(text)), 1),
        "pyx12_reader_mb_per_s": round(
            megabytes / _best(lambda: sum(1 for _ in X12Reader(io.StringIO(text)))), 1
        ),
        "read_claims_per_s": round(count / _best(lambda: read_837(text))),
        "read_mb_per_s": round(megabytes / _best(lambda: read_837(text)), 2),
        "streamed_mb_per_s": round(megabytes / _best(lambda: _streamed(text)), 2),
        "validate_one_claim_ms": round(_best(lambda: validate_837(single)) * 1e3, 2),
        "cms1500_ms": round(_best(lambda: render_cms1500(claims[0])) * 1e3, 2),
        "fhir_ms": round(_best(lambda: dump_fhir_claim(claims[0])) * 1e3, 2),
    }


def _transactions(text: str) -> int:
    """Every segment with its envelopes judged, nothing kept: what pyx12's reader does."""
    return sum(len(transaction.segments) for transaction in Envelopes(most=1000).transactions(text))


def _streamed(text: str) -> int:
    """Claims of the text as a stream of bytes, in flat memory."""
    return sum(len(piece.claims) for piece in stream_837(text_chunks(io.BytesIO(text.encode()))))


def _provider(name: str, npi: str, *, person: bool) -> Provider:
    return Provider(
        reference=npi,
        name=Name(last=name, first="Ana" if person else None),
        is_person=person,
        npi=npi,
        taxonomy="207Q00000X",
        tax_id=None if person else "123456789",
        address=None if person else _ADDRESS,
    )


def _best(work: Callable[[], object]) -> float:
    """The best of three runs; what lives already (the claims to write) is no work of the garbage collector's."""
    gc.collect()
    gc.freeze()
    times = []
    for _ in range(3):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Print the speeds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=2000)
    sys.stdout.write(
        orjson.dumps(measure(parser.parse_args().claims), option=orjson.OPT_INDENT_2).decode() + "\n"
    )


if __name__ == "__main__":
    main()
