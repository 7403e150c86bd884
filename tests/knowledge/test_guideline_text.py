"""Cutting the official guidelines: numbering that the text of a PDF breaks is rebuilt."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.errors import TableError
from knowledge.guidelines import GuidelineIndex, GuidelineSection
from knowledge.sources.guideline_text import cut, span_of

CONTENTS = """ICD-10-CM Official Guidelines for Coding and Reporting
FY 2026
(October 1, 2025 - September 30, 2026)
Section I. Our conventions ........ 7
A. First letter ........ 7
1.
Alpha rule ........ 7
2.
Beta rule ........ 7
3.
Gamma rule that is long
and goes on ........ 8
a. Small part ........ 8
Section II. Selection ........ 9
Section III. More ........ 9
Section IV. Outpatient ........ 9
A. Chronic things ........ 9
ICD-10-CM Official Guidelines for Coding and Reporting
FY 2026
Page 1 of 9
"""
BODY = """Section I. Our conventions
Words of the section.
A. First letter

1.

2.

Alpha rule
Alpha words with a list:
1. first thing of the list
9. ninth thing

Beta rule
Beta words.
ICD-10-CM Official Guidelines for Coding and Reporting
FY 2026
Page 2 of 9

3.

Gamma rule that is long
and goes on
Gamma words.
a. Small part
Small words.
1)

Numbered below
Deep words.
(a) Deeper
Deeper words.
(i) Deepest one
Deepest words.
(ii) Deepest two
More words.
(b) Deeper still
Last words.
2) Second below
See Section I.A.2. Beta rule
Section II. Selection
Selection words.
Section III. More
More words.
Section IV. Outpatient
A. Chronic things
Chronic words.
Appendix I
Not a section.
"""


def test_ids_are_rebuilt_and_furniture_is_left_out() -> None:
    found = {s.id: s for s in cut(CONTENTS + BODY, "x")}
    assert list(found) == [
        "I", "I.A", "I.A.1", "I.A.2", "I.A.3", "I.A.3.a", "I.A.3.a.1", "I.A.3.a.1.a", "I.A.3.a.1.a.i",
        "I.A.3.a.1.a.ii", "I.A.3.a.1.b", "I.A.3.a.2", "II", "III", "IV", "IV.A",
    ]  # fmt: skip
    assert found["I.A.1"].text == "Alpha words with a list: 1. first thing of the list 9. ninth thing"
    assert found["I.A.2"].text == "Beta words."
    assert found["I.A.3"].title == "Gamma rule that is long and goes on"
    assert found["I.A.3.a.1.a.ii"].text == "More words."
    assert found["IV.A"].text == "Chronic words."
    assert "Page" not in " ".join(s.text for s in found.values())


def test_a_heading_without_words_says_what_is_below_it() -> None:
    found = {s.id: s for s in cut(CONTENTS + BODY, "x")}
    assert found["I.A"].text == "Alpha rule; Beta rule; Gamma rule that is long and goes on"
    assert found["IV"].text == "Chronic things"


def test_the_title_page_tells_the_span() -> None:
    assert span_of(CONTENTS) == (date(2025, 10, 1), date(2026, 9, 30))
    assert span_of(CONTENTS.replace("Guidelines for", "Papers on")) is None
    assert span_of(CONTENTS.replace("(October", "(Octember")) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CONTENTS, "no table of contents before Section I"),
        (CONTENTS + BODY.split("Section III")[0], "Section III, IV is missing: cut off"),
    ],
)
def test_what_is_cut_off_is_told(text: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        cut(text, "x")


def _official(section: str, text: str, first: date, last: date) -> GuidelineSection:
    return GuidelineSection(
        id=section, title=section, text=text, topics=(), keywords=(), effective_from=first, effective_to=last,
        source="own", official=True,
    )  # fmt: skip


def test_the_official_wording_of_the_day_answers_for_its_id(tmp_path: Path) -> None:
    folder = tmp_path / "guidelines"
    folder.mkdir()
    (folder / "own.toml").write_text(
        'source = "own"\neffective_from = 2024-10-01\n[[section]]\nid = "I.A.1"\ntitle = "Alpha"\ntext = "Digest of alpha."\n'
        '[[section]]\nid = "I.A.2"\ntitle = "Beta"\ntext = "Digest of beta."\n'
    )
    old = _official("I.A.1", "Official alpha of old.", date(2024, 10, 1), date(2025, 9, 30))
    new = _official("I.A.1", "Official alpha of new.", date(2025, 10, 1), date(2026, 9, 30))
    only = _official("I.A.9", "Official gamma alone.", date(2025, 10, 1), date(2026, 9, 30))
    index = GuidelineIndex.open(tmp_path, tmp_path / "index", official=lambda: (old, new, only))
    for on, text in (
        (date(2025, 3, 1), "Official alpha of old."),
        (date(2026, 3, 1), "Official alpha of new."),
        (date(2027, 3, 1), "Digest of alpha."),
    ):
        assert index.search("alpha", on=on, limit=1)[0].text == text
        assert index.get("I.A.1", on).text == text
    assert [h.id for h in index.search("gamma", on=date(2026, 3, 1), limit=1)] == ["I.A.9"]
    assert "I.A.9" not in [h.id for h in index.search("gamma", on=date(2025, 3, 1), limit=3)]
    ids = [h.id for h in index.search("alpha beta", on=date(2026, 3, 1), limit=5)]
    assert len(ids) == len(set(ids))
    index.close()
