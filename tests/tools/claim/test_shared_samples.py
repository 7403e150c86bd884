"""Published samples: counts of claims, lines, services and statuses are those of the files."""

import pytest

from tools.claim.x12.parse import parse

pytestmark = pytest.mark.shared

_KINDS = {"837p": "837P", "835": "835", "999": "999", "277ca": "277CA"}


@pytest.mark.parametrize("folder", list(_KINDS))
def test_every_sample_is_read_with_right_counts(shared, folder):
    files = sorted((shared / "samples" / "x12" / folder).iterdir())
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        body = text[text.index("ISA") :]
        mark = "|" if "ISA|" in body else "*"
        result = parse(text)
        assert result["kind"] == _KINDS[folder], path.name
        claims = result.get("claims", [])
        if folder == "837p":
            assert len(claims) == body.count(f"CLM{mark}"), path.name
            assert sum(len(c["lines"]) for c in claims) == body.count(f"LX{mark}"), path.name
        if folder == "835":
            assert len(claims) == body.count(f"CLP{mark}"), path.name
            assert sum(len(c["lines"]) for c in claims) == body.count(f"SVC{mark}"), path.name
        if folder == "277ca":
            assert len(result["statuses"]) == body.count(f"STC{mark}"), path.name
        if folder == "999":
            assert len(result["statuses"]) == body.count(f"AK1{mark}"), path.name
