"""The shipped encounters: built from their sources, valid, whole, and right as the guidelines have it."""

import base64
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from evals.encounters.build import build
from evals.encounters.expected import Expected, differences, load_expected
from evals.encounters.records import HERE, load_encounters, note_text
from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem
from tools.encounter import EncounterFacts
from tools.fhir import gather
from tools.fhir.identifiers import npi_valid
from tools.intake import members, read_one
from tools.proposal import (
    EmDecision,
    MdmElement,
    ModifierUse,
    Opportunity,
    Proposal,
    ProposedDiagnosis,
    ProposedLine,
)

NAMES = sorted(path.stem for path in HERE.glob("*.json"))
EXPECTED = load_expected()
AS_OF = date(2026, 11, 24)
QUARTER = (date(2026, 7, 1), date(2026, 9, 30))


def entries(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads((HERE / f"{name}.json").read_bytes())["entry"]
    return found


def gathered(name: str) -> EncounterFacts:
    return gather(read_one(HERE / f"{name}.json"), as_of=AS_OF)


def test_there_are_eight_and_more_and_each_has_its_answer() -> None:
    assert len(NAMES) >= 8
    assert NAMES == sorted(EXPECTED) == sorted(load_encounters())


def test_the_committed_bundles_are_what_the_sources_build() -> None:
    built = build()
    assert sorted(built) == [f"{name}.json" for name in NAMES]
    for file, data in built.items():
        assert (HERE / file).read_bytes() == data, f"{file}: run python -m evals.encounters.build"


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_valid_and_every_reference_resolves(name: str) -> None:
    listed = entries(name)
    urls = {entry["fullUrl"] for entry in listed}
    kinds = {entry["resource"]["resourceType"] for entry in listed}
    for entry in listed:
        get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])
        assert set(re.findall(r'"reference":"([^"]+)"', orjson.dumps(entry).decode())) <= urls
    assert kinds >= {
        "Patient", "Coverage", "Organization", "Practitioner", "PractitionerRole", "Location", "Encounter",
        "DocumentReference", "Observation",
    }  # fmt: skip
    assert kinds & {"Condition", "Procedure", "MedicationRequest", "Immunization"}


@pytest.mark.parametrize("name", NAMES)
def test_numbers_of_providers_have_right_check_digits(name: str) -> None:
    numbers = re.findall(r'us-npi","value":"(\d+)"', orjson.dumps(entries(name)).decode())
    assert numbers
    assert all(npi_valid(number) for number in numbers)


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_would_lack_nothing(name: str) -> None:
    found = gathered(name)
    assert found.missing == ()
    assert found.new_patient is not None
    assert QUARTER[0] <= found.date_of_service <= QUARTER[1]
    assert found.billing_provider is not None
    assert found.billing_provider.address is not None
    assert len(found.billing_provider.address.postal_code) == 9


@pytest.mark.parametrize("name", NAMES)
def test_the_note_is_the_source_text_and_long_enough(name: str) -> None:
    (document,) = gathered(name).documents
    assert document.text == note_text(name)
    assert len(document.text.split()) >= 280
    assert document.signed
    (resource,) = [
        e["resource"] for e in entries(name) if e["resource"]["resourceType"] == "DocumentReference"
    ]
    assert base64.b64decode(resource["content"][0]["attachment"]["data"]).decode() == document.text


@pytest.mark.parametrize("name", NAMES)
def test_age_and_sex_of_note_and_record_agree(name: str) -> None:
    found = gathered(name)
    head = found.documents[0].text[:700].lower()
    assert re.search(rf"\b{found.age_years}\b", head)
    words = {"female": r"female|woman|girl", "male": r"\bmale|\bman\b|\bboy"}[found.patient.sex]
    assert re.search(words, found.documents[0].text.lower())


def test_the_cases_of_the_plan_are_there() -> None:
    memory, tobacco, video = (gathered(n) for n in NAMES if n[:2] in {"01", "07", "08"})
    assert (memory.age_years, memory.new_patient, memory.payer_kind) == (82, True, "medicare")
    (stay,) = [h for h in tobacco.history if h.kind == "encounter" and h.category == "IMP"]
    assert stay.effective_end is not None
    assert (tobacco.date_of_service - stay.effective_end).days == 5
    assert video.primary is not None
    assert (video.primary.relationship, video.primary.payer_id, video.place_of_service) == (
        "child",
        "EVG01",
        "10",
    )


def test_the_payer_pack_of_the_video_visit_is_found(shelf: Bookshelf) -> None:
    found = gathered("08-telehealth-adhd")
    assert found.primary is not None
    assert shelf.payers.for_payer(found.primary.payer_id, found.payer_kind).id == "evergreen_health_plan"


@pytest.mark.parametrize("name", NAMES)
def test_every_code_of_the_answers_exists(name: str, shelf: Bookshelf) -> None:
    on = gathered(name).date_of_service
    want = EXPECTED[name]
    diagnoses = want.acceptable | set(want.first) | {code for code, _, _ in want.must_not}
    diagnoses |= {link for one in want.line for link in one.links} | set(want.em.links)
    assert all(shelf.icd.get(code, on).billable for code in diagnoses)
    assert {link for one in want.line for link in one.links} <= want.acceptable
    procedures = {one.code for one in want.line} | set(want.em.codes)
    assert all(shelf.procedures.find(code, on) for code in procedures)


def test_every_guideline_of_the_answers_is_in_the_digest() -> None:
    folder = Path(__file__).parents[2] / "knowledge" / "guidelines" / "digest"
    known = {
        i for p in folder.glob("*.toml") for i in re.findall(r'^id = "([^"]+)"', p.read_text("utf-8"), re.M)
    }
    for want in EXPECTED.values():
        used = {
            rule for _, rule, _ in (*want.must, *want.may, *want.must_not, *want.may_lines, *want.line_not)
        }
        used |= {line.guideline for line in want.line} | {shown.guideline for shown in want.opportunity}
        used.add(want.em.guideline)
        assert used <= known


def test_a_folder_of_them_is_read_one_by_one() -> None:
    assert [path.stem for path in members(HERE)] == NAMES


def right(want: Expected) -> Proposal:
    """A proposal that is right in everything."""
    codes = [want.first[0], *(c for c, _, _ in want.must if c != want.first[0])]
    codes += [g[0] for g in want.one_of if not set(g) & set(codes)]
    lines = []
    if want.em.codes:
        lines.append(_line(want.em.codes[0], want.em.modifiers, 1, want.em.links, codes))
    lines += [_line(one.code, one.modifiers, one.units, one.links, codes) for one in want.line]
    shown = tuple(
        Opportunity(code=o.codes[0], documented=(), missing=(), guideline="") for o in want.opportunity
    )
    diagnoses = tuple(ProposedDiagnosis(code=code, evidence=(), rationale="") for code in codes)
    return Proposal(
        diagnoses=diagnoses,
        service_lines=tuple(lines),
        em=_em(want.em.codes[0]) if want.em.codes else None,
        opportunities=shown,
    )


def _em(code: str) -> EmDecision:
    nothing = MdmElement(level="minimal")
    return EmDecision(code=code, basis="mdm", problems=nothing, data=nothing, risk=nothing, explanation="")


def _line(
    code: str, modifiers: tuple[str, ...], units: int, links: tuple[str, ...], codes: list[str]
) -> ProposedLine:
    return ProposedLine(
        code=code,
        system=CodeSystem.CPT if code[0].isdigit() else CodeSystem.HCPCS,
        modifiers=tuple(ModifierUse(code=m, why="") for m in modifiers),
        units=Decimal(units),
        pointers=tuple(codes.index(link) + 1 for link in links if link in codes)[:4],
        evidence=(),
        rationale="",
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_right_proposal_differs_in_nothing(name: str) -> None:
    assert differences(EXPECTED[name], right(EXPECTED[name])) == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_way_of_being_wrong_is_told(name: str) -> None:
    want = EXPECTED[name]
    good = right(want)
    first, *rest = good.diagnoses
    trap = ProposedDiagnosis(code=want.must_not[0][0], evidence=(), rationale="")
    added = _line(want.line_not[0][0], (), 1, want.first, [one.code for one in good.diagnoses])
    wrong = {
        "first-listed": good.model_copy(update={"diagnoses": (*rest, first) if rest else ()}),
        f"{trap.code} is wrong": good.model_copy(update={"diagnoses": (*good.diagnoses, trap)}),
        f"line {added.code} is wrong": good.model_copy(
            update={"service_lines": (*good.service_lines, added)}
        ),
        "missing": good.model_copy(update={"service_lines": ()}) if want.line else None,
        "E/M": good.model_copy(update={"em": None}) if want.em.codes else None,
        "opportunity": good.model_copy(update={"opportunities": ()}) if want.opportunity else None,
    }
    for told, bad in wrong.items():
        if bad is not None and not (told == "first-listed" and rest and rest[0].code in want.first):
            assert any(told in one for one in differences(want, bad)), told
