"""A missing browser skips a test at home and fails it in CI."""

import pytest

from tests.browser.conftest import need


@pytest.mark.parametrize(
    ("environ", "outcome"), [({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)]
)
def test_a_missing_browser(tmp_path, environ, outcome):
    with pytest.raises(outcome, match="is missing"):
        need(tmp_path / "chromium", environ)


def test_a_browser_that_is_there_is_used(tmp_path):
    (tmp_path / "chromium").touch()
    assert need(tmp_path / "chromium", {"CI": "true"}) is None
