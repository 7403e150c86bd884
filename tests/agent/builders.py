"""Small builders of records for the agent's tests."""

from datetime import date
from decimal import Decimal
from typing import Any

from knowledge.records import CodeSystem
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

DAY = date(2026, 8, 4)


def claim(*, units: int = 1, tenant: str = "default", charge: str = "150.00", basis: Any = "given") -> Claim:
    line = ClaimLine(
        number=1,
        code="99213",
        system=CodeSystem.CPT,
        display="Office visit",
        units=Decimal(units),
        place_of_service="11",
        date_from=DAY,
        date_to=DAY,
        charge=Decimal(charge),
        charge_basis=basis,
        pointers=(1,),
    )
    return Claim(
        claim_id="CLAIM1",
        encounter_id="enc-1",
        tenant=tenant,
        patient=Person(
            id="p1", name=Name(last="Doe", first="Ann"), birth_date=date(1960, 1, 2), sex="female"
        ),
        coverages=(coverage(),),
        billing_provider=None,
        rendering_provider=None,
        place_of_service="11",
        diagnoses=(ClaimDiagnosis(sequence=1, code="I10", display="Essential (primary) hypertension"),),
        lines=(line,),
        total_charge=line.charge,
        created=DAY,
    )


def coverage(**changes: Any) -> CoverageFacts:
    fields = {
        "reference": "Coverage/1",
        "order": 1,
        "payer_kind": "medicare",
        "payer_name": "Medicare",
        "payer_id": "01112",
        "member_id": "1EG4TE5MK72",
        "relationship": "self",
    }
    return CoverageFacts(**{**fields, **changes})


def provider(**changes: Any) -> Provider:
    fields = {
        "reference": "Organization/1",
        "name": Name(last="Birch Clinic"),
        "is_person": False,
        "npi": "1234567893",
        "tax_id": "123456789",
        "address": Address(line1="1 Main St", city="Springfield", state="IL", postal_code="627011234"),
    }
    return Provider(**{**fields, **changes})
