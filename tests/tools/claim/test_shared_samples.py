"""Published samples: counts of claims, lines, services and statuses are those of the files."""

import re

import pytest

from tools.claim.x12.parse import parse

pytestmark = pytest.mark.shared

_KINDS = {"837p": "837P", "835": "835", "999": "999", "277ca": "277CA"}


def _segments(body, name, mark):
    """The segments of this name, split off with no help from our own reader."""
    fields = body.split(mark, 16)
    end = fields[16][1]
    return [piece.strip() for piece in body.split(end) if piece.strip().startswith(name + mark)]


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
            coded = re.findall(r"(?:ABK|ABF|BK|BF)[:>|^]\w", "".join(_segments(body, "HI", mark)))
            assert sum(len(c["diagnoses"]) for c in claims) == len(coded), path.name
        if folder == "835":
            assert len(claims) == body.count(f"CLP{mark}"), path.name
            assert len(result["statuses"]) == body.count(f"BPR{mark}"), path.name
            assert sum(len(c["lines"]) for c in claims) == body.count(f"SVC{mark}"), path.name
            reasons = [cells[2::3] for s in _segments(body, "CAS", mark) if (cells := s.split(mark))]
            wanted = sum(1 for cells in reasons for cell in cells if cell)
            assert sum(len(c["adjustments"]) for c in claims) == wanted, path.name
        if folder == "277ca":
            assert len(result["statuses"]) == body.count(f"STC{mark}"), path.name
        if folder == "999":
            assert len(result["statuses"]) == body.count(f"AK1{mark}"), path.name
