"""Schemathesis: whatever the OpenAPI description allows, or nearly allows, never ends in a fault of ours."""

import itertools

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from tests.agent.api.conftest import ROLES, Service

_LIMITS = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_ends_in_a_fault_of_ours(service: Service, mode: GenerationMode) -> None:
    found = service.code("05-ankle-injury")
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    operations = [result.ok() for result in schema.get_all_operations()]
    turns, asked, nothing_to_break = itertools.count(), set(), set()
    for operation in operations:
        strategy = operation.as_strategy(mode)

        @_LIMITS
        @given(case=strategy)
        def ask(case) -> None:
            turn = next(turns)
            if "id" in (case.path_parameters or {}) and turn % 2:
                case.path_parameters["id"] = found["id"]  # half of the calls go to a real encounter
            wanted = case.as_transport_kwargs(base_url="http://127.0.0.1")
            wanted.pop("cookies", None)
            kept = {k: v for k, v in wanted["headers"].items() if k.lower() != "authorization"}
            wanted["headers"] = {**kept, **service.as_(ROLES[turn % len(ROLES)])}
            if isinstance(wanted.get("data"), bytes | str):
                wanted["content"] = wanted.pop("data")
            answer = service.client.request(**wanted)
            assert answer.status_code < 500, answer.text
            asked.add(answer.status_code)

        try:
            ask()
        except Unsatisfiable:
            nothing_to_break.add(operation.label)
    assert nothing_to_break <= {"GET /healthz", "GET /readyz", "GET /metrics", "GET /queries"}
    assert len(operations) == 15
    assert {200, 404, 422} <= asked
