"""Names of rare diseases that serve search alone."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from knowledge.find.engine import rare_terms
from knowledge.vocabulary import normalise

DAY = date(2026, 3, 1)


def test_every_term_leads_to_a_code_of_the_edition_and_repeats_no_vocabulary(shelf: Bookshelf) -> None:
    for term, code in rare_terms():
        assert shelf.icd.find(code, DAY) is not None, (term, code)
        assert normalise(term) not in shelf.vocabulary.problem_index, term


@pytest.mark.parametrize(
    ("query", "code"),
    [("cystoisosporiasis", "A07.3"), ("Werdnig-Hoffmann disease", "G12.0"), ("danon disease", "E74.05")],
)
def test_rare_names_are_found(shelf: Bookshelf, query: str, code: str) -> None:
    assert shelf.search.search(query, on=DAY)[0].code == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,code\n", ":1: columns"),
        ("term,code\nGout,M10.9\n", ":2: needs a lower-case term"),
        ("term,code\ngout,m10\n", ":2: needs"),
        ("term,code\ngout,M10.9\ngout,M10.0\n", ":3: gout is given twice"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "terms.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=reason):
        rare_terms(path)
