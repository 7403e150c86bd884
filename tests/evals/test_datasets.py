"""Loaders: CSV in the manner of ACI-BENCH, FHIR folders, coded 837P with notes; what is not said stays unscored."""

import shutil
from pathlib import Path

import orjson
import pytest

from agent.outputs import render_one
from agent.run import code_encounter, make_context
from agent.settings import load_settings
from evals.case import CaseError
from evals.datasets import load_dataset
from evals.encounters.records import HERE
from evals.run import run_cases
from evals.solvers import open_solver
from tools.claim.load import load_claim

HEAD = "dataset,encounter_id,note,patient_age,patient_gender,date,icd10,em,cpt,specialty\n"


def table(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "visits.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_csv_of_notes_and_codes(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        'aci,D1,"Cough.\nASSESSMENT: Cough.",54,F,2026-03-10,R05.9; I10,99213 99214,"71046, 73610-RT",pulmonology',
        "aci,D2,Well.,,,2026-03-11,,none,none,",
    )
    first, second = load_dataset(path)
    assert (first.id, first.dataset, first.specialty) == ("D1", "aci", "pulmonology")
    assert first.context == {"age": 54, "sex": "female", "date_of_service": "2026-03-10"}
    assert first.gold.icd10 is not None
    assert first.gold.icd10.must == ("R05.9", "I10")
    assert first.gold.em is not None
    assert first.gold.em.codes == ("99213", "99214")
    assert first.gold.lines is not None
    assert [(x.code, x.modifiers) for x in first.gold.lines] == [("71046", ()), ("73610", ("RT",))]
    assert second.gold.icd10 is None, "an empty cell is unscored"
    assert (second.gold.scores_em, second.gold.em, second.gold.lines) == (True, None, ())


def test_a_context_beside_the_csv_says_what_its_rows_do_not(tmp_path: Path) -> None:
    beside = tmp_path / "context.json"
    beside.write_text('{"date_of_service": "2026-03-10", "sex": "male", "payer": "commercial"}')
    path = table(tmp_path, "Cough.,f", head="note,sex\n")
    (case,) = load_dataset(path, beside)
    assert case.id == "visits-1"
    assert case.context == {"date_of_service": "2026-03-10", "sex": "female", "payer": "commercial"}


@pytest.mark.parametrize(
    ("head", "row", "reason"),
    [
        ("text,date\n", "x,2026-03-10", "column note"),
        ("note\n", "x", "line 2: no date_of_service"),
        ("note,date\n", ",2026-03-10", "line 2: note"),
        ("note,date,age\n", "x,2026-03-10,old", "line 2: could not convert"),
        ("note,date,new_patient\n", "x,2026-03-10,perhaps", "line 2: new_patient"),
        ("id,note,date\n", "a,x,2026-03-10\na,y,2026-03-10", "line 3: id 'a' is given twice"),
    ],
)
def test_a_bad_csv_is_refused(tmp_path: Path, head: str, row: str, reason: str) -> None:
    with pytest.raises(CaseError, match=reason):
        load_dataset(table(tmp_path, row, head=head))


def test_a_folder_of_bundles_is_coded_from_the_bundles(tmp_path: Path, home: Path) -> None:
    name = "01-memory-loss"
    shutil.copy(HERE / f"{name}.json", tmp_path)
    gold = {
        "id": name,
        "gold": {"icd10": {"must": ["R41.3"]}, "em": {"codes": ["99204"]}},
        "specialty": "neurology",
    }
    (tmp_path / "gold.jsonl").write_bytes(orjson.dumps(gold))
    # a folder that holds *.jsonl besides Bundles is still a folder of Bundles
    (case,) = load_dataset(tmp_path)
    assert (case.id, case.specialty, case.context["age"]) == (name, "neurology", 82)
    with open_solver("agent", model="rules", home=home) as opened:
        result = run_cases([case], opened.solver, book=opened.book).results[0]
    assert result.score.perfect, result.why
    assert result.status == "held"
    assert not any("payer_id" in f for f in result.findings), "the Bundle's own payer is read"


def test_the_shipped_folder_brings_its_expectations(tmp_path: Path) -> None:
    cases = load_dataset(HERE)
    assert len(cases) == 10
    assert all(case.gold.icd10 and case.bundle for case in cases)


def test_gold_without_its_bundle_is_refused(tmp_path: Path) -> None:
    shutil.copy(HERE / "01-memory-loss.json", tmp_path)
    (tmp_path / "gold.jsonl").write_text('{"id": "other", "gold": {}}')
    with pytest.raises(CaseError, match="gold for other"):
        load_dataset(tmp_path)
    (tmp_path / "gold.jsonl").write_text("[]")
    with pytest.raises(CaseError, match="line 1: no object with id and gold"):
        load_dataset(tmp_path)


def claim_file(folder: Path) -> Path:
    out = folder / "out"
    context = make_context(load_settings(), out=out, review="never", pdf=False)
    code_encounter(HERE / "06-knee-injection.json", context=context)
    claims = load_claim((out / "claim.json").read_bytes()).claims
    path = folder / "claims" / "visit.837"
    path.parent.mkdir()
    path.write_bytes(render_one(claims, "837", 1))
    return path


def test_a_billed_claim_beside_its_note_is_a_case(tmp_path: Path) -> None:
    path = claim_file(tmp_path)
    with pytest.raises(CaseError, match=r"no note visit\.txt"):
        load_dataset(path.parent)
    path.with_suffix(".txt").write_text("ASSESSMENT: Osteoarthritis of the right knee.")
    (case,) = load_dataset(path.parent)
    assert case.gold.icd10 is not None
    assert (case.gold.icd10.first, case.gold.em) == ("M17.11", None)
    assert case.gold.lines is not None
    assert {(x.code, x.modifiers) for x in case.gold.lines} == {("20610", ("RT",)), ("J3301", ("JZ",))}
    assert case.gold.links == {"20610": ("M17.11",), "J3301": ("M17.11",)}
    assert (case.context["payer"], case.context["place_of_service"]) == ("medicare", "11")
    assert case.remarks == {"gold": "as billed, not audited"}
    path.write_text("ISA no claim")
    with pytest.raises(CaseError, match=r"visit\.837"):
        load_dataset(path.parent)
