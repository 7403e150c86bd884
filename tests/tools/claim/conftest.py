"""A plain claim to vary, and our own X12 fixtures."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.records import CodeSystem
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

FIXTURES = Path(__file__).parents[2] / "fixtures" / "x12"


@pytest.fixture(scope="session")
def x12_file():
    return lambda name: (FIXTURES / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def address():
    return Address(line1="1 Main St", city="Springfield", state="IL", postal_code="627011234")


@pytest.fixture(scope="session")
def subscriber(address):
    return Person(
        id="s1",
        name=Name(last="Garcia-Lopez", first="Maria", middle="T"),
        birth_date=date(1980, 12, 31),
        sex="female",
        address=address.model_copy(update={"line1": "99 Oak Ave"}),
        phone="217-555-0199",
    )


@pytest.fixture(scope="session")
def claim(address):
    """Medicare, one office visit, one diagnosis: complete and valid."""
    line = ClaimLine(
        number=1,
        code="99204",
        system=CodeSystem.CPT,
        display="New patient visit, moderate",
        units=Decimal(1),
        place_of_service="11",
        date_from=date(2026, 7, 2),
        date_to=date(2026, 7, 2),
        charge=Decimal("185.50"),
        pointers=(1,),
    )
    return Claim(
        claim_id="SB000001",
        encounter_id="enc-1",
        patient=Person(
            id="p1",
            name=Name(last="O'Brien", first="Seán", middle="J"),
            birth_date=date(1944, 1, 2),
            sex="male",
            address=address,
            phone="(217) 555-0123",
            mrn="MRN-7",
        ),
        coverages=(
            CoverageFacts(
                reference="Coverage/1",
                order=1,
                payer_kind="medicare",
                payer_name="Medicare Part B",
                payer_id="00882",
                member_id="1EG4TE5MK73",
                relationship="self",
            ),
        ),
        billing_provider=Provider(
            reference="Organization/1",
            name=Name(last="Main Street Family Practice"),
            is_person=False,
            npi="1234567893",
            taxonomy="207Q00000X",
            tax_id="123456789",
            address=address,
            phone="217-555-0100",
        ),
        rendering_provider=Provider(
            reference="Practitioner/1",
            name=Name(last="Lopez", first="Ana"),
            is_person=True,
            npi="1003000126",
            taxonomy="207Q00000X",
        ),
        place_of_service="11",
        diagnoses=(ClaimDiagnosis(sequence=1, code="R41.3", display="Other amnesia"),),
        lines=(line,),
        total_charge=Decimal("185.50"),
        created=date(2026, 7, 3),
    )
