"""Fixtures of the reading tests."""

import pytest

from knowledge.vocabulary import Vocabulary
from tests.tools.text.small import SMALL


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    """The small vocabulary."""
    return SMALL
