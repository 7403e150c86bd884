"""Importing a tabular list: its notes stand at the codes of its year, whichever of list and order file comes first."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.editions import Editions
from knowledge.errors import TableError
from knowledge.icd10cm import IcdTable
from knowledge.imported import ImportedTables
from knowledge.sources.icd_import import import_order
from knowledge.sources.tabular_import import import_tabular
from knowledge.store import Original

ON = date(2025, 3, 1)


def _xml(year: str, note: str, forms: int = 72, title: str = "Kind one form") -> str:
    diags = "".join(f"<diag><name>E11.{n:02}</name><desc>{title} {n}</desc></diag>" for n in range(forms))
    return (
        f"<ICD10CM.tabular><version>{year}</version><chapter><name>4</name><desc>Chapter of kinds</desc>"
        '<section id="E08-E13"><desc>Kinds (E08-E13)</desc><diag><name>E11</name><desc>Kind one</desc>'
        f"<excludes1><note>{note} (E13.-)</note></excludes1>{diags}</diag></section></chapter></ICD10CM.tabular>"
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def shipped(tmp_path: Path) -> Original:
    path = _written(tmp_path / "shipped.xml", _xml("2026", "kind two"))
    return Original(path=path, sha256="0" * 64, release="shipped")


@pytest.fixture
def order(tmp_path: Path) -> Path:
    lines = [("E11", 0, "Kind one"), *((f"E11{n:02}", 1, f"Kind one form {n}") for n in range(70))]
    text = "".join(
        f"{n:05} {code:<7} {flag} {words:<60} {words}\r\n" for n, (code, flag, words) in enumerate(lines, 1)
    )
    return _written(tmp_path / "icd10cm-order-2025.txt", text)


def _table(home: Path) -> IcdTable:
    imported = ImportedTables(home)

    def store(edition: str) -> object:
        return imported.store("icd10cm", edition)

    return IcdTable(store, Editions(imported.editions("icd10cm")))  # type: ignore[arg-type]  # it is imported here


@pytest.mark.parametrize("order_first", [True, False])
def test_codes_of_the_order_file_and_notes_of_the_list(
    order_first: bool, shipped: Original, order: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    tabular = _written(tmp_path / "tabular-2025.xml", _xml("2025", "kind of old"))
    if order_first:
        import_order(order, home, original=shipped, least=60)
        import_tabular(tabular, home, shipped=shipped, least=60)
    else:
        import_tabular(tabular, home, shipped=shipped, least=60)
        assert _table(home).find("E11.71", ON) is not None
        # the kept list of the same year would be held against the order file as its own: codes differ here
        with pytest.raises(TableError, match="mislabelled"):
            import_order(order, home, least=60)
        return
    table = _table(home)
    assert table.find("E11.71", ON) is None  # the order file does not hold it
    assert [note.text for note in table.notes("E11.05", ON).excludes1] == ["kind of old (E13.-)"]
    edition = ImportedTables(home).editions("icd10cm")[0]
    assert edition.source == "icd10cm-order-2025.txt; notes of tabular-2025.xml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_xml("2025", "x")[:900], "not readable as XML"),
        (_xml("2025", "x", forms=20), "a whole list has 60 or more: cut off"),
        (_xml("2025", "x", title="Made up"), "shuffled or made up"),
        (_xml("spring", "x"), "no fiscal year"),
        ("<ICD10CM.tabular><version>2025</version></ICD10CM.tabular>", "holds no codes"),
    ],
)
def test_a_damaged_list_is_refused(text: str, says: str, shipped: Original, tmp_path: Path) -> None:
    path = _written(tmp_path / "tabular.xml", text)
    with pytest.raises(TableError, match=says):
        import_tabular(path, tmp_path / "home", shipped=shipped, least=60)
    assert not list((tmp_path).rglob("*.sqlite*"))
