"""The store: built once, whole or not at all, opened read-only, shared by threads and processes."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from knowledge import store
from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from knowledge.sources.tabular_xml import read_tabular

SMALL = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2026</version>
<chapter><name>4</name><desc>Endocrine</desc>
<section id="E08-E13"><desc>Diabetes</desc>
<diag><name>E11</name><desc>Type 2 diabetes</desc>
<diag><name>E11.9</name><desc>Type 2 diabetes without complications</desc></diag></diag>
</section></chapter></ICD10CM.tabular>
"""


def _original(path: Path) -> store.Original:
    return store.Original(path=path, sha256=store.file_sha256(path), release="small")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "tabular.xml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_package_is_found_but_not_imported() -> None:
    code = (
        "import sys; from knowledge.store import find_original; original = find_original();"
        "assert original.path.name.endswith('.xml'); assert 'simple_icd_10_cm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_checksum_of_the_package_record_is_that_of_the_file() -> None:
    original = store.find_original()
    assert store.file_sha256(original.path) == original.sha256


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PACKAGE", "no_such_package_here")
    with pytest.raises(TableError, match="no_such_package_here is not installed"):
        store.find_original()


def test_opening_needs_neither_xml_nor_build(shelf: Bookshelf, home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from knowledge.bookshelf import Bookshelf;"
        "shelf = Bookshelf.open(Path(sys.argv[1])); assert shelf.icd.get('I10').billable;"
        "assert not [m for m in sys.modules if 'xml' in m or 'chromadb' in m], sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(home)], check=True)


def test_build_tells_its_progress_and_leaves_one_file(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "find_original", lambda: _original(small))
    told: list[tuple[int, int]] = []
    opened = store.open_store(tmp_path / "home", lambda _what, done, total: told.append((done, total)))
    opened.close()
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert [path.suffix for path in (tmp_path / "home").iterdir()] == [".sqlite"]
    told.clear()
    store.open_store(tmp_path / "home", lambda _what, done, total: told.append((done, total))).close()
    assert told == []


def test_another_source_gets_another_file(tmp_path: Path, small: Path) -> None:
    before = store.store_path(tmp_path, _original(small))
    small.write_text(SMALL.replace("complications", "complication"), encoding="utf-8")
    assert store.store_path(tmp_path, _original(small)) != before


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[: len(text) // 2], "not readable as XML"),
        (lambda text: text.replace("ICD10CM.tabular", "ICD10CM.index"), "not an ICD-10-CM tabular list"),
        (lambda text: text.replace("<version>2026", "<version>next"), "not a fiscal year"),
        (lambda text: text.replace("E11.9", "E11-9"), "not the form"),
        (lambda text: text.replace("<name>E11.9", "<name>E12.9"), "E12.9 can not stand below E11"),
        (
            lambda text: text.replace("</diag></diag>", "</diag><diag><name>E11.9</name></diag></diag>"),
            "twice",
        ),
        (lambda text: text.replace("<name>4", "<name>four"), "chapter number"),
        (lambda text: '<!DOCTYPE x [<!ENTITY e "x">]>' + text.split("\n", 1)[1], "not readable as XML"),
        (lambda _text: "<ICD10CM.tabular><version>2026</version></ICD10CM.tabular>", "holds no codes"),
    ],
)
def test_damaged_source_is_refused_and_leaves_nothing(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch, damage: object, reason: str
) -> None:
    small.write_text(damage(SMALL), encoding="utf-8")  # type: ignore[operator]
    monkeypatch.setattr(store, "find_original", lambda: _original(small))
    with pytest.raises(TableError, match=reason):
        store.open_store(tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_file_that_differs_from_the_record_is_refused(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = _original(small)
    small.write_text(SMALL + "\n", encoding="utf-8")
    monkeypatch.setattr(store, "find_original", lambda: original)
    with pytest.raises(TableError, match="differs from the file"):
        store.open_store(tmp_path / "home")


def test_store_is_read_only_and_closed_for_good(shelf: Bookshelf) -> None:
    opened = store.Store(shelf.store.path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.rows("DELETE FROM icd_code")
    opened.close()
    opened.close()
    with pytest.raises(sqlite3.ProgrammingError):
        opened.rows("SELECT 1")


def test_threads_share_one_bookshelf(shelf: Bookshelf) -> None:
    codes = [code for (code,) in shelf.store.rows("SELECT code FROM icd_code LIMIT 400")]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda code: shelf.icd.notes(code, date(2026, 7, 1)), codes))
    assert len(found) == 400


def test_two_builds_at_once_both_succeed(tmp_path: Path, small: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from knowledge import store;"
        "path = Path(sys.argv[1]);"
        "store.find_original = lambda: store.Original("
        "path=path, sha256=store.file_sha256(path), release='small');"
        "print(len(store.open_store(Path(sys.argv[2])).rows('SELECT * FROM icd_code')))"
    )
    arguments = [sys.executable, "-c", code, str(small), str(tmp_path / "home")]
    running = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, env={**os.environ}, text=True) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["2", "2"]
    assert len(list((tmp_path / "home").iterdir())) == 1


def test_tabular_reader_keeps_order_and_lead_ins(tmp_path: Path) -> None:
    path = tmp_path / "t.xml"
    note = (
        "<useAdditionalCode><note>code to identify:</note><note>insulin (Z79.4)</note></useAdditionalCode>"
        "<desc>Type 2 diabetes</desc>"
    )
    path.write_text(SMALL.replace("<desc>Type 2 diabetes</desc>", note), encoding="utf-8")
    found = read_tabular(path)
    assert [code.code for code in found.codes] == ["E11", "E11.9"]
    assert [(n.text, n.lead) for n in found.notes] == [
        ("code to identify:", ""),
        ("insulin (Z79.4)", "code to identify:"),
    ]
