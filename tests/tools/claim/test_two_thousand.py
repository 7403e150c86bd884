"""Issue 6's measure: 2,000 random claims, in every form, without a single fault."""

import json
import os
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.claim.seeded import batch
from tests.tools.claim.strategies import envelope
from tests.tools.claim.test_cms1500 import compare_with_pdf
from tests.tools.claim.test_fhir_claim import with_control_numbers
from tools.claim.fhir_claim import check_fhir_claim, dump_fhir_claim, read_fhir_claim
from tools.claim.validate import validate_837
from tools.claim.x12.carried import carried
from tools.claim.x12.reader import read_837
from tools.claim.x12.writer import write_837

_BATCH = 20
FULL = "SUPERBILL_FULL" in os.environ
"""SUPERBILL_FULL=1: the PDF of all 2,000 is compared, not of 100."""
_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.mark.slow
@given(st.integers(0, 2**48))
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=_CALM, database=None)
def test_twenty_random_claims_in_every_form(seed):
    claims = batch(seed, _BATCH)
    text = write_837(claims, envelope())
    assert validate_837(text) == []
    parsed = read_837(text)
    assert (parsed.errors, parsed.kept) == ((), ())
    back = {claim.claim_id: claim for claim in parsed.claims}
    assert back == {claim.claim_id: carried(claim) for claim in claims}
    for number, claim in enumerate(claims):
        _as_fhir(claim)
        if FULL or number < 1:
            compare_with_pdf(claim, "overlay")


def _as_fhir(claim):
    bare = with_control_numbers(claim)
    resource = json.loads(dump_fhir_claim(bare), parse_float=Decimal)
    assert check_fhir_claim(resource) == []
    assert carried(read_fhir_claim(resource).claim) == carried(bare)
