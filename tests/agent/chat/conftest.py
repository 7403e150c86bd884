"""The ten shipped encounters as cases to talk about."""

import pytest

from agent.chat import CaseView, load_view
from tests.agent.coded import Coded


@pytest.fixture(scope="session")
def views(coded: Coded) -> dict[str, CaseView]:
    return {number: load_view(coded.out(number)) for number in coded.results}
