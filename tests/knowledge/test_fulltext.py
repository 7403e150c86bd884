"""FTS5 answers where no ranked term does; nothing is found for nothing."""

from knowledge.bookshelf import Bookshelf
from knowledge.find.fulltext import full_text


def test_beginnings_of_words_find_terms(shelf: Bookshelf) -> None:
    found = [code for code, _ in full_text(shelf.store, "2026", "choler vibrio", 5)]
    assert "A00.0" in found


def test_nothing_is_found_for_no_words_or_odd_characters(shelf: Bookshelf) -> None:
    assert full_text(shelf.store, "2026", '" * ( )', 5) == []
    assert full_text(shelf.store, "2026", "qqqzzz", 5) == []
    assert full_text(shelf.store, "1999", "cholera", 5) == []
