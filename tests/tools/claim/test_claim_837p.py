"""837P out and in: random claims pass the guide's map and come back equal."""

import pytest
from claim_strategies import claims, envelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.claim.validate import validate_837
from tools.claim.x12.carried import carried
from tools.claim.x12.reader import read_837
from tools.claim.x12.writer import write_837

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def _round_trip(batch):
    text = write_837(batch, envelope())
    assert validate_837(text) == []
    parsed = read_837(text)
    assert (parsed.errors, parsed.kept) == ((), ())
    back = {claim.claim_id: claim for claim in parsed.claims}
    assert back == {claim.claim_id: carried(claim) for claim in batch}


@given(claims())
@settings(max_examples=25, deadline=None, suppress_health_check=_CALM, derandomize=True)
def test_a_random_claim_is_valid_and_comes_back_equal(claim):
    _round_trip([claim])


@pytest.mark.slow
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*(claims(i) for i in range(n)))))
@settings(max_examples=300, deadline=None, suppress_health_check=_CALM)
def test_random_batches_are_valid_and_come_back_equal(batch):
    _round_trip(batch)
