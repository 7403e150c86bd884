"""The vocabulary: folding of words, the strict loader, and the sense of the shipped terms."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import DATA, Bookshelf
from knowledge.errors import TableError
from knowledge.vocabulary import Vocabulary, fold, in_range, normalise, words

ON = date(2026, 7, 1)
FILES = {
    "problems_a.csv": "term,code,kind,note\nheart attack,I21.9,disorder,\n",
    "medications.csv": "name,generic,drug_class,availability,long_term,treats,high_risk,hcpcs\n"
    "coumadin,warfarin,anticoagulant,rx,Z79.01,I48|I82,yes,\n",
    "tests.csv": "term,canonical,kind,codes,region\ncxr,chest x-ray,imaging,71045|71046,chest\n",
    "services.csv": "term,canonical,codes,kind\near lavage,ear irrigation,69209,ear\n",
    "anatomy.csv": "term,site,paired\nkneecap,patella,yes\n",
    "integral.csv": "disease,symptom,note\nJ45,R06.2,wheeze belongs to asthma\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load(DATA / "vocabulary")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Crohn's disease", "crohn disease"),
        ("Headaches", "headache"),
        ("Bell’s palsy", "bells palsy"),
        ("x-ray", "X ray"),
        ("actinic keratoses", "actinic keratosis"),
        ("allergies", "allergy"),
        ("rashes", "rash"),
        ("both feet", "both foot"),
        ("h/o DVT", "H/O  dvt"),
    ],
)
def test_writings_of_one_term_meet(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize(("left", "right"), [("aids", "aid"), ("pots", "pot"), ("loss", "los")])
def test_words_that_only_look_plural_stay_apart(left: str, right: str) -> None:
    assert fold(left) != fold(right)


def test_words_keep_their_place_in_the_text() -> None:
    text = "BP 138.5, Crohn’s; A1c 7.2%"
    assert [text[m.start() : m.end()] for m in words(text)] == ["BP", "138.5", "Crohn’s", "A1c", "7.2", "%"]


@pytest.mark.parametrize(
    ("code", "span", "inside"),
    [
        ("J06.9", "J00-J06", True),
        ("J10.1", "J00-J06", False),
        ("E11.42", "E11.4-E11.6", True),
        ("E11.65", "E11.4-E11.6", True),
        ("E11.9", "E11.4-E11.6", False),
        ("R05.9", "R05", True),
    ],
)
def test_code_ranges(code: str, span: str, inside: bool) -> None:
    assert in_range(code, span) is inside


def test_the_loader_reads_every_table(folder: Path) -> None:
    loaded = Vocabulary.load(folder)
    assert loaded.problem("Heart attacks")[0].code == "I21.9"
    assert loaded.medication("COUMADIN")[0].treats == ("I48", "I82")
    assert loaded.test_index["cxr"][0].codes == ("71045", "71046")
    assert loaded.anatomy_index["kneecap"][0].paired
    assert loaded.is_integral("R06.2", "J45.909")
    assert loaded.is_integral("R07.9", "J45.909") is None
    assert loaded.problem("no such thing") == ()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("strangers.csv", "a,b\n", "no table"),
        ("problems_b.csv", "term,code\n", "columns"),
        ("problems_b.csv", "term,code,kind,note\nfoo,I10,illness,\n", "unknown kind"),
        ("problems_b.csv", "term,code,kind,note\nFoo,I10,disorder,\n", "lower case"),
        ("problems_b.csv", "term,code,kind,note\nfoo,10I,disorder,\n", "ICD-10-CM"),
        ("problems_b.csv", "term,code,kind,note\nfoo,I10,disorder\n", "3 cells"),
        ("problems_b.csv", "term,code,kind,note\nheart attack,I21.9,disorder,\n", "twice"),
        ("anatomy_b.csv", "term,site,paired\nfoo,bar,maybe\n", "neither yes nor no"),
    ],
)
def test_a_bad_row_names_file_line_and_reason(folder: Path, name: str, text: str, reason: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=reason) as caught:
        Vocabulary.load(folder)
    assert name in str(caught.value)


def test_a_missing_table_is_refused(folder: Path) -> None:
    (folder / "integral.csv").unlink()
    with pytest.raises(TableError, match="integral"):
        Vocabulary.load(folder)


def test_every_code_is_in_the_tabular_list(vocabulary: Vocabulary, shelf: Bookshelf) -> None:
    codes = {p.code for p in vocabulary.problems}
    codes |= {m.long_term for m in vocabulary.medications if m.long_term}
    codes |= {code for m in vocabulary.medications for code in m.treats}
    codes |= {end for row in vocabulary.integral for end in f"{row.disease}-{row.symptom}".split("-")}
    assert sorted(code for code in codes if shelf.icd.find(code, ON) is None) == []


def test_the_tables_are_as_rich_as_promised(vocabulary: Vocabulary) -> None:
    counts = {
        "problems": len(vocabulary.problems),
        "medications": len(vocabulary.medications),
        "tests": len(vocabulary.tests),
        "services": len(vocabulary.services),
        "anatomy": len(vocabulary.anatomy),
        "integral": len(vocabulary.integral),
    }
    floors = (3500, 700, 350, 250, 400, 200)
    assert all(count >= floor for count, floor in zip(counts.values(), floors, strict=True)), counts


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("HTN", "I10"),
        ("high blood pressure", "I10"),
        ("CHF", "I50.9"),
        ("depression", "F32.A"),
        ("T2DM", "E11.9"),
        ("sugar diabetes", "E11.9"),
        ("CKD 3a", "N18.31"),
        ("kidney stones", "N20.0"),
        ("migraine", "G43.909"),
        ("back pain", "M54.9"),
        ("low back pain", "M54.50"),
        ("COPD", "J44.9"),
        ("asthma", "J45.909"),
        ("arthritis", "M19.90"),
        ("knee pain", "M25.56"),
        ("pink eye", "H10.9"),
        ("tennis elbow", "M77.1"),
        ("boxer's fracture", "S62.33"),
        ("history of breast cancer", "Z85.3"),
        ("breast cancer", "C50.9"),
        ("family history of colon cancer", "Z80.0"),
        ("kidney transplant", "Z94.0"),
        ("memory loss", "R41.3"),
        ("chest pain", "R07.9"),
        ("food insecurity", "Z59.41"),
        ("former smoker", "Z87.891"),
        ("morbid obesity", "E66.01"),
        ("borderline hypertension", "R03.0"),
        ("penicillin allergy", "Z88.0"),
        ("MVA", "V89.2"),
    ],
)
def test_default_codes_follow_the_conventions(vocabulary: Vocabulary, term: str, code: str) -> None:
    assert vocabulary.problem(term)[0].code == code


@pytest.mark.parametrize(
    ("name", "long_term", "high_risk"),
    [
        ("lantus", "Z79.4", False),
        ("metformin", "Z79.84", False),
        ("ozempic", "Z79.85", False),
        ("eliquis", "Z79.01", False),
        ("coumadin", "Z79.01", True),
        ("plavix", "Z79.02", False),
        ("baby aspirin", "Z79.82", False),
        ("meloxicam", "Z79.1", False),
        ("advair", "Z79.51", False),
        ("prednisone", "Z79.52", False),
        ("norco", "Z79.891", False),
        ("prograf", "Z79.621", True),
        ("humira", "Z79.620", True),
        ("methotrexate", "Z79.631", True),
        ("z-pak", "", False),
    ],
)
def test_medications_know_their_long_term_code(
    vocabulary: Vocabulary, name: str, long_term: str, high_risk: bool
) -> None:
    row = vocabulary.medication(name)[0]
    assert (row.long_term, row.high_risk) == (long_term, high_risk)


def test_capitals_decide_where_a_short_form_is_also_a_word(vocabulary: Vocabulary) -> None:
    assert vocabulary.problem("pad")[0].caps
    assert not vocabulary.problem("copd")[0].caps


@pytest.mark.parametrize(
    ("symptom", "disease", "integral"),
    [
        ("R05.9", "J18.9", True),
        ("R35.0", "N39.0", True),
        ("M25.561", "M17.11", True),
        ("R07.9", "J18.9", True),
        ("R10.9", "J18.9", False),
        ("R51.9", "J06.9", False),
        ("R18.8", "K74.60", False),
    ],
)
def test_symptoms_that_belong_to_the_disease(
    vocabulary: Vocabulary, symptom: str, disease: str, integral: bool
) -> None:
    assert (vocabulary.is_integral(symptom, disease) is not None) is integral
