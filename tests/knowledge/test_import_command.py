"""``superbill knowledge import`` over every format: whole files go in, damaged ones are refused and change nothing."""

import csv
import re
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from agent.cli import knowledge_import, main
from agent.cli.errors import EXIT_INPUT, EXIT_OK
from knowledge.errors import TableError
from knowledge.imported import ImportedTables
from tests.knowledge import official

Change = Callable[[str], str]
FILES: dict[str, tuple[str, Callable[[], str]]] = {
    "hcpcs": ("HCPC2026_OCT_ANWEB.csv", official.hcpcs),
    "cpt_licensed": ("cpt-2026.csv", official.licensed),
    "gpci": ("GPCI2026.csv", official.gpci),
    "localities": ("26LOCCO 2026.csv", official.counties),
    "mpfs_values": ("PPRRVU2026_Jul.csv", official.values),
    "ncci_mue": ("mue_eff_2026-04-01.csv", official.unit_limits),
    "ncci_add_on": ("aoc_V2026Q3.csv", official.add_ons),
    "icd10cm_guidelines": ("guidelines.txt", official.guidelines),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPERBILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for name, written in FILES.values():
        (folder / name).write_text(written(), encoding="utf-8", newline="")
    (folder / "coverage").mkdir()
    for name, text in official.coverage().items():
        (folder / "coverage" / name).write_text(text, encoding="latin-1")
    (folder / "README.md").write_text("# Not a table", encoding="utf-8")
    return folder


def test_a_folder_of_every_format_goes_in_and_strangers_are_named(
    whole: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        knowledge_import, "_warm", lambda *_: None
    )  # builds a store of its own: too slow here
    assert main(["knowledge", "import", str(whole), "--json"]) == EXIT_OK
    told = orjson.loads(capsys.readouterr().out)
    states = {(f["table"], f["state"]) for f in told["files"]}
    assert states == {(t, "imported") for t in [*FILES, "coverage"]} | {(None, "passed over")}
    assert [f["files"][0] for f in told["files"] if f["state"] == "passed over"] == [str(whole / "README.md")]
    imported = ImportedTables(home)
    hcpcs, cpt = imported.editions("hcpcs")[0], imported.editions("cpt_licensed")[0]
    assert (hcpcs.edition, hcpcs.rows, cpt.rows) == ("2026Q4", 7_601, 8_100)
    assert sha256(official.hcpcs().encode()).hexdigest() == hcpcs.sha256
    values = home / "editions" / "mpfs_values" / "2026Q3.sqlite"
    assert b"SECRET" not in values.read_bytes()


def test_files_named_are_each_told_in_json_and_a_stranger_is_an_error(
    whole: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, cut = tmp_path / "x.xsd", tmp_path / "GPCI2025.csv"
    schema.write_text('<?xml version="1.0"?>\n<xsd:schema id="x">', encoding="utf-8")
    cut.write_text(official.gpci()[:900], encoding="utf-8")
    good = whole / "GPCI2026.csv"
    command = ["knowledge", "import", str(schema), str(cut), str(good)]
    assert main([*command, "--json"]) == EXIT_INPUT
    told = orjson.loads(capsys.readouterr().out)
    assert {f["files"][0]: f["state"] for f in told["files"]} == {
        str(schema): "passed over", str(cut): "refused", str(good): "imported",
    }  # fmt: skip
    assert told["refused"] == 2
    assert main(command) == EXIT_INPUT
    assert "x.xsd: a schema of the XML files" in capsys.readouterr().err


def _half(text: str) -> str:
    return text[: len(text) // 2 + 3]


def _tenth(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: len(lines) // 10])


def _swap_columns(text: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([row[1], row[0], *row[2:]]) if len(row) > 2 else ",".join(row) for row in rows)


def _twice(text: str) -> str:
    last = text.rstrip("\n").splitlines()[-1]
    return text.rstrip("\n") + "\n" + last.replace("COUNTY", "OTHER COUNTY") + "\n"


def _made_up(text: str) -> str:
    """Shift every code in a way that keeps its form."""
    head, *rows = text.splitlines()
    return "\n".join([head, *(f"{row[0]}{(int(row[1:4]) + 500) % 1000:03d}{row[4:]}" for row in rows)]) + "\n"


def _sections_lost(text: str) -> str:
    return text.split("Section IV. Heading of IV\n")[0]


def _pages_shuffled(text: str) -> str:
    start = text.rindex("Section I. ")
    parts = text[start:].split("\n\n")
    return text[:start] + "\n\n".join(parts[::-1])


ORDER = "".join(
    f"{n:05} {code:<7} {flag} {words:<60} {words}\r\n"
    for n, (code, flag, words) in enumerate(
        [("A00", 0, "Kind"), ("A000", 1, "Kind, first form"), ("A001", 1, "Kind, second form")], 1
    )
)
OFFICIAL_PAIRS = (
    "Some notice.\t\t\t\t\t\t\r\nColumn1/Column2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n0001A\t0591T\t\t20220101\t*\t1\tsome reason\r\n"
)
DAMAGED: list[tuple[str, str, Change, str, str]] = [
    ("hcpcs cut within a row", "hcpcs", _half, "", "cut off|cells, expected 48"),
    ("hcpcs cut between rows", "hcpcs", _tenth, "", "a whole file has 7,500 or more: cut off"),
    ("hcpcs, columns swapped", "hcpcs", _swap_columns, "", "none of the official files"),
    ("hcpcs, a code twice", "hcpcs", lambda t: t + official.hcpcs_row("Q0001") + "\n" + official.hcpcs_row("Q0001") + "\n", "", "occurs twice"),
    ("hcpcs, codes made up", "hcpcs", lambda t: t.replace("\nA", "\nB").replace("\nJ", "\nB").replace("\nG", "\nB").replace("\nL", "\nY"), "", "occurs twice|made up"),
    ("hcpcs, no quarter in its name", "hcpcs", str, "hcpcs.csv", "quarter is told by the file name only"),
    ("hcpcs, of an earlier quarter by its name", "hcpcs", lambda t: t + official.hcpcs_row("Q9999", added="20260701") + "\n", "HCPC2026_JAN_ANWEB.csv", "mislabelled"),
    ("hcpcs, a date that is none", "hcpcs", lambda t: t.replace("20200101", "20201301", 1), "", "month must be"),
    ("licensed file cut", "cpt_licensed", _tenth, "", "8,000 or more: cut off"),
    ("licensed file, codes made up", "cpt_licensed", lambda t: t.replace("\n9", "\n5"), "", "occurs twice|made up"),
    ("licensed file without a year", "cpt_licensed", str, "cpt.csv", "year is told by the file name only"),
    ("licensed file, a row too long", "cpt_licensed", lambda t: t.replace("Own 99213", "Own, 99213"), "", "no CPT code with a short and a long text"),
    ("indices cut", "gpci", _half, "", "cells, expected 7|cut off|no index"),
    ("indices, few", "gpci", _tenth, "", "a whole table has 100 or more: cut off"),
    ("indices, columns in another order", "gpci", lambda t: t.replace("PW GPCI,2026 PE", "PE GPCI,2026 PW"), "", "not in the order"),
    ("indices, an index that is none", "gpci", lambda t: t.replace("1.000", "10.00", 1), "", "no index"),
    ("indices, a place twice", "gpci", lambda t: t.replace("10001,AL,01", "10000,AL,00"), "", "occurs twice"),
    ("counties cut", "localities", _half, "", "cells, expected 5|cut off|unexpected end"),
    ("counties, a locality twice", "localities", _twice, "", "occurs twice, not alike"),
    ("counties without a year", "localities", str, "counties.csv", "year is told by the file name only"),
    ("values cut", "mpfs_values", _half, "", "cells, expected 32|cut off"),
    ("values, few", "mpfs_values", _tenth, "", "17,000 or more: cut off"),
    ("values, codes made up", "mpfs_values", lambda t: t.replace("\n9", "\nK").replace("\n8", "\nH"), "", "shuffled or made up"),
    ("values, a shifted figure", "mpfs_values", lambda t: t.replace("A,,1.00,1.50", "A,,1.50,1.50", 1), "", "not the sum"),
    ("values, columns in another order", "mpfs_values", lambda t: t.replace("CODE,PAYMENT", "PAYMENT,CODE"), "", "not in the order"),
    ("unit limits cut", "ncci_mue", _half, "", "cells|cut off|Nature|row"),
    ("unit limits, few", "ncci_mue", _tenth, "", "12,000 or more: cut off"),
    ("unit limits of the wrong practice", "ncci_mue", lambda t: t.replace(",1,3,", ",7,3,").replace(",1,2,", ",7,2,").replace(",2,3,", ",8,3,"), "", "shuffled or made up"),
    ("unit limits without a date", "ncci_mue", str, "mue.csv", "date is told by the file name only"),
    ("add-on edits cut", "ncci_add_on", _half, "", "cells|cut off"),
    ("add-on edits, few", "ncci_add_on", _tenth, "", "6,000 or more: cut off"),
    ("add-on edits, a row twice", "ncci_add_on", _twice, "", "twice"),
    ("guidelines, the end missing", "icd10cm_guidelines", _sections_lost, "", "Section IV is missing: cut off"),
    ("guidelines, the body missing", "icd10cm_guidelines", lambda t: t[: t.index("Page 6")], "", "no table of contents"),
    ("guidelines, pages shuffled", "icd10cm_guidelines", _pages_shuffled, "", "missing|sections|known|twice"),
    ("guidelines of another year by its text", "icd10cm_guidelines", lambda t: t.replace("(October 1, 2025 - September 30, 2026)", ""), "", "none of the official files"),
    ("pairs, one part of four", "pairs", lambda t: t, "ncci_2024Q3.csv", "2,300,000 or more: cut off"),
    ("pairs without a quarter", "pairs", lambda t: t, "pairs.csv", "quarter is told by the file name only"),
    ("pairs cut within a row", "pairs", _half, "ncci_2024Q3.csv", "cells, expected 5|cut off"),
    ("an order file cut within a line", "pairs", lambda _: ORDER[:-40], "icd10cm-order-2025.txt", "no end: cut off|not in the columns"),
    ("an order file, lines shuffled", "pairs", lambda _: "\r\n".join(ORDER.split("\r\n")[i] for i in (0, 2, 1)) + "\r\n", "icd10cm-order-2025.txt", "lines lost or shuffled"),
    ("an order file of a few lines", "pairs", lambda _: ORDER, "icd10cm-order-2025.txt", "90,000 or more: cut off"),
    ("an order file without its year", "pairs", lambda _: ORDER, "order.txt", "fiscal year is told by the name only"),
    ("an order file, a code below a billable one", "pairs", lambda _: ORDER.replace("00001 A00     0", "00001 A00     1"), "icd10cm-order-2025.txt", "which is billable"),
    ("a tabular list cut off", "pairs", lambda _: '<?xml version="1.0"?>\n<ICD10CM.tabular><version>2026</version><chapter>', "tabular.xml", "not readable as XML"),
    ("a tabular list of nothing", "pairs", lambda _: "<ICD10CM.tabular><version>2026</version></ICD10CM.tabular>", "tabular.xml", "holds no codes"),
    ("an index cut off", "pairs", lambda _: "<ICD10CM.index><version>2026</version><title>ICD-10-CM INDEX TO DISEASES and INJURIES</title><letter>", "index.xml", "not readable as XML"),
    ("addenda without their index", "pairs", lambda _: "  ICD-10-CM INDEX to DISEASES and INJURIES\n   2026 Addenda\nNo Change     Abasia\nAdd           - hysterical F44.4\n", "addenda.txt", "import that one first"),
    ("official pairs, three parts missing", "pairs", lambda _: OFFICIAL_PAIRS, "ccipra-v323r0-f1.TXT", "parts f2, f3, f4 are missing"),
    ("official pairs of the hospital", "pairs", lambda _: OFFICIAL_PAIRS, "ccioph-v323r0-f1.TXT", "hospital table by its name"),
    ("a binary file", "pairs", lambda _: "\x00\x01\x02", "x.bin", "none of the official files"),
    ("an empty file", "pairs", lambda _: "", "x.csv", "none of the official files"),
]  # fmt: skip


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that already holds an edition; a refused import must leave it as it is."""
    home = tmp_path_factory.mktemp("stocked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERBILL_HOME", str(home))
        path = home.parent / "GPCI2026.csv"
        path.write_text(official.gpci(), encoding="latin-1")
        assert main(["knowledge", "import", str(path)]) == EXIT_OK
    return home


@pytest.mark.parametrize(
    ("kind", "change", "name", "says"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED]
)
def test_a_damaged_file_is_refused_and_the_store_stays(
    kind: str,
    change: Change,
    name: str,
    says: str,
    stocked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(stocked))
    usual, text = FILES.get(kind, ("", official.pairs))
    path = tmp_path / (name or usual)
    path.write_text(change(text()), encoding="utf-8", newline="")
    before = _tree(stocked)
    assert main(["knowledge", "import", str(path)]) == EXIT_INPUT
    told = capsys.readouterr()
    assert path.name in told.err
    assert re.search(says, told.err), told.err
    assert _tree(stocked) == before


COVERAGE_DAMAGED: list[tuple[str, Callable[[dict[str, str]], dict[str, str]], str]] = [
    ("a table missing", lambda f: {k: v for k, v in f.items() if "hcpc_code" not in k}, "article_x_hcpc_code missing"),
    ("an article cut off", lambda f: {**f, "article.csv": f["article.csv"].splitlines()[0] + "\n"}, "holds no article"),
    ("lists of another export", lambda f: {k: v.replace("777,3", "778,3") if "icd10" in k else v for k, v in f.items()}, "is not in the articles"),
    ("a row cut within", lambda f: {k: v[:-9] if k == "article_x_icd10_covered.csv" else v for k, v in f.items()}, "cells, expected 10"),
    ("a diagnosis that is none", lambda f: {k: v.replace("I35.0", "35.0") for k, v in f.items()}, "no ICD-10-CM code"),
    ("columns shuffled", lambda f: {k: v.replace("article_id,article_version", "article_version,article_id") if k == "article.csv" else v for k, v in f.items()}, "none of the official files"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"), [row[1:] for row in COVERAGE_DAMAGED], ids=[row[0] for row in COVERAGE_DAMAGED]
)
def test_a_damaged_coverage_export_is_refused_and_the_store_stays(
    change: Callable[[dict[str, str]], dict[str, str]],
    says: str,
    stocked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SUPERBILL_HOME", str(stocked))
    paths = []
    for name, text in change(official.coverage()).items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text, encoding="latin-1")
    before = _tree(stocked)
    assert main(["knowledge", "import", *map(str, paths)]) == EXIT_INPUT
    assert says in capsys.readouterr().err
    assert _tree(stocked) == before


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_in_a_zip_is_unpacked(home: Path, tmp_path: Path) -> None:
    tables = {name: text.encode("latin-1") for name, text in official.coverage().items()}
    inner = _zip(tmp_path / "current_article_csv.zip", tables).read_bytes()
    outer = _zip(tmp_path / "current_article.zip", {"a/current_article_csv.zip": inner, "a/readme.md": b"x"})
    assert main(["knowledge", "import", str(outer)]) == EXIT_OK
    assert ImportedTables(home).editions("coverage")[0].edition == "2025-06-01"


def test_a_spreadsheet_reads_as_its_text(home: Path, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for cells in csv.reader(official.gpci().splitlines()):
        sheet.append(cells)
    path = tmp_path / "GPCI2026.xlsx"
    book.save(path)
    assert main(["knowledge", "import", str(path)]) == EXIT_OK
    assert ImportedTables(home).editions("gpci")[0].rows == 109


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 cut off", "can not be read or is cut off"),
        (b"%PDF-1.7 cut off", "can not be read or is cut off"),
        (b"\x1f\x8b\x08 cut off", "can not be read or is cut off"),
    ],
)
def test_a_damaged_container_is_refused(
    content: bytes, says: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    assert main(["knowledge", "import", str(path)]) == EXIT_INPUT
    assert says in capsys.readouterr().err
    assert not home.exists()


def test_names_in_an_archive_do_not_lead_out_of_it(home: Path, tmp_path: Path) -> None:
    from knowledge.sources.archive import unpacked

    text = official.gpci().encode()
    path = _zip(tmp_path / "bad.zip", {"../../GPCI2026.csv": text, "..\\GPCI2025.csv": text})
    found = list(unpacked(path, tmp_path / "folder"))
    assert all(tmp_path / "folder" in p.parents for p in found)
    assert len(found) == 2
    with pytest.raises(TableError, match="no file that could be imported"):
        list(unpacked(_zip(tmp_path / "none.zip", {"a.exe": b"x"}), tmp_path / "folder"))
