"""Coverage articles: first in linkage, by contractor, group and date; silent where they do not decide."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import DATA
from knowledge.coverage import CoverageTable
from knowledge.imported import ImportedTables
from knowledge.linkage import LinkageTable
from knowledge.sources.coverage import diagnoses_in, procedures_in
from knowledge.sources.coverage_import import import_coverage
from tests.knowledge import official

ON = date(2026, 8, 1)
FLORIDA = "09102"


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> LinkageTable:
    folder = tmp_path_factory.mktemp("coverage")
    paths = []
    for name, text in official.coverage().items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="latin-1")
    import_coverage(paths, folder / "home")
    coverage = CoverageTable(ImportedTables(folder / "home").pick)
    return LinkageTable.load(DATA).with_coverage(coverage.check)


@pytest.mark.parametrize(
    ("diagnosis", "procedure", "verdict", "row"),
    [
        ("I34.0", "93306", "supported", "A777 v3 covered group 1 I34.0"),
        ("i340", "93306", "supported", "A777 v3 covered group 1 I34.0"),
        ("I35.0", "93307", "supported", "A777 v3 covered group 2 I35.0"),
        ("I35.0", "93306", "not_supported", "A777 v3"),  # group 2 is for 93307 only
        ("I10", "93306", "not_supported", "A777 v3 noncovered group 1 I10"),
        ("M54.50", "93306", "not_supported", "A777 v3"),
    ],
)
def test_the_article_of_the_contractor_decides(
    links: LinkageTable, diagnosis: str, procedure: str, verdict: str, row: str
) -> None:
    found = links.check(diagnosis, procedure, on=ON, contractor=FLORIDA)
    assert (found.verdict, found.source.table, found.source.row) == (verdict, "coverage", row)
    assert found.source.edition == "2025-06-01"


def test_where_the_article_does_not_hold_the_other_rules_answer(links: LinkageTable) -> None:
    for contractor, on in ((None, ON), ("10112", ON), (FLORIDA, date(2023, 12, 31))):
        assert links.check("M54.50", "93306", on=on, contractor=contractor).source.table != "coverage"
    assert links.check("I34.0", "93308", on=ON, contractor=FLORIDA).source.table != "coverage"
    named = links.check("Z01.818", "93306", on=ON, contractor=FLORIDA)
    assert named.source.table != "coverage"  # the article's words name it: its lists do not decide


def test_a_contractor_is_known_by_its_id_and_its_number(tmp_path: Path) -> None:
    files = official.coverage()
    files["article_x_contractor.csv"] = files["article_x_contractor.csv"].replace("09102", "368")
    files["contractor.csv"] = (
        "contractor_id,contractor_type_id,contractor_version,contractor_bus_name,contractor_number\n"
        "368,9,1,Own name,09102\n"
    )
    paths = []
    for name, text in files.items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text, encoding="latin-1")
    import_coverage(paths, tmp_path / "home")
    coverage = CoverageTable(ImportedTables(tmp_path / "home").pick)
    for contractor, speaks in (("368", True), ("09102", True), ("9", False)):
        assert (coverage.check("I34.0", "93306", ON, contractor) is not None) is speaks


def test_an_asterisk_is_told(links: LinkageTable) -> None:
    assert "asterisk" in links.check("I35.0", "93307", on=ON, contractor=FLORIDA).reason
    assert "asterisk" not in links.check("I34.0", "93307", on=ON, contractor=FLORIDA).reason


def test_a_conflict_of_side_overrules_an_article(links: LinkageTable) -> None:
    found = links.check("I34.0", "93306", on=ON, contractor=FLORIDA, modifiers=("RT",))
    assert found.verdict == "supported"  # no side in the diagnosis
    side = links.check("S93.401A", "93306", on=ON, contractor=FLORIDA, modifiers=("LT",))
    assert side.source.table == "sides"


def test_procedures_of_a_paragraph() -> None:
    known = frozenset({"81162", "81165", "81170", "C8923"})
    assert procedures_in("CPT codes 81162-81167 and C8923", known) == {"81162", "81165", "C8923"}
    assert procedures_in("&lt;p&gt;81162 through 81165&lt;/p&gt;", known) == {"81162", "81165"}
    assert procedures_in("Group 1 of 2025", known) == frozenset()
    assert diagnoses_in("<p>Report Z01.818, or Z08 later; see L33577</p>") == {"Z01.818", "Z08"}
