"""The patient pays: coded in full, never blocked for want of a payer, and never sent, whatever a reviewer decides."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from agent.context import Context
from agent.policy import Policy
from agent.run import CodingResult, code_encounter
from tests.graph.conftest import MEMORY_LOSS
from tools.fhir.context_file import context_of
from tools.fhir.source import RawEncounter
from tools.intake import read_bytes

NOTHING_SENT = "no payer: the patient pays; nothing is sent"
SOPT = "https://nahdo.org/sopt"
Json = dict[str, Any]


def paying(change: Callable[[Json], None]) -> Json:
    """The memory-loss Bundle with its coverages changed."""
    bundle: Json = orjson.loads(MEMORY_LOSS.read_bytes())
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Coverage":
            change(entry["resource"])
    return bundle


def by_person(coverage: Json) -> None:
    coverage.pop("type", None)
    coverage["payor"] = [coverage["beneficiary"]]


def by_code(coverage: Json) -> None:
    coverage["type"] = {"coding": [{"system": SOPT, "code": "81"}]}


def coded(context: Context, given: Json | RawEncounter, **changes: Any) -> CodingResult:
    return code_encounter(given, context=replace(context, **changes))


def texts(result: CodingResult) -> list[str]:
    return [r.text for r in result.coding.review.reasons]


@pytest.mark.parametrize("change", [by_person, by_code])
@pytest.mark.parametrize("review", ["auto", "never"])
def test_it_is_coded_in_full_and_held_with_the_reason(
    context: Context, change: Callable[[Json], None], review: Any
) -> None:
    result = coded(context, paying(change), review=review)
    insured = coded(context, paying(lambda _: None))
    assert (result.status, insured.status) == ("held", "emitted")
    assert texts(result) == [NOTHING_SENT]
    assert result.coding.review.reasons[0].kind == "data"
    assert [d.code for d in result.coding.diagnoses] == [d.code for d in insured.coding.diagnoses]
    assert [x.code for x in result.coding.service_lines] == [x.code for x in insured.coding.service_lines]
    assert not [f for f in result.coding.findings if f.level == "error"]


def test_no_rendering_is_written(context: Context) -> None:
    coded(context, paying(by_person), policy=Policy(accept_derived_charges=True))
    assert context.out is not None
    assert {p.name for p in context.out.iterdir()} == {
        "coding.json", "claim.json", "report.html", "trace.jsonl",
    }  # fmt: skip


@pytest.mark.parametrize(
    "given", [{"payer": "self_pay"}, {"payer": "self_pay", "coverage": {"filing_code": "09"}}]
)
def test_a_bare_note_of_a_patient_who_pays_is_held_not_blocked(context: Context, given: Json) -> None:
    note = b"CC: cough\nAssessment: Acute bronchitis.\nPlan: rest and fluids.\n"
    said = {"age": 40, "sex": "female", "date_of_service": "2026-08-01", "place_of_service": "11", **given}
    result = coded(context, read_bytes(note, "visit.txt", context_of(said)))
    assert result.status == "held"
    assert texts(result)[0] == NOTHING_SENT
    assert not [t for t in texts(result) if "payer id" in t or "member" in t or "837P" in t]


def test_an_unknown_coverage_is_missing_not_self_pay(context: Context) -> None:
    bundle = paying(lambda _: None)
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Coverage"]
    result = coded(context, bundle)
    assert result.status == "held"
    assert NOTHING_SENT not in texts(result)
    assert [t for t in texts(result) if t.startswith("coverage")]
