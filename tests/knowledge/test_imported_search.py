"""Search with imported indexes: walked paths, tables by site and substance, damage that changes nothing."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from knowledge.find.columns import column_of, other_behaviour
from knowledge.search import SearchHit
from knowledge.sources.index_import import import_index
from tests.knowledge.sources.index_files import ADDENDA, DRUG, EXTERNAL, INDEX, NEOPLASM, written

DAY = date(2026, 3, 1)
Search = Callable[[str], list[SearchHit]]


@pytest.fixture
def place(tmp_path: Path, shelf: Bookshelf) -> Path:
    """A data folder with the built store and nothing imported."""
    home = tmp_path / "home"
    home.mkdir()
    os.link(shelf.store.path, home / shelf.store.path.name)
    return home


@pytest.fixture
def search(tmp_path: Path, place: Path) -> Iterator[Search]:
    """Search with all four small indexes imported, and the addenda."""
    for name, text in (("i", INDEX), ("n", NEOPLASM), ("d", DRUG), ("e", EXTERNAL), ("a", ADDENDA)):
        import_index(written(tmp_path, text, name), place, least=1)
    opened = Bookshelf.open(place)
    yield lambda query: opened.search.search(query, on=DAY, limit=3)
    opened.close()


def test_the_index_finds_what_no_title_says(search: Search, shelf: Bookshelf) -> None:
    hit = search("zorblax disease")[0]
    assert (hit.code, hit.path[0]) == ("E11.65", "index: Zorblax's disease")
    assert hit.path[1].startswith("E11 ")
    assert "E11.65" not in [one.code for one in shelf.search.search("zorblax disease", on=DAY)]


def test_see_is_followed_and_shown_and_the_code_confirmed_in_the_tabular(search: Search) -> None:
    hit = search("quuxitis")[0]
    assert hit.path[0] == "index: Quuxitis (a long title that goes on), see Pain, elbow"
    assert hit.code == "M25.529"
    assert search("quuxitis left")[0].code == "M25.522"


def test_a_code_the_edition_does_not_hold_is_never_given(tmp_path: Path, place: Path) -> None:
    import_index(written(tmp_path, INDEX.replace("E11.65", "E11.75")), place, least=1)
    opened = Bookshelf.open(place)
    assert all(hit.code != "E11.75" for hit in opened.search.search("zorblax disease", on=DAY))
    opened.close()


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("malignant neoplasm of upper outer quadrant breast secondary", "C79.81", "malignant secondary"),
        ("petrol vapor poisoning", "T52.0X1", "poisoning, accidental"),
        ("petrol vapor overdose, suicide attempt, initial encounter", "T52.0X2A", "self-harm"),
        ("fall from hammock swing", "W09.1", "hammock"),
    ],
)
def test_tables_answer_by_site_and_substance(search: Search, query: str, code: str, said: str) -> None:
    hits = {hit.code: hit for hit in search(query)}
    assert next(iter(hits)) == code
    assert said in hits[code].path[0]


def test_columns_are_read_from_the_words() -> None:
    drugs = (
        "aspirin overdose",
        "side effect of aspirin",
        "aspirin underdosing",
        "aspirin poisoning, undetermined",
    )
    assert [column_of("drug", text) for text in drugs] == [0, 4, 5, 3]
    assert [column_of("drug", text) for text in ("aspirin", "unintentional overdose of aspirin")] == [None, 0]
    sites = ("lung metastases", "benign tumor of lung", "tumor of lung", "cancer of lung", "lung abscess")
    assert [column_of("neoplasm", text) for text in sites] == [1, 3, 5, 0, None]
    assert other_behaviour("C50.4", "secondary malignant neoplasm of breast") < 1.0
    assert other_behaviour("C79.81", "secondary malignant neoplasm of breast") == 1.0
    assert other_behaviour("E11.9", "metastatic disease") == 1.0


def everything(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file()
    }


BAD = {
    "not whole": (INDEX, None, "cut off"),
    "half a file": (INDEX[:500], 1, "cut off"),
    "a table of procedures": (INDEX.replace("DISEASES and INJURIES", "PROCEDURES"), 1, "names neither"),
    "a page of the web": ("<html><body>Licence</body></html>", 1, "no index"),
    "plain words": ("Dear colleague", 1, "not the addenda"),
    "addenda of no year": (ADDENDA.replace("2026 Addenda", "Addenda"), 1, "not the addenda"),
    "addenda of a later year": (ADDENDA.replace("2026", "2028"), 1, "import that one first"),
    "addenda of another index": (ADDENDA.replace("Pain (plain)", "Grief (plain)"), 1, "find their place"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_leaves_the_store_as_it_was(tmp_path: Path, place: Path, name: str) -> None:
    import_index(written(tmp_path, INDEX), place, least=1)
    before = everything(place)
    text, least, reason = BAD[name]
    with pytest.raises(TableError, match=reason):
        import_index(written(tmp_path, text, "bad"), place, least=least)
    assert everything(place) == before


def test_an_import_cut_short_leaves_nothing(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    before = everything(place)
    monkeypatch.setattr("knowledge.sources.index_import.cells_of", broken)
    with pytest.raises(KeyboardInterrupt):
        import_index(written(tmp_path, INDEX), place, least=1)
    assert everything(place) == before


def test_an_import_done_twice_gives_the_same(tmp_path: Path, place: Path) -> None:
    first = import_index(written(tmp_path, INDEX), place, least=1)
    before = everything(place)
    assert import_index(written(tmp_path, INDEX), place, least=1) == first
    assert everything(place) == before
    assert (first.release.effective_from, first.release.effective_to) == (
        date(2024, 10, 1),
        date(2025, 9, 30),
    )


@pytest.mark.shared
def test_the_official_indexes_are_imported_whole(place: Path, shared: Path) -> None:
    folder = shared / "reference/icd10cm"
    files = [*sorted(folder.glob("*.xml")), folder / "icd10cm-index-addenda-2026.txt"]
    editions = {(r.release.table, r.release.edition): r.rows for r in (import_index(f, place) for f in files)}
    assert editions == {
        ("icd10cm_index", "2025"): 81_024,
        ("icd10cm_index", "2026"): 81_511,
        ("icd10cm_external_cause_index", "2026"): 8_090,
        ("icd10cm_neoplasm", "2026"): 1_940,
        ("icd10cm_drug", "2026"): 7_430,
    }


@pytest.mark.shared
def test_the_official_tables_answer_by_site_and_substance(place: Path, shared: Path) -> None:
    for table in ("neoplasm", "drug"):
        import_index(shared / f"reference/icd10cm/icd10cm-{table}-April-1-2026-XML.xml", place)
    opened = Bookshelf.open(place)
    found = [
        opened.search.search(query, on=DAY)[0].code
        for query in (
            "malignant neoplasm of upper outer quadrant breast secondary",
            "poisoning by aspirin, accidental",
            "adverse effect of penicillin",
            "aspirin overdose, suicide attempt, initial encounter",
        )
    ]
    opened.close()
    assert found == ["C79.81", "T39.011", "T36.0X5", "T39.012A"]
