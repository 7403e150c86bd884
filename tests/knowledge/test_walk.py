"""Walking the Index: words that lead to codes, references followed, loops left."""

from pathlib import Path

from knowledge.find.walk import Walker, key, words_of
from knowledge.sources.index_xml import IndexRow, read_index
from tests.knowledge.sources.index_files import INDEX, written


def test_phrases_carry_the_whole_path_and_follow_see(tmp_path: Path) -> None:
    phrases = {(p.words, p.code): p.path for p in Walker(read_index(written(tmp_path, INDEX)).rows).phrases()}
    assert phrases["Pain(s) (plain) (see also Painful), thigh", "M79.65"].endswith("thigh")
    assert phrases["Aqueous ache", "M79.65"] == "Aqueous ache, see Pain, thigh"
    assert phrases["Around ache", "M79.65"] == "Around ache, see Aqueous ache"
    assert ("Ache, aching", "R52") in phrases


def entry(number: int, *path: str, code: str = "", see: str = "") -> IndexRow:
    return IndexRow(number=number, level=len(path) - 1, path=path, code=code, see=see)


def test_entries_that_refer_to_each_other_end_nowhere() -> None:
    walker = Walker([entry(1, "Here", see="There"), entry(2, "There", see="Here")])
    assert list(walker.phrases()) == []


def test_a_reference_to_a_title_without_a_code_lands_below_it() -> None:
    rows = [entry(1, "Old name", see="Name"), entry(2, "Name"), entry(3, "Name", "left", code="R52")]
    assert next((p.words, p.path) for p in Walker(rows).phrases()) == (
        "Old name, left",
        "Old name, see Name, left",
    )


def test_linking_words_need_not_be_said_in_a_reference() -> None:
    rows = [entry(1, "Name"), entry(2, "Name", "with"), entry(3, "Name", "with", "gout", code="R52")]
    assert Walker(rows).targets("Name, gout") == [2]
    assert Walker(rows).targets("Name, fever") == []
    assert Walker(rows).targets("Name, by site") == [0]


def test_keys_and_words() -> None:
    assert key("Complication(s) (from) NEC") == key("Complications")
    assert words_of(("Diabetes", "with", "ketoacidosis", "severe")) == "Diabetes, with ketoacidosis, severe"
