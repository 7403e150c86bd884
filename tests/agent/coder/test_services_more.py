"""Services by what the payer's rules ask, national drug codes, and the diagnoses that laboratory tests follow."""

import csv
import re
from typing import Any

import pytest

from agent.coder.case import Seen
from agent.coder.lines import Line
from agent.coder.ndc import with_drug_codes
from agent.coder.served import served
from agent.coder.spoken import VACCINES, spoken
from knowledge.bookshelf import DATA
from knowledge.tables import edition_folder
from tests.agent.coded import Coded
from tests.agent.coder.spoken_case import told

FLU = "Influenza vaccine was given intramuscularly in the left deltoid today."
TDAP = "Tdap vaccine was given intramuscularly in the right deltoid today."
MMR = "MMR vaccine was given today in the left arm."
COUNSEL = "I counselled the mother face to face about the vaccines."
DRUG = {"category": "drug", "drug_unit": {"amount": "10", "unit": "mg", "drug": "triamcinolone"}}


def given(*sentences: str, **encounter: Any) -> dict[str, int]:
    return {h.code: h.count for h in spoken(told(*sentences, **encounter)) if h.code[:2] != "J3"}


@pytest.mark.parametrize("payer", ["medicare", "medicaid", "commercial"])
def test_the_pack_and_not_the_payers_name_chooses_the_program_code(payer: str) -> None:
    assert given(FLU, payer=payer, vaccine_admin="medicare") == {"90656": 1, "G0008": 1}
    assert given(FLU, payer=payer, vaccine_admin="cpt") == {"90656": 1, "90471": 1}


def test_counselling_under_nineteen_counts_components() -> None:
    assert given(TDAP, COUNSEL, age=12) == {"90715": 1, "90460": 1, "90461": 2}
    assert given(TDAP, COUNSEL, age=19) == {"90715": 1, "90471": 1}
    assert given(TDAP, "The nurse gave the vaccine handout.", age=12) == {"90715": 1, "90471": 1}


def test_each_further_vaccine_counts() -> None:
    assert given(FLU, TDAP, MMR, age=30) == {"90656": 1, "90715": 1, "90707": 1, "90471": 1, "90472": 2}


def test_the_table_of_vaccines_agrees_with_the_table_of_administrations() -> None:
    with (edition_folder(DATA) / "vaccine_admin.csv").open() as file:
        known = {r["product"]: r for r in csv.DictReader(x for x in file if not x.startswith("#"))}
    with VACCINES.open() as file:
        for row in csv.DictReader(file):
            product = known[row["code"]]
            assert (row["route"], row["components"], row["program"]) == (
                product["route"],
                product["components"],
                product["medicare"],
            )


def drug_line(sentence: int = 0) -> Line:
    raw = {"text": "t", "start": 0, "sentence": sentence, "section": "plan", "section_kind": "plan"}
    seen = Seen(document="d", index=-1, raw=raw)
    return Line(code="J3301", seen=(seen,), rationale="", facts=DRUG)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kenalog 40 mg injected (NDC 0003-0293-05, lot 4A21, 1 mL).", ("0003-0293-05", "1", "ML")),
        ("Kenalog injected, NDC 00003-0293-05, lot 4A21, 40 mg.", ("00003-0293-05", "40", "ME")),
        ("Kenalog 40 mg injected, NDC 00003029305.", ("00003029305", "40", "ME")),
        ("Kenalog 40 mg injected, NDC 0003-293-05.", None),
        ("Kenalog 40 mg injected, NDC 0003029305.", None),
        ("Kenalog 40 mg injected, lot 0003-0293-05.", None),
    ],
)
def test_the_national_drug_code_beside_the_drug(text: str, found: tuple[str, str, str] | None) -> None:
    (line,) = with_drug_codes(told(text), [drug_line()])
    assert (line.drug and (line.drug.ndc, line.drug.quantity, line.drug.unit)) == found
    assert len(line.seen) == (2 if found else 1)


def test_the_number_of_another_sentence_is_of_another_drug() -> None:
    made = told("Kenalog 40 mg was injected.", "Diclofenac was prescribed, NDC 00591-0338-01, 75 mg.")
    assert [x.drug for x in with_drug_codes(made, [drug_line()])] == [None]


RECORD = "Drug record: triamcinolone 40 mg/mL, single-dose vial of 1 mL, NDC 00003-0293-05."


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (RECORD, ("00003-0293-05", "40", "ME")),
        (RECORD.replace("triamcinolone", "lidocaine"), None),
        (f"{RECORD[:-1]}, NDC 00003-0293-28.", None),
        (RECORD.replace("NDC", "lot"), None),
    ],
)
def test_the_number_in_the_record_of_the_vial_goes_with_what_was_given(
    record: str, found: tuple[str, str, str] | None
) -> None:
    made = told("Triamcinolone 40 mg and 4 mL of lidocaine were injected.", "She did well.", record)
    (line,) = with_drug_codes(made, [drug_line()])
    assert (line.drug and (line.drug.ndc, line.drug.quantity, line.drug.unit)) == found


def test_the_number_reaches_the_837p_of_the_shipped_knee_injection(coded: Coded) -> None:
    text = (coded.out("06") / "claim.837").read_text()
    drug = text[text.index("SV1*HC:J3301") :]
    assert re.search(r"LIN\*\*N4\*00003029305~\s*CTP\*{4}40\*ME~", drug)


def test_a_test_points_to_what_it_follows() -> None:
    codes = ["I25.10", "E11.9", "I10", "E03.9"]
    a1c = Line(code="83036", seen=(), rationale="", facts={})
    draw = Line(code="36415", seen=(), rationale="", facts={}, said="Blood drawn for TSH.")
    other = Line(code="36415", seen=(), rationale="", facts={}, said="Blood drawn today.")
    assert served(a1c, codes) == {"E11.9"}
    assert served(draw, codes) == {"E03.9"}
    assert served(other, codes) == served(a1c, ["I10"]) == frozenset()
