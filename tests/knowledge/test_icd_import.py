"""Importing ICD-10-CM order files: years side by side, damaged files refused with the store as it was."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from knowledge.sources.icd_import import import_order
from knowledge.sources.recognise import import_files
from knowledge.store import Original

Lines = list[str]
LEAST = 60
BEFORE, NOW = date(2025, 3, 1), date(2026, 3, 1)


def line(code: str, billable: bool, title: str) -> str:
    return f"{code:<7} {int(billable)} {title[:60]:<60} {title}"


def numbered(lines: Lines) -> bytes:
    return "".join(f"{n:05} {text}\r\n" for n, text in enumerate(lines, 1)).encode("ascii")


def order_lines() -> Lines:
    return [
        line("E11", False, "Kind one"),
        *(line(f"E11{n:02}", True, f"Kind one form {n}") for n in range(70)),
    ]


@pytest.fixture
def original(tmp_path: Path) -> Original:
    """A tabular list of 2026 of our own: two forms more than the order lines hold, one note."""
    diags = "".join(f"<diag><name>E11.{n:02}</name><desc>Kind one form {n}</desc></diag>" for n in range(72))
    path = tmp_path / "tabular.xml"
    path.write_text(
        "<ICD10CM.tabular><version>2026</version><chapter><name>4</name><desc>Chapter of kinds</desc>"
        '<section id="E08-E13"><desc>Kinds (E08-E13)</desc><diag><name>E11</name><desc>Kind one</desc>'
        f"<excludes1><note>kind two (E13.-)</note></excludes1>{diags}</diag></section></chapter></ICD10CM.tabular>",
        encoding="utf-8",
    )
    return Original(path=path, sha256="0" * 64, release="tabular")


@pytest.fixture
def place(tmp_path: Path, shelf: Bookshelf) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    os.link(shelf.store.path, folder / shelf.store.path.name)
    return folder


@pytest.fixture
def given(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, name: str = "icd10cm-order-2025.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_two_years_answer_differently(place: Path, original: Original, given: Callable[..., Path]) -> None:
    lines = order_lines()
    lines[1:2] = [line("E1100", False, "Kind one form 0"), line("E1100XA", True, "Kind one form 0, first")]
    path = import_order(given(numbered(lines)), place, original=original, least=LEAST)
    assert path == place / "editions" / "icd10cm" / "2025.sqlite"
    opened = Bookshelf.open(place)
    old = opened.icd.get("E11.00XA", BEFORE)
    assert (old.billable, old.parent, old.edition) == (True, "E11.00", "2025")
    assert opened.icd.get("E11.00", BEFORE).needs == "7th character: A"
    assert opened.icd.find("E11.00XA", NOW) is None
    assert opened.icd.get("E11.00", NOW).billable
    assert opened.icd.find("E11.9", BEFORE) is None
    assert [note.origin for note in opened.icd.notes("E11.05", BEFORE).excludes1] == ["E11"]
    assert opened.icd.section("E11.05", BEFORE) == ("E08-E13", "Kinds (E08-E13)")
    assert [e.edition for e in opened.editions.all("icd10cm")] == ["2025", "2026"]
    assert opened.search.search("kind one form 5", on=BEFORE, limit=1)[0].code == "E11.05"
    assert not opened.editions.choose("icd10cm", BEFORE).mismatch
    assert opened.editions.choose("icd10cm", date(2024, 9, 30)).mismatch
    opened.close()


def test_imported_twice_gives_the_same_release(
    place: Path, original: Original, given: Callable[..., Path]
) -> None:
    seen = []
    for _ in range(2):
        import_order(given(numbered(order_lines())), place, original=original, least=LEAST)
        opened = Bookshelf.open(place)
        seen.append(opened.editions.all("icd10cm"))
        opened.close()
    assert seen[0] == seen[1]
    assert seen[0][0].rows == len(order_lines())


def _swap(text: bytes) -> bytes:
    rows = text.splitlines(keepends=True)
    rows[5], rows[9] = rows[9], rows[5]
    return b"".join(rows)


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut in a line": (lambda b: b[:-9], "cut off"),
    "cut between lines": (lambda b: b"".join(b.splitlines(keepends=True)[:40]), "cut off"),
    "shuffled": (_swap, "shuffled"),
    "a line lost": (lambda b: b"".join([*b.splitlines(keepends=True)[:4], *b.splitlines(keepends=True)[5:]]), "lost"),
    "UTF-16": (lambda b: b.decode("ascii").encode("utf-16-le"), "encoding"),
    "an accent": (lambda b: b.replace(b"form 7", "form é".encode(), 2), "ASCII"),
    "another flag": (lambda b: b.replace(b" 1 Kind", b" 2 Kind", 1), "columns"),
    "a code with a gap": (lambda b: b.replace(b"E1105  ", b"E11 5  "), "form"),
    "a code twice": (lambda b: b.replace(b"E1106  ", b"E1105  "), "twice"),
    "below a billable code": (lambda b: b.replace(b"E1106  ", b"E11059 "), "billable"),
    "no header": (lambda b: b.replace(b"E1106  ", b"E1206  "), "no header"),
    "codes made up": (lambda b: b.replace(b" E11", b" E99"), "made up"),
    "titles made up": (lambda b: b.replace(b"form", b"fake"), "made up"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_refused(
    kind: str, place: Path, original: Original, given: Callable[..., Path]
) -> None:
    import_order(given(numbered(order_lines())), place, original=original, least=LEAST)
    before = (place / "editions/icd10cm/2025.sqlite").read_bytes()
    damage, reason = DAMAGE[kind]
    path = given(damage(numbered(order_lines())))
    with pytest.raises(TableError, match=reason) as refused:
        import_order(path, place, original=original, least=LEAST)
    assert "icd10cm-order-2025.txt" in str(refused.value)
    assert [p.name for p in (place / "editions/icd10cm").iterdir()] == ["2025.sqlite"]
    assert (place / "editions/icd10cm/2025.sqlite").read_bytes() == before


def test_a_mislabelled_year_is_refused_both_ways(
    place: Path, original: Original, given: Callable[..., Path]
) -> None:
    whole = [*order_lines(), *(line(f"E11{n}", True, f"Kind one form {n}") for n in (70, 71))]
    with pytest.raises(TableError, match="mislabelled"):
        import_order(given(numbered(whole)), place, original=original, least=LEAST)
    late = given(numbered(order_lines()), "icd10cm-order-2026.txt")
    with pytest.raises(TableError, match="mislabelled"):
        import_order(late, place, original=original, least=LEAST)
    unnamed = given(numbered(order_lines()), "codes.txt")
    with pytest.raises(TableError, match="fiscal year"):
        import_order(unnamed, place, original=original, least=LEAST)
    right = given(numbered(whole), "icd10cm_order_2026.txt")
    assert import_order(right, place, original=original, least=LEAST).stem == "2026"


def test_the_shipped_year_imported_answers_in_its_place(
    place: Path, original: Original, given: Callable[..., Path]
) -> None:
    whole = [*order_lines(), *(line(f"E11{n}", True, f"Kind one form {n}") for n in (70, 71))]
    import_order(given(numbered(whole), "icd10cm_order_2026.txt"), place, original=original, least=LEAST)
    opened = Bookshelf.open(place)
    assert [e.rows for e in opened.editions.all("icd10cm")] == [73]
    assert opened.icd.get("E11.71", NOW).display == "Kind one form 71"
    opened.close()


def test_an_order_file_is_told_by_its_content(
    place: Path, shelf: Bookshelf, given: Callable[..., Path]
) -> None:
    path = given(numbered(order_lines()), "anything-order-2025.dat")
    with pytest.raises(TableError, match="whole file has 90,000"):
        list(import_files([path], place, shelf.edits))


@pytest.mark.shared
@pytest.mark.slow
def test_the_official_years_side_by_side(place: Path, shared: Path) -> None:
    import_order(shared / "reference/icd10cm/icd10cm-order-2025.txt", place)
    opened = Bookshelf.open(place)
    assert opened.icd.find("E11.A", BEFORE) is None
    assert opened.icd.get("E11.A", NOW).billable
    assert "E11.A" not in [h.code for h in opened.search.search("type 2 diabetes in remission", on=BEFORE)]
    assert "E11.A" in [h.code for h in opened.search.search("type 2 diabetes in remission", on=NOW)]
    counts = opened.icd_store("2025").rows("SELECT billable, count(*) FROM icd_code GROUP BY billable")
    assert dict(counts) == {0: 23_324, 1: 74_260}
    opened.close()
