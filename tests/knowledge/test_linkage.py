"""Linkage: which diagnoses justify which procedures, conflicts of side, sex and age, and measured on the dev notes."""

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import TableError
from knowledge.linkage import LinkageTable
from knowledge.patterns import compile_family, plain
from knowledge.procedures import ProcedureTable
from knowledge.records import Linkage, Source

DATA = Path(knowledge.__file__).parent / "data"
LINKS = LinkageTable.load(DATA)
PROCEDURES = ProcedureTable.load(DATA)
ON = date(2026, 7, 10)

SUPPORTED = """
99204 R41.3|99213 J02.0|99214 E11.9|99212 L90.5|99385 Z00.00|99393 Z00.129|G0439 Z00.00|G0438 I10|G0402 Z00.01
90662 Z23|G0008 Z23|90471 Z23|90715 S61.411A|90480 Z23|96127 F32.A|99406 F17.210|99407 Z72.0|G0447 Z68.35|99495 I50.9
84443 R41.3|82607 R41.3|84443 F03.90|82607 D51.9|84443 E03.9|83036 E11.9|80061 E78.5|80053 I10|80048 N18.31|85025 D64.9
84153 N40.1|84153 Z12.5|G0103 Z12.5|87880 J02.9|87880 R50.9|87804 J11.1|87811 R05.9|81003 N39.0|81025 Z32.02|81025 N91.2
84484 R07.9|93000 R07.9|93000 I48.91|93000 R00.2|93000 R55|93000 R06.02|93306 R01.1|94010 J45.909|94060 R06.02
94640 J45.901|94760 J44.9|71046 R05.9|71046 J18.9|73610 S93.401A|73630 S92.321A|73560 M17.11|73562 M25.561
73030 M25.512|73110 S52.531A|73130 M19.041|73140 S62.632A|72100 M54.50|72040 M54.2|74018 N20.0|70450 R51.9|70551 R41.3
76700 R10.11|76830 N93.9|76536 E04.1|77067 Z12.31|77080 M81.0|77080 Z78.0|71271 Z87.891|76706 Z87.891|20610 M17.11
20610 M75.41|20550 M65.321|20605 M25.531|20600 M18.11|20526 G56.01|20552 M79.18|J3301 M17.11|J1885 M54.50|J3420 D51.0
J0696 A54.00|J1050 Z30.42|J7325 M17.11|64405 G43.909|62323 M54.16|17110 B07.9|17000 L57.0|11102 D48.5|11402 D22.5
11602 C44.519|11721 B35.1|11730 L60.0|10060 L02.211|12001 S61.411A|12011 S01.81XA|97597 L97.419|69210 H61.21|69200 T16.1XXA
30901 R04.0|65222 T15.01XA|92551 H90.3|92557 H91.90|23600 S42.201A|25600 S52.501A|26750 S62.632A|28470 S92.321A
29125 S52.501A|29130 S62.632A|29515 S93.401A|29540 S93.401A|L4350 S93.401A|E0114 S93.401A|A4565 S42.201A|97110 M17.11
98941 M99.03|90837 F32.1|90791 F41.1|96132 R41.3|99483 G30.9|99490 E11.9|57452 R87.610|58300 Z30.430|11981 Z30.017
59025 O36.8130|51798 R33.9|46600 K64.9|45385 K63.5|G0121 Z12.11|G0105 Z86.0100|95251 E10.9|95810 G47.33|11750 L60.0
96372 E53.8|G2211 I50.32|36415 Z01.84|86735 Z01.84|99459 N76.0|G0101 Z01.419|Q0091 Z12.4|88175 Z12.4|87624 Z12.4
"""

SWAPPED = """
73610 I10|73610 M54.50|73630 J02.0|73560 S93.401A|73562 H61.21|73030 M17.11|73110 M17.11|73130 S93.401A|73140 M25.561
72100 M25.511|72100 J18.9|72040 M17.11|72070 S93.401A|74018 S93.401A|74018 M17.11|71046 M17.11|71046 L23.9|71046 S93.401A
71046 N39.0|70450 M17.11|70450 N39.0|70551 S93.401A|76700 M25.561|76700 J02.0|76830 J44.9|76536 M17.11|77067 M25.561
77080 J02.0|71271 I10|93000 L23.9|93000 S93.401A|93000 H61.21|93306 M17.11|93306 N39.0|94010 M17.11|94010 S93.401A
94640 M17.11|94640 N39.0|20610 J02.0|20610 S93.401A|20550 E11.9|20600 M17.11|20526 M17.11|J7325 J45.909|J3301 N39.0
J0696 M81.0|J3420 S93.401A|69210 H10.9|69210 M17.11|30901 M54.50|65222 H61.21|92551 M17.11|17110 E11.9|17000 I10
11102 M17.11|11402 I10|11602 B07.9|11721 J02.0|11730 M17.11|10060 I10|12001 E11.9|97597 J44.9|23600 S93.401A
25600 S82.61XA|26750 S92.321A|28470 S62.632A|29125 S93.401A|29130 M17.11|29515 S52.501A|L4350 M75.41|E0114 S52.501A
97110 J02.0|98941 J44.9|90837 M17.11|96132 M17.11|57452 M17.11|58300 J44.9|51798 J02.0|46600 M17.11|45385 S93.401A
95251 I10|95810 S93.401A|87880 M17.11|87880 N39.0|87804 M17.11|81003 H61.21|81025 M17.11|82962 J02.0|83036 S93.401A
84443 S93.401A|84153 J02.0|80061 S93.401A|84484 N39.0|90662 I10|G0008 E11.9|99406 M17.11|G0447 J02.0|99393 J02.0
"""


def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(pair.split()) for line in text.split("\n") for pair in line.split("|") if pair]  # type: ignore[misc]


def verdict(diagnosis: str, procedure: str, **more: object) -> str:
    return LINKS.check(diagnosis, procedure, on=ON, **more).verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(("procedure", "diagnosis"), pairs(SUPPORTED))
def test_supported(procedure: str, diagnosis: str) -> None:
    found = LINKS.check(diagnosis, procedure, on=ON)
    assert found.verdict == "supported", found.reason
    assert found.source.row
    assert diagnosis in found.reason


@pytest.mark.parametrize(("procedure", "diagnosis"), pairs(SWAPPED))
def test_a_diagnosis_of_another_part_does_not_support(procedure: str, diagnosis: str) -> None:
    found = LINKS.check(diagnosis, procedure, on=ON)
    assert found.verdict == "not_supported", found.reason
    assert found.source.row


def test_at_least_nine_in_ten_starter_procedures_have_a_rule() -> None:
    covered = sum(LINKS.covers(code) for code in PROCEDURES.codes)
    assert covered / len(PROCEDURES) >= 0.95
    assert not LINKS.covers("33533")


def test_an_external_cause_or_a_vaccine_code_alone_explains_no_visit() -> None:
    assert verdict("W19.XXXA", "99213") == "not_supported"
    assert verdict("W19.XXXA", "73610") == "not_supported"
    assert verdict("Z23", "99213") == "not_supported"
    assert verdict("Z68.35", "99213") == "not_supported"
    assert verdict("Z76.0", "99213") == "supported"


@pytest.mark.parametrize(
    ("diagnosis", "modifiers", "answer"),
    [
        ("S93.402A", ("RT",), "not_supported"),
        ("S93.401A", ("LT",), "not_supported"),
        ("S93.401A", ("RT",), "supported"),
        ("S93.401A", (), "supported"),
        ("S93.401A", ("RT", "LT"), "supported"),
        ("S93.401A", ("50",), "supported"),
        ("S93.409A", ("RT",), "supported"),
        ("M79.671", ("LT",), "not_supported"),
        ("M79.671", ("T1",), "not_supported"),
        ("M79.671", ("T6",), "supported"),
    ],
)
def test_the_side_of_diagnosis_and_line(diagnosis: str, modifiers: tuple[str, ...], answer: str) -> None:
    found = LINKS.check(diagnosis, "73630", on=ON, modifiers=modifiers)
    assert found.verdict == answer, found.reason
    if answer == "not_supported":
        assert found.source.table == "sides"


@pytest.mark.parametrize(
    ("code", "side"),
    [
        ("M17.11", "right"),
        ("H61.22", "left"),
        ("M17.0", "bilateral"),
        ("S92.325A", "left"),
        ("S62.632A", "right"),
        ("I50.1", None),
        ("R10.31", None),
        ("I10", None),
    ],
)
def test_side_of_a_code(code: str, side: str | None) -> None:
    assert LINKS.side(code) == side


def test_sex_is_compared_and_kx_waives_the_patient() -> None:
    assert verdict("N40.1", "84153", sex="male") == "supported"
    assert verdict("N40.1", "84153", sex="female") == "not_supported"
    assert verdict("N40.1", "84153", sex="female", modifiers=("KX",)) == "supported"
    assert verdict("N40.1", "84153", sex="unknown") == "supported"
    assert verdict("N40.0", "57452") == "not_supported"


def test_age_is_compared() -> None:
    assert verdict("Z00.129", "99393", age=8) == "supported"
    assert verdict("Z00.129", "99393", age=30) == "not_supported"
    assert verdict("Z00.129", "99396") == "not_supported"
    assert verdict("Z00.00", "99396", age=50) == "supported"
    assert verdict("Z00.00", "99396", age=70) == "not_supported"


def test_no_rule_is_said_as_such() -> None:
    silent = LINKS.check("I10", "99199", on=ON)
    assert (silent.verdict, silent.source.table) == ("no_rule", "linkage")
    unknown = LINKS.check("I10", "33533", on=ON)
    assert unknown.verdict == "no_rule"
    assert "unknown to the loaded procedure table" in unknown.reason


def test_national_rules_come_first_and_articles_before_them() -> None:
    assert LINKS.check("Z87.891", "71271", on=ON).source.table == "linkage_national"
    assert LINKS.check("Z87.891", "71250", on=ON).source.table == "linkage"

    def article(diagnosis: str, procedure: str, on: date, contractor: str | None) -> Linkage | None:
        if procedure != "71271":
            return None
        source = Source(table="coverage", edition="A1", row="r")
        return Linkage(
            diagnosis=diagnosis, procedure=procedure, verdict="not_supported", reason="x", source=source
        )

    asked = LINKS.with_coverage(article)
    assert asked.check("Z87.891", "71271", on=ON).source.table == "coverage"
    assert asked.check("I10", "99213", on=ON).source.table == "linkage"


def test_families_of_codes() -> None:
    sets = {"knee": ("M17", "M25.?6"), "leg": ("@knee", "S80-S89")}
    family = compile_family(["@leg", "E11.62"], sets)
    inside = ("M17.11", "M25.561", "S83.91XA", "S89.001A", "S80", "E11.621")
    outside = ("M16.11", "M25.551", "S90.01XA", "S79", "E11.9", "M25", "")
    assert all(plain(code) in family for code in inside)
    assert not any(plain(code) in family for code in outside)


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["@nothing"], "is unknown"),
        (["@one"], "refers to itself"),
        (["17"], "no pattern"),
        (["M1-"], "no pattern"),
    ],
)
def test_malformed_families_are_refused(tokens: list[str], says: str) -> None:
    with pytest.raises(TableError, match=says):
        compile_family(tokens, {"one": ("@two",), "two": ("@one",)})


def test_a_rule_with_an_unknown_set_is_refused_with_its_row(tmp_path: Path) -> None:
    shutil.copytree(DATA / "2026", tmp_path / "2026")
    path = tmp_path / "2026" / "linkage.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "L999,code:99199,only,@nothing,why,source\n", encoding="utf-8"
    )
    with pytest.raises(TableError, match=r"linkage, row L999: set @nothing is unknown"):
        LinkageTable.load(tmp_path).check("I10", "99199", on=ON)


def test_every_shipped_rule_compiles_and_aims_at_something() -> None:
    known = {f"code:{code}" for code in PROCEDURES.codes} | {"any:*"}
    for row in map(PROCEDURES.get, PROCEDURES.codes):
        known |= {f"family:{row.family}", f"category:{row.category}", f"supply:{row.region}"}
    for book in LINKS.books:
        assert book.targets <= known
        for target in book.targets:
            for rule in book.rows(target):
                assert book.family(rule.id, rule.diagnoses)


@pytest.mark.shared
def test_the_links_of_the_dev_notes(shared: Path) -> None:
    lines = (shared / "evals_dev" / "aci_dev.jsonl").read_text(encoding="utf-8").splitlines()
    counted: Counter[str] = Counter()
    for case in map(json.loads, lines):
        sides = {line["code"]: tuple(line["modifiers"]) for line in case["gold"].get("lines") or []}
        for procedure, diagnoses in (case["gold"].get("links") or {}).items():
            for diagnosis in diagnoses:
                found = LINKS.check(
                    diagnosis,
                    procedure,
                    on=ON,
                    age=case["context"]["age"],
                    sex=case["context"]["sex"],
                    modifiers=sides.get(procedure, ()),
                )
                counted[found.verdict] += 1
    total = counted.total()
    assert total > 200
    assert counted["no_rule"] / total <= 0.10
    assert counted["not_supported"] / total <= 0.02


@pytest.mark.shared
def test_swapped_diagnoses_between_dev_notes(shared: Path) -> None:
    """Every diagnosis of another note, of a chapter this note does not have, for every line but visits."""
    text = (shared / "evals_dev" / "aci_dev.jsonl").read_text(encoding="utf-8")
    cases = [json.loads(line)["gold"] for line in text.splitlines()]
    counted: Counter[str] = Counter()
    for case in cases:
        own = {code[0] for code in case["icd10"]["may"]}
        for procedure in case.get("links") or {}:
            row = PROCEDURES.get(procedure)
            if row.is_em or row.category in {"em_addon", "specimen"}:
                continue
            foreign = [
                c for other in cases for c in other["icd10"]["must"] if other is not case and c[0] not in own
            ]
            counted.update(LINKS.check(code, procedure, on=ON).verdict for code in foreign)
    assert counted.total() > 1000
    assert counted["not_supported"] / counted.total() >= 0.95
