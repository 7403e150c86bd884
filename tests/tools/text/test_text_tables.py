"""The tables of the reading room load strictly."""

from pathlib import Path

import pytest

from knowledge.errors import TableError
from tests.tools.text.small import SMALL, make_vocabulary
from tools.text.lexicon import lexicon_of
from tools.text.tables import DATA, one_of, rows, word_set
from tools.text.tokens import key
from tools.text.trie import Trie


def write(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,c\n1,2\n", "t.csv line 1"),
        ("a,b\n1\n", "t.csv line 2"),
        ("a,b\n1,2,3\n", "t.csv line 2"),
        ("a,b\n,2\n", "t.csv line 2"),
    ],
)
def test_a_malformed_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=message):
        list(rows("t.csv", ("a", "b"), folder=write(tmp_path, text)))


def test_a_good_table_is_read(tmp_path: Path) -> None:
    assert list(rows("t.csv", ("a", "b"), folder=write(tmp_path, "a,b\n1, 2\n"))) == [
        (2, {"a": "1", "b": "2"})
    ]


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(TableError, match=r"t\.csv line 3: 'x' is not one of a, b"):
        one_of("x", frozenset("ab"), "t.csv", 3)


def test_an_unknown_word_set_is_refused() -> None:
    with pytest.raises(TableError, match="no set 'nothing'"):
        word_set("nothing")


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda path: path.stem)
def test_shipped_tables_have_no_row_twice(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines)) > 1


@pytest.mark.parametrize(
    ("one", "two"),
    [("Crohn's", "crohn’s"), ("X-rays", "x ray"), ("follow–up", "follow up"), ("Fractures", "fracture")],
)
def test_spellings_share_a_normal_form(one: str, two: str) -> None:
    assert key(one) == key(two)


@pytest.mark.parametrize("word", ["gas", "illness", "virus", "diagnosis"])
def test_words_that_only_look_plural_stay(word: str) -> None:
    assert key(word) == (word,)


def test_the_longest_phrase_wins() -> None:
    trie = Trie([("chest pain", 1), ("chest", 2), ("pain on breathing", 3)])
    assert trie.scan(key("chest pain on breathing chest"), 0, 5) == [(0, 2, 1), (4, 5, 2)]
    assert trie.get("Chest pains") == 1
    assert trie.get("chest wall") is None


def test_a_vocabulary_is_compiled_once() -> None:
    assert lexicon_of(SMALL) is lexicon_of(SMALL)
    assert lexicon_of(make_vocabulary()) is not lexicon_of(SMALL)
