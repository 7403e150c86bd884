"""The guideline search: what fires, what stays away, dates, concurrency, and how questions are answered."""

import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from evals.guidelines.measure import Question, measure, read_questions
from knowledge.guidelines import GuidelineIndex, UnknownSectionError, load_digest
from knowledge.guidelines.embedding import LocalEmbedder
from knowledge.guidelines.words import expand, stem, terms

SUMMER = date(2026, 8, 3)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guidelines")
    opened = GuidelineIndex.open(folder, folder / "index")
    yield opened
    opened.close()


def ids(index, query, on=SUMMER, limit=5):
    return [hit.id for hit in index.search(query, on=on, limit=limit)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("suspected pneumonia in an office note", "IV.H"),
        ("hypertension with chronic kidney disease", "I.C.9.a.2"),
        ("modifier 25 separate visit and minor procedure", "MOD.25"),
        ("how many minutes for 99215", "EM.time"),
        ("two business days after discharge", "CARE.TCM.contact"),
        ("I.A.12.a", "I.A.12.a"),
        ("who signs a note that was left unsigned", "SIGN.requirement"),
    ],
)
def test_a_question_finds_its_section(index, query, wanted):
    hits = index.search(query, on=SUMMER, limit=5)
    assert wanted in [hit.id for hit in hits]
    assert all(0 < hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("query", ["", "   ", "qzxv wwkj", "the of and"])
def test_a_question_without_meaning_finds_nothing(index, query):
    assert index.search(query, on=SUMMER, limit=5) == []


def test_neighbouring_rules_are_told_apart(index):
    assert ids(index, "hypertensive heart disease with heart failure", limit=1) == ["I.C.9.a.1"]
    assert ids(index, "hypertension with chronic kidney disease", limit=1) == ["I.C.9.a.2"]
    assert ids(index, "elevated blood pressure reading, no hypertension diagnosed", limit=1) == ["I.C.9.a.7"]
    assert ids(index, "modifier 57 decision for major surgery", limit=1) == ["MOD.57"]


def test_limit_is_kept(index):
    assert len(index.search("diagnosis", on=SUMMER, limit=3)) == 3
    assert index.search("diagnosis", on=SUMMER, limit=0) == []


@pytest.mark.parametrize(
    ("section", "before", "after", "word_before", "word_after"),
    [
        ("I.C.1.g.1.a", date(2025, 9, 30), date(2025, 10, 1), "positive COVID-19 test", "Since October 2025"),
        ("EM.G2211", date(2024, 12, 31), date(2025, 1, 1), "In 2024", "since 2025"),
        ("CARE.RPM", date(2025, 12, 31), date(2026, 1, 1), "only with 16", "99445"),
    ],
)
def test_a_changed_rule_answers_by_date(index, section, before, after, word_before, word_after):
    old, new = index.get(section, before), index.get(section, after)
    assert word_before in old.text
    assert word_after in new.text
    for day, expected in ((before, old), (after, new)):
        hits = [hit for hit in index.search(new.title, on=day, limit=8) if hit.id == section]
        assert [hit.text for hit in hits] == [expected.text]


def test_sections_not_in_force_stay_away(index):
    assert "I.B.20" in ids(index, "multiple sites coding two or more sites", on=date(2025, 10, 1))
    assert "I.B.20" not in ids(index, "multiple sites coding two or more sites", on=date(2025, 9, 30))
    assert not any(
        hit.startswith(("I.", "IV")) for hit in ids(index, "uncertain diagnosis", on=date(2026, 10, 1))
    )
    with pytest.raises(UnknownSectionError, match="2024-01-01"):
        index.get("I.B.20", date(2024, 1, 1))


@pytest.mark.parametrize(
    ("on", "nearest"),
    [
        (SUMMER, SUMMER),
        (date(2026, 10, 15), date(2026, 9, 30)),
        (date(2020, 5, 1), date(2025, 1, 1)),
    ],
)
def test_nearest_date_is_inside_every_publication(index, on, nearest):
    assert index.nearest_date(on) == nearest


def test_get_knows_its_sections_only(index):
    assert index.get("IV.H").title.startswith("Uncertain")
    with pytest.raises(UnknownSectionError, match=r"no guideline section IV\.Z"):
        index.get("IV.Z")


def test_get_and_opening_need_no_chroma(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom datetime import date\n"
        "from knowledge.guidelines import GuidelineIndex\n"
        f"index = GuidelineIndex.open(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}) / 'index')\n"
        "index.get('IV.H'); assert 'chromadb' not in sys.modules and 'numpy' not in sys.modules\n"
        "assert index.search('uncertain diagnosis', on=date(2026, 8, 3)); assert 'chromadb' in sys.modules\n"
    )
    assert run_python(code) == 0


def test_several_processes_may_build_at_once(tmp_path):
    code = (
        "from pathlib import Path\nfrom datetime import date\n"
        "from knowledge.guidelines import GuidelineIndex\n"
        f"index = GuidelineIndex.open(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}) / 'index')\n"
        "assert index.search('probable pneumonia', on=date(2026, 8, 3), limit=1)[0].id == 'IV.H'\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    left = [entry.name for entry in (tmp_path / "index").iterdir()]
    assert len(left) == 1
    assert not left[0].startswith(".")


def test_an_interrupted_build_is_not_taken_for_an_index(tmp_path):
    first = GuidelineIndex.open(tmp_path, tmp_path / "index")
    half_done = tmp_path / "index" / f".{first.fingerprint}-1-dead"
    half_done.mkdir(parents=True)
    (half_done / "chroma.sqlite3").write_bytes(b"half")
    assert ids(first, "probable pneumonia", limit=1) == ["IV.H"]
    first.close()
    again = GuidelineIndex.open(tmp_path, tmp_path / "index")
    assert ids(again, "probable pneumonia", limit=1) == ["IV.H"]
    again.close()


def test_another_digest_gets_another_index(tmp_path):
    own = tmp_path / "guidelines"
    own.mkdir()
    file = own / "house.toml"
    header = 'source = "House rules"\neffective_from = 2024-01-01\n'
    template = header + '[[section]]\nid = "HOUSE.1"\ntitle = "{0}"\ntext = "{0} rule"\n'
    file.write_text(template.format("Parking"))
    first = GuidelineIndex.open(tmp_path, tmp_path / "index")
    assert ids(first, "parking") == ["HOUSE.1"]
    file.write_text(template.format("Lunch"))
    second = GuidelineIndex.open(tmp_path, tmp_path / "index")
    assert ids(second, "lunch") == ["HOUSE.1"]
    assert ids(second, "parking") == []
    first.close()
    second.close()


def test_every_set_of_questions_is_answered(index):
    questions = read_questions()
    sizes = Counter(question.half for question in questions)
    assert sizes["tune"] >= 80
    assert sizes["talk"] >= 80
    known = {section.id for section in index.sections}
    assert all(section in known for question in questions for section in question.sections)
    for half, floor in (("tune", 0.92), ("talk", 0.92), ("fresh", 0.85)):
        answers = measure(index, [question for question in questions if question.half == half])
        assert sum(answer.recall for answer in answers) / len(answers) >= floor, half


def test_recall_counts_every_section_a_question_needs(index):
    both = Question(id="X", half="tune", question="probable pneumonia", sections=("IV.H", "NCCI.I.T"))
    assert measure(index, [both])[0].recall == 0.5


def test_words_meet_across_forms():
    assert stem("injections") == stem("injection") == "injection"
    assert stem("immunization") == stem("immunizations") == stem("immunisation")
    assert stem("diagnosis") == "diagnosis"
    assert "~E11".lower() in terms("E11.65")
    assert terms("E11.65")[0] == "e11.65"
    assert "hypertension" in expand(terms("her high blood pressure"))
    assert "hypertension" not in expand(terms("high score"))


def test_vectors_are_the_same_every_time(tmp_path):
    embedder = LocalEmbedder()
    with pytest.raises(RuntimeError, match="fitted or loaded"):
        embedder.embed(["x"], query=False)
    embedder.fit(["uncertain diagnosis", "modifier for a separate visit"], tmp_path)
    again = LocalEmbedder()
    again.load(tmp_path)
    one, two = embedder.embed(["visit"], query=True)[0], again.embed(["visit"], query=True)[0]
    assert one.tolist() == two.tolist()
    assert float(one @ one) == pytest.approx(1.0, abs=1e-5)


def run_python(code: str) -> int:
    return subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=False).returncode


def test_the_digest_is_large_and_well_formed():
    sections = load_digest()
    by_id = Counter(section.id for section in sections)
    assert len(by_id) >= 170
    assert len({section.version for section in sections}) == len(sections)
    official = [name for name in by_id if re.match(r"^(I\.[ABC]|II|III|IV)\b", name)]
    assert len(official) >= 170
    for wanted in (*(f"I.B.{n}" for n in range(1, 21)), *(f"IV.{letter}" for letter in "ABCDEFGHIJKLMNOPQ")):
        assert wanted in by_id
    for chapter in range(1, 23):
        assert any(name == f"I.C.{chapter}" or name.startswith(f"I.C.{chapter}.") for name in by_id)
