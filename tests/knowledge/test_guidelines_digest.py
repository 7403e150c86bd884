"""The digest as data: the loader's refusals, size and codes of sections, and that no wording is copied."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.errors import TableError
from knowledge.guidelines import GuidelineSection, load_digest

SECTIONS = load_digest()
ICD10CM = re.compile(r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$")
PROCEDURE = re.compile(r"^(\d{5}|[A-Z]\d{4})$")
MENTION = re.compile(r"\b(?:[A-Z]\d[0-9A-Z]*(?:\.[0-9A-Z]*)?|\d{5})\b")
NOT_CODES = {"B12", "U00", "U85"}  # a vitamin; the ends of a range
RUN = 8

GOOD = """
source = "S"
effective_from = 2024-01-01
[[section]]
id = "A.1"
title = "T"
text = "words"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "bad.toml").write_text(text)
    return folder


def test_a_good_file_loads(tmp_path):
    (section,) = load_digest(write(tmp_path, GOOD))
    assert (section.id, section.effective_to, section.keywords) == ("A.1", None, ())


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (GOOD.replace("source", "sauce"), "unknown key 'sauce' in the header"),
        (GOOD.replace('title = "T"', 'heading = "T"'), "title is missing"),
        (GOOD + 'colour = "red"\n', "unknown key 'colour'"),
        (GOOD.replace('"A.1"', '"a 1"'), "not well-formed"),
        (GOOD.replace("2024-01-01", '"soon"'), "must be a date"),
        (GOOD.replace("2024-01-01", "2024-01-01\neffective_to = 2023-01-01"), "not before it"),
        (GOOD.replace('"words"', '""'), "text must be a text"),
        (GOOD + 'keywords = "one"\n', "keywords must be a list"),
        (GOOD + GOOD.split("2024-01-01")[1], "two wordings hold"),
        ('source = "S"\n', "holds no"),
        ("not toml", "not readable as TOML"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path, broken, reason):
    with pytest.raises(TableError, match=re.escape(reason)):
        load_digest(write(tmp_path, broken))


def test_a_missing_digest_is_refused(tmp_path):
    with pytest.raises(TableError, match="no guideline digest"):
        load_digest(tmp_path)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.version)
def test_a_section_is_short_and_its_codes_have_a_valid_shape(section: GuidelineSection):
    assert 35 <= len(section.text.split()) <= 120
    assert section.keywords
    assert len(set(section.keywords)) == len(section.keywords)
    for mention in mentions(section):
        assert ICD10CM.match(mention) or PROCEDURE.match(mention), f"{mention} in {section.version}"


def mentions(section: GuidelineSection) -> Iterator[str]:
    for word in MENTION.findall(section.text):
        code = word.rstrip(".")
        if code not in NOT_CODES and not re.match(r"^[A-Z]\d$", code):
            yield code


def test_a_code_of_the_wrong_shape_would_be_seen():
    section = SECTIONS[0]
    bad = GuidelineSection(
        **{name: getattr(section, name) for name in section.__slots__} | {"text": "use E1.65 here"}
    )
    assert [code for code in mentions(bad) if not ICD10CM.match(code) and not PROCEDURE.match(code)] == [
        "E1.65"
    ]


@pytest.mark.shared
def test_every_icd_code_named_exists(shared: Path):
    lines = (shared / "reference/icd10cm/icd10cm-order-2026.txt").read_text("ascii").splitlines()
    known = {line[6:13].strip() for line in lines}
    prefixes = {code[:size] for code in known for size in range(3, len(code) + 1)}
    for section in SECTIONS:
        for code in mentions(section):
            if ICD10CM.match(code) and not PROCEDURE.match(code):
                assert code.replace(".", "") in prefixes, f"{code} in {section.version}"


@pytest.mark.shared
@pytest.mark.parametrize(
    "official",
    [
        "guidelines/FY2026-October-guidelines.txt",
        "guidelines/FY2025-October-guidelines.txt",
        "ncci/2026_ncci_policy_manual.txt",
        "codesets/medicare_benefit_policy_manual_ch15.txt",
    ],
)
def test_no_run_of_eight_words_is_copied(shared: Path, official: str):
    theirs = set(runs(words((shared / "reference" / official).read_text("utf-8", errors="replace"))))
    for section in SECTIONS:
        copied = [
            run for run in runs(words(f"{section.title} {section.text}")) if run in theirs and prose(run)
        ]
        assert not copied, f"{section.version}: {' '.join(copied[0])}"


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(found: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1))


def prose(run: tuple[str, ...]) -> bool:
    """Lists of codes are facts; a run counts as wording when most of it is words."""
    return sum(len(word) > 2 and word.isalpha() for word in run) >= RUN // 2
