"""Importing the NCCI tables: whole or not at all, told by content, agreeing with what is known."""

import gzip
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.imported import ImportedTables
from knowledge.sources.ncci_import import import_ncci, table_of

DATA = Path(knowledge.__file__).parent / "data"
KNOWN = EditTables.load(DATA)
HEADING = (
    "Some notice about copyright.\t\t\t\t\t\t\r\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
SMALL = 1_000
ON = date(2026, 8, 1)


def official(rows: list[tuple[str, str, str, str, str]]) -> str:
    return HEADING + "".join(f"{a}\t{b}\t\t{f}\t{t}\t{m}\tsome reason\r\n" for a, b, f, t, m in rows)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[str, str, str, str, str]]:
    rows = [(a, b, "20200101", "*", "1") for a, b in KNOWN.starter_pairs()]
    rows[0] = (*rows[0][:2], "20260701", "*", "0")
    return rows


@pytest.fixture(scope="module")
def parts(
    pairs: list[tuple[str, str, str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    extra = [
        ("0001U", "0029U", "20180701", "20260731", "1"),
        ("0001U", "0029U", "20260801", "*", "0"),
        ("0001U", "0030U", "20180701", "20180701", "9"),
        ("0001U", "0031U", "20180701", "20260815", "1"),
    ]
    rows = [*pairs, *extra]
    size = len(rows) // 4 + 1
    paths = [folder / f"ccipra-v322r0-f{n}.TXT" for n in range(1, 5)]
    for n, path in enumerate(paths):
        path.write_text(official(rows[n * size : (n + 1) * size]), encoding="latin-1", newline="")
    return paths


@pytest.fixture(scope="module")
def imported(parts: list[Path], tmp_path_factory: pytest.TempPathFactory) -> EditTables:
    home = tmp_path_factory.mktemp("home")
    import_ncci(parts, home, KNOWN, least=SMALL)
    return EditTables.load(DATA, ImportedTables(home).pick)


def test_an_imported_edition_in_force_answers_before_the_starter(imported: EditTables) -> None:
    a, b = KNOWN.starter_pairs()[0]
    found = imported.ptp_between(b, a, ON)
    assert found is not None
    assert (found.column1, found.modifier_indicator, found.edition) == (a, "0", "2026Q3")
    before = imported.ptp(a, b, date(2026, 6, 30))
    assert before is None  # the nearest edition answers, and its row begins a day later
    assert imported.covers("0001U", ON)
    assert not imported.covers("0030U", ON)  # only in an edit that never applied
    assert imported.covers("0001U", date(2026, 6, 30))


def test_dates_and_indicator_9_of_a_pair_that_recurs(imported: EditTables) -> None:
    def indicator(column2: str, on: date) -> str | None:
        row = imported.ptp("0001U", column2, on)
        return row.modifier_indicator if row else None

    assert indicator("0029U", date(2026, 7, 31)) == "1"
    assert indicator("0029U", date(2026, 8, 1)) == "0"
    assert indicator("0030U", ON) is None
    assert indicator("0031U", date(2026, 8, 15)) == "1"  # the last day is still in force
    assert indicator("0031U", date(2026, 8, 16)) is None


def test_importing_twice_gives_the_same_and_leaves_nothing_else(parts: list[Path], tmp_path: Path) -> None:
    first = import_ncci(parts, tmp_path, KNOWN, least=SMALL)
    content = first.read_bytes()
    assert import_ncci(parts, tmp_path, KNOWN, least=SMALL).read_bytes() == content
    assert [p.name for p in first.parent.iterdir()] == ["2026Q3.sqlite"]
    edition = ImportedTables(tmp_path).editions("ncci_ptp")[0]
    assert (edition.edition, edition.complete, edition.rows) == (
        "2026Q3",
        True,
        len(KNOWN.starter_pairs()) + 4,
    )


def test_a_zip_and_a_gzip_are_read_as_their_text(
    pairs: list[tuple[str, str, str, str, str]], parts: list[Path], tmp_path: Path
) -> None:
    zipped = tmp_path / "any name.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(parts[0], parts[0].name)
    assert table_of(zipped) == "ncci_ptp"
    import_ncci([zipped, *parts[1:]], tmp_path / "home", KNOWN, least=SMALL)
    plain = "column1,column2,deletion_date,modifier_indicator,rationale_id\n"
    plain += "".join(f"{a},{b},,{m},1\n" for a, b, _, _, m in pairs)
    packed = tmp_path / "pairs_2024-07-01.csv.gz"
    packed.write_bytes(gzip.compress(plain.encode()))
    assert import_ncci([packed], tmp_path / "home", KNOWN, least=SMALL).name == "2024Q3.sqlite"


Spoil = Callable[[list[Path]], list[Path]]


def _first(change: Callable[[str], str]) -> Spoil:
    def spoil(paths: list[Path]) -> list[Path]:
        text = paths[0].read_text(encoding="latin-1")
        paths[0].write_text(change(text.replace("\r\n", "\n")), encoding="latin-1", newline="\r\n")
        return paths

    return spoil


def _every(change: Callable[[str], str]) -> Spoil:
    def spoil(paths: list[Path]) -> list[Path]:
        for path in paths:
            head, body = (lines := path.read_text(encoding="latin-1").splitlines(True))[:6], lines[6:]
            path.write_text("".join([*head, *map(change, body)]), encoding="latin-1", newline="")
        return paths

    return spoil


def _renamed(old: str, new: str) -> Spoil:
    return lambda paths: [p.rename(p.with_name(p.name.replace(old, new))) for p in paths]


def _swapped(line: str) -> str:
    a, b, *rest = line.split("\t")
    return "\t".join([b, a, *rest])


def _made_up(line: str) -> str:
    return f"A{line[1:5]}{line[5:]}" if line[1:5].isdigit() else line


def _to_utf16(paths: list[Path]) -> list[Path]:
    paths[0].write_text(paths[0].read_text(encoding="latin-1"), encoding="utf-16")
    return paths


def _cut_zip(paths: list[Path]) -> list[Path]:
    packed = paths[0].with_suffix(".gz")
    packed.write_bytes(gzip.compress(paths[0].read_bytes())[:-2000])
    return [packed, *paths[1:]]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p[:3], "parts f4 are missing"),
        (lambda p: [p[0], *p[:3]], "parts f4 are missing"),
        (lambda p: [*p, p[0]], "5 parts are given"),
        (_first(lambda t: t[: len(t) // 2].rsplit("\t", 3)[0]), "cells, expected 7|whole table|is not"),
        (_first(lambda t: t[:-30]), "expected 7|not a date"),
        (_first(lambda t: t.replace("Column 1\tColumn 2", "Column 2\tColumn 1")), "not the file or the four"),
        (_first(lambda t: t.replace("20200101\t*", "*\t20200101", 1)), "line 8: '\\*' is not a date"),
        (_first(lambda t: t.replace("20200101", "20201301", 1)), "month must be"),
        (_first(lambda t: t.replace("\t1\tsome", "\t2\tsome", 1)), "indicator '2'"),
        (
            _first(lambda t: t.replace("20200101\t*", "20200101\t20190101", 1)),
            "ends 20190101 before it begins",
        ),
        (_every(_swapped), "known pairs are as known: shuffled or made up"),
        (_every(_made_up), "made up|repeat others"),
        (_renamed("v322", "v330"), "mislabelled"),
        (_renamed("ccipra", "ccioph"), "hospital table"),
        (_renamed("-v322r0", ""), "keep the official names"),
        (_to_utf16, "not the file or the four"),
        (_cut_zip, "cut off|keep the official"),
    ],
)
def test_a_damaged_set_of_parts_is_refused_and_the_store_stays(
    parts: list[Path], tmp_path: Path, spoil: Spoil, says: str
) -> None:
    copies = []
    for path in parts:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        copies.append(copy)
    home = tmp_path / "home"
    with pytest.raises(TableError, match=says):
        import_ncci(spoil(copies), home, KNOWN, least=SMALL)
    assert not list(home.rglob("*.sqlite*"))


def test_fewer_rows_than_a_release_has_are_refused(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cut off"):
        import_ncci(parts, tmp_path, KNOWN)


def _mue(change: Callable[[str], str] = str) -> str:
    words = {
        "1": "1 Line Edit",
        "2": "2 Date of Service Edit: Policy",
        "3": "3 Date of Service Edit: Clinical",
    }
    body = "".join(f"{r.code},{r.mue},{words[r.mai]},Reason\n" for r in KNOWN.starter_limits())
    head = '"A notice\n\nof \xa0 lines"\n"HCPCS/\nCPT Code",Practitioner Services MUE Values,'
    return change(head + "MUE Adjudication Indicator,MUE Rationale\n" + body)


def test_unit_limits_are_imported_from_the_official_form(tmp_path: Path) -> None:
    path = tmp_path / "MCR_MUE_PractitionerServices_Eff_07-01-2026.csv"
    path.write_text(_mue(), encoding="latin-1")
    import_ncci([path], tmp_path, KNOWN, least=100)
    tables = EditTables.load(DATA, ImportedTables(tmp_path).pick)
    for row in KNOWN.starter_limits():
        found = tables.mue(row.code, ON)
        assert found is not None
        assert (found.mue, found.mai, found.edition) == (row.mue, row.mai, "2026Q3")
    assert tables.mue("00000", ON) is None


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (lambda t: t[:-20], "Eff_07-01-2026.csv", "cells, expected 4|adjudication"),
        (
            lambda t: t.replace("Practitioner Services", "Outpatient Hospital"),
            "Eff_07-01-2026.csv",
            "not the file",
        ),
        (lambda t: t.replace(",1,", ",8,").replace(",2,", ",9,"), "Eff_07-01-2026.csv", "made up"),
        (lambda t: t + t.splitlines()[-1] + "\n", "Eff_07-01-2026.csv", "occurs twice"),
        (lambda t: t, "limits.csv", "keep the official name"),
    ],
)
def test_damaged_unit_limits_are_refused(
    tmp_path: Path, change: Callable[[str], str], name: str, says: str
) -> None:
    path = tmp_path / name
    path.write_text(_mue(change), encoding="latin-1")
    with pytest.raises(TableError, match=says):
        import_ncci([path], tmp_path, KNOWN, least=100)
    assert not list(tmp_path.rglob("*.sqlite*"))


def _add_ons() -> str:
    return "".join(
        f"{row.kind}{row.code}       {primary}       2013091       text\n"
        for row in KNOWN.starter_add_ons()
        for primary in row.primaries
    )


def test_add_ons_are_imported_from_the_fixed_width_form(tmp_path: Path) -> None:
    path = tmp_path / "AOC_V2026Q3-F-MCR.txt"
    path.write_text(_add_ons(), encoding="latin-1")
    import_ncci([path], tmp_path, KNOWN, least=100)
    tables = EditTables.load(DATA, ImportedTables(tmp_path).pick)
    for row in KNOWN.starter_add_ons():
        assert set(tables.add_on_primaries(row.code, ON) or ()) == set(row.primaries)
    assert tables.add_on_primaries("99213", ON) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2013091", "2013400", "no day of its year"),
        ("       2013091", "20120012013091", "before it begins"),
    ],
)
def test_damaged_add_ons_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "AOC_V2026Q3-F-MCR.txt"
    path.write_text(_add_ons().replace(old, new, 3), encoding="latin-1")
    with pytest.raises(TableError, match=says):
        import_ncci([path], tmp_path, KNOWN, least=100)


@pytest.mark.shared
def test_the_reference_limits_and_add_ons_are_imported_whole(shared: Path, tmp_path: Path) -> None:
    folder = shared / "reference" / "ncci"
    for name in ("mue_practitioner_eff_2026-04-01.csv", "aoc_V2026Q3.csv"):
        import_ncci([folder / name], tmp_path, KNOWN)
    tables = ImportedTables(tmp_path)
    assert tables.editions("ncci_mue")[0].rows == 15_095
    assert tables.editions("ncci_add_on")[0].rows == 7_743


@pytest.mark.shared
@pytest.mark.slow
def test_the_reference_pairs_are_imported_whole(shared: Path, tmp_path: Path) -> None:
    path = shared / "reference" / "ncci" / "ncci_ptp_practitioner_2024-07-01.csv.gz"
    import_ncci([path], tmp_path, KNOWN)
    tables = ImportedTables(tmp_path)
    assert tables.editions("ncci_ptp")[0].rows == 2_546_017
    imported = EditTables.load(DATA, tables.pick)
    for a, b in KNOWN.starter_pairs()[::50]:
        row, known = imported.ptp(a, b, ON), KNOWN.ptp(a, b)
        assert row is not None
        assert known is not None
        assert row.modifier_indicator == known.modifier_indicator
