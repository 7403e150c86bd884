"""Modifiers by documented criteria: each row's firing sentence and its near miss, and what the table refuses."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from agent.coder import criteria as module
from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer
from agent.coder.criteria import Criterion, criteria, documented, meets
from agent.coder.earlier import Earlier, look_back
from agent.coder.edits import settle_edits
from agent.coder.lines import Drug, Line
from agent.coder.parts import unpaid_assistance
from agent.coder.repeats import repeated
from agent.coder.vials import discarded
from knowledge.errors import TableError
from knowledge.modifiers import TESTS

SURGERY = {"global_days": "010", "category": "wound"}
NOTHING = Earlier()
RUNNING = Earlier(running=(("27447", date(2026, 6, 1)),))


def case(*told: str, payer: str = "commercial", place: str = "11", history: tuple[Any, ...] = ()) -> Case:
    """A note of one section whose sentences are given."""
    text = " ".join(told)
    starts = [sum(len(t) + 1 for t in told[:n]) for n in range(len(told))]
    return Case(
        encounter={"payer": payer, "place_of_service": place, "date_of_service": "2026-05-04"},
        history=history,
        mentions=(),
        sections={"n": [{"name": "Procedure", "kind": "procedures", "start": 0, "end": len(text)}]},
        sentences={"n": [[s, s + len(t), 0] for s, t in zip(starts, told, strict=True)]},
        texts={"n": text},
    )


def line(code: str, facts: dict[str, Any], sentence: int = 0) -> Line:
    seen = Seen(
        document="n", index=-1, raw={"text": "", "start": 0, "sentence": sentence, "section": "Procedure"}
    )
    return Line(code=code, seen=(seen,), rationale="", facts={"code": code, **facts})


def added(made: Case, what: Line, earlier: Earlier = NOTHING) -> list[str]:
    return [met.modifier for met in documented(made, what, earlier)]


def test_the_return_to_the_operating_room_needs_a_running_global_period() -> None:
    made = case("She was taken back to the operating room for a wound hematoma.", "It was drained.")
    what = line("10140", SURGERY)
    assert added(made, what, RUNNING) == ["78"]
    assert added(made, what) == []


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("A new lump, unrelated to the knee surgery.", ["79"]),
        ("A cut on the hand; no relation to the knee.", ["79"]),
        ("The pain is related to the knee surgery.", []),
        ("Staged excision, as planned at the first procedure.", ["58"]),
        ("The second stage is scheduled elsewhere and was not planned by us.", []),
    ],
)
def test_a_procedure_in_the_global_period_is_staged_or_unrelated_as_told(told: str, found: list[str]) -> None:
    assert added(case(told), line("10060", SURGERY), RUNNING) == found
    assert added(case(told), line("10060", SURGERY)) == []


def test_the_reason_quotes_the_words_that_met_the_criterion() -> None:
    told = "She was taken back to the operating room for a wound hematoma."
    (met,) = documented(case(told), line("10140", SURGERY), RUNNING)
    assert met.why == f'{met.criterion.why}: "{told}"'


def test_a_row_that_does_not_fit_the_line_is_not_met() -> None:
    made = case("She was taken back to the operating room for a wound hematoma.")
    assert added(made, line("93000", {"global_days": "XXX"}), RUNNING) == []


@pytest.mark.parametrize(
    ("scope", "sentence", "found"),
    [("line", 0, True), ("line", 1, True), ("line", 2, False), ("section", 2, True), ("note", 2, True)],
)
def test_the_scope_says_how_near_the_service_it_must_be_told(scope: str, sentence: int, found: bool) -> None:
    told = ["An ECG was done."] * 3
    told[sentence] = "It was stopped."
    row = Criterion(
        modifier="52", lines=(), codes=(), scope=scope, said="stopped", also="", unless="", payers=(), not_payers=(), places=(),
        needs=(), why="in part", source="CPT appendix A",
    )  # fmt: skip
    assert bool(meets(case(*told), line("93000", {}), row, Earlier())) is found


def test_the_history_tells_which_global_periods_run_and_what_was_done_today() -> None:
    past = [
        {"kind": "procedure", "code": "27447", "effective": "2026-04-01", "performer": None},
        {"kind": "procedure", "code": "11402", "effective": "2026-04-20", "performer": None},
        {"kind": "procedure", "code": "29881", "effective": "2026-04-20", "performer": "Practitioner/other"},
        {"kind": "procedure", "code": "93000", "effective": "2026-05-04", "performer": None},
    ]
    asking = look_back(case("x.", history=tuple(past)))
    (ask,) = next(asking)
    assert ask.args["codes"] == ["27447", "11402"]
    told = [{"code": "27447", "global_days": "090"}, {"code": "11402", "global_days": "010"}]
    with pytest.raises(StopIteration) as done:
        asking.send((Answer(data={"codes": told}),))
    earlier: Earlier = done.value.value
    assert [code for code, _ in earlier.running] == ["27447"]
    assert earlier.today == {"93000"}


def test_an_operation_of_a_named_provider_counts_only_when_it_was_ours() -> None:
    item = {"kind": "procedure", "code": "27447", "effective": "2026-04-01", "performer": "Practitioner/me"}
    made = case("x.", history=(item,))
    with pytest.raises(StopIteration):
        next(look_back(made))
    ours = replace(made, encounter={**made.encounter, "own_references": ["Practitioner/me"]})
    assert next(look_back(ours))[0].args["codes"] == ["27447"]


def test_every_row_names_its_source_and_tests_that_exist() -> None:
    assert criteria()
    assert all(row.source and row.why for row in criteria())
    assert {test for row in criteria() for test in row.lines} <= set(TESTS)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("scope", "page", "scope"),
        ("needs", "luck", "unknown"),
        ("lines", "nothing", "unknown"),
        ("said", "(", "pattern"),
        ("source", "", "lacks"),
    ],
)
def test_a_malformed_row_is_refused(
    column: str, value: str, says: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {
        "modifier": "52", "lines": "", "codes": "", "scope": "note", "said": "x", "also": "", "unless": "", "payers": "",
        "not_payers": "", "places": "", "needs": "", "why": "y", "source": "z", column: value,
    }  # fmt: skip
    table = tmp_path / "modifier_evidence.csv"
    table.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    monkeypatch.setattr(module, "TABLE", table)
    with pytest.raises(TableError, match=says):
        criteria.__wrapped__()


LAB, IMAGE = {"category": "lab"}, {"category": "imaging", "pctc": "1"}
ASSISTED = {"category": "ortho", "global_days": "090", "assistant": "2"}
HEARING = {"category": "ear"}
NEBULIZER = {"category": "pulmonary"}
FOLLOWED = "All care after this is transferred to Dr. Orlan, orthopedic surgeon, by a signed agreement."


@pytest.mark.parametrize(
    ("code", "facts", "told", "found"),
    [
        ("92552", HEARING, "Only the right ear was tested.", ["52"]),
        ("92552", HEARING, "Both ears were tested.", []),
        ("93000", NEBULIZER, "Only the right ear was tested.", []),
        ("58100", SURGERY, "The biopsy was stopped for her safety: heart rate 38.", ["53"]),
        ("58100", SURGERY, "The biopsy was not begun because of her pressure; it was unsafe and was stopped.", []),
        ("58100", SURGERY, "The bleeding was stopped with silver nitrate.", []),
        ("25605", SURGERY, FOLLOWED, ["54"]),
        ("25605", SURGERY, "The care was transferred to us by a signed agreement with Dr. Orlan.", ["55"]),
        ("25605", SURGERY, "Follow-up with Dr. Orlan, orthopedic surgeon.", []),
        ("27447", ASSISTED, "I assisted Dr. Marek throughout.", ["80"]),
        ("27447", ASSISTED, "I was assisted by Dr. Benz.", []),
        ("27447", ASSISTED, "I assisted Dr. Marek; a qualified resident was available.", []),
        ("27447", ASSISTED, "I gave minimal assistance for ten minutes.", ["81"]),
        ("27447", ASSISTED, "I assisted because no qualified resident was available.", ["82"]),
        ("80061", LAB, "The lipid panel was done by Northgate, which bills our practice.", ["90"]),
        ("80061", LAB, "The lipid panel was done by Northgate, which bills the payer.", []),
    ],
)  # fmt: skip
def test_a_criterion_is_met_by_its_words_and_by_no_near_miss(
    code: str, facts: dict[str, Any], told: str, found: list[str]
) -> None:
    assert added(case(told), line(code, facts))[:1] == found


def test_a_bought_test_is_never_billed_to_medicare() -> None:
    made = case("The lipid panel was done by Northgate, which bills our practice.", payer="medicare")
    assert added(made, line("80061", LAB)) == []


def test_the_reading_alone_needs_a_facility_a_reading_and_a_report() -> None:
    read = "Chest film taken today. I interpreted it and signed the written report."
    assert added(case(read, place="22"), line("71046", IMAGE)) == ["26"]
    assert added(case(read, place="11"), line("71046", IMAGE)) == []
    assert added(case("Chest film taken today; I read it.", place="22"), line("71046", IMAGE)) == []


def test_the_technical_part_is_for_films_that_others_read() -> None:
    sent = "Chest film taken here. The images were sent to the radiology group for interpretation."
    assert added(case(sent), line("71046", IMAGE)) == ["TC"]
    assert added(case(sent, "I interpreted it."), line("71046", IMAGE)) == []


def test_a_repeat_by_another_needs_the_first_one_in_the_history_of_the_day() -> None:
    made = case("My partner recorded an ECG this morning.", "A repeat ECG was performed by me.")
    ecg = line("93000", {"category": "cardiac"}, sentence=1)
    assert added(made, ecg, Earlier(today=frozenset({"93000"})))[0] == "77"
    assert added(made, ecg) == []


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("A repeat fingerstick glucose was done at 11:00 to follow the insulin.", ["91"]),
        ("A repeat fingerstick glucose was done because of a faulty strip.", []),
        ("A repeat fingerstick glucose will be done tomorrow.", []),
        ("A repeat glucose was done in the emergency department.", []),
    ],
)
def test_a_laboratory_test_is_repeated_for_a_clinical_reason(told: str, found: list[str]) -> None:
    first = line("82962", LAB)
    assert [m for x in repeated(case(told), {"82962": first}) for m, _ in x.modifiers] == found


def test_assistance_without_its_modifier_is_not_billed() -> None:
    made = case("I assisted Dr. Marek.")
    bare = line("64721", ASSISTED)
    assert unpaid_assistance(made, (bare, bare.with_modifier("80", "x"))) == (bare,)
    assert unpaid_assistance(case("I performed the release."), (bare,)) == ()


@pytest.mark.parametrize(
    ("told", "distinct", "found"),
    [
        ("At a second encounter a treatment was given.", "XS", "XE"),
        ("A treatment was given by my partner.", "XS", "XP"),
        ("A treatment was given and did not overlap the test.", "XS", "XU"),
        ("A treatment was given and did not overlap the test.", "59", "59"),
        ("A treatment was given.", "XS", None),
    ],
)
def test_a_distinct_service_is_told_by_the_modifier_that_the_payer_reads(
    told: str, distinct: str, found: str | None
) -> None:
    lines = (line("94010", NEBULIZER), line("94640", NEBULIZER))
    pair = {"column1": "94010", "column2": "94640", "modifier_indicator": "1", "meaning": "x", "source": "y"}
    asking = settle_edits(lines, distinct=distinct, case=case(told))
    next(asking)
    with pytest.raises(StopIteration) as done:
        asking.send((Answer(data={"pairs": [pair]}), Answer(data={})))
    kept, _ = done.value.value
    assert {x.code: [m for m, _ in x.modifiers] for x in kept} == (
        {"94010": [], "94640": [found]} if found else {"94010": []}
    )


NAILS = {"family": "nail_care", "category": "skin"}
VISIT = {"category": "em_established"}
EMERGENCY = {"category": "em_emergency"}
PRESENT = "I saw her with the resident and was present for the key portion."


@pytest.mark.parametrize(
    ("code", "facts", "told", "payer", "found"),
    [
        ("99213", VISIT, PRESENT, "medicare", ["GC"]),
        ("99213", VISIT, PRESENT, "commercial", []),
        ("99213", VISIT, "The resident told me of the visit; I agree.", "medicare", []),
        ("99284", EMERGENCY, "Shared visit with the PA; I did the substantive portion.", "medicare", []),
        ("93000", {}, "Medicare may deny it; the ABN was signed.", "medicare", ["GA"]),
        ("93000", {}, "The plan may deny it; the ABN was signed.", "commercial", []),
        ("93000", {}, "Medicare may deny it; no ABN was signed.", "medicare", ["GZ"]),
        ("93000", {}, "It is excluded by law.", "medicare", ["GY"]),
        ("11721", NAILS, "The left great toe was amputated for gangrene.", "medicare", ["Q7"]),
        ("11721", NAILS, "No amputation of a toe.", "medicare", []),
        ("11721", NAILS, "Dorsalis pedis absent, posterior tibial absent.", "medicare", ["Q8"]),
        ("11721", NAILS, "Dorsalis pedis absent, posterior tibial palpable.", "medicare", []),
        ("67800", {}, "The cyst of the right upper eyelid was excised.", "commercial", ["E3"]),
        ("67800", {}, "The cyst of the eyelid was excised.", "commercial", []),
        ("58100", {"sex": "female"}, "Transgender man with a uterus.", "medicare", []),
    ],
)  # fmt: skip
def test_a_modifier_of_a_payer_is_met_by_its_words_and_by_no_near_miss(
    code: str, facts: dict[str, Any], told: str, payer: str, found: list[str]
) -> None:
    assert added(case(told, payer=payer), line(code, facts)) == found


def test_a_shared_visit_is_for_a_facility() -> None:
    told = "Shared visit with the PA; I did the substantive portion."
    assert added(case(told, payer="medicare", place="23"), line("99284", EMERGENCY)) == ["FS"]


def test_the_sex_edit_needs_the_other_sex_in_the_record() -> None:
    made = case("Transgender man with a uterus.", payer="medicare")
    man = replace(made, encounter={**made.encounter, "sex": "male"})
    assert added(man, line("58100", {"sex": "female"})) == ["KX"]


CEFTRIAXONE = {"category": "drug", "drug_unit": {"amount": "250", "unit": "mg"}}


@pytest.mark.parametrize(
    ("told", "payer", "units"),
    [
        ("Given from a single-dose vial of 1 g. The remaining 500 mg was discarded.", "medicare", [2]),
        ("Given from a single-dose vial of 1 g. The remaining 500 mg was discarded.", "commercial", []),
        ("Given from a multiple-dose vial. 500 mg was discarded.", "medicare", []),
        ("Given from a single-dose vial. Nothing was discarded.", "medicare", []),
    ],
)
def test_what_is_discarded_of_a_single_dose_vial_is_a_line_of_its_own(
    told: str, payer: str, units: list[int]
) -> None:
    found = list(discarded(case(told, payer=payer), line("J0696", CEFTRIAXONE)))
    assert [x.units for x in found] == units
    assert {m for x in found for m, _ in x.modifiers} <= {"JW"}


def test_the_discarded_line_carries_the_drugs_number_with_what_was_discarded() -> None:
    told = "Given from a single-dose vial of 1 g. The remaining 500 mg was discarded."
    given = replace(line("J0696", CEFTRIAXONE), drug=Drug(ndc="00409-7332-01", quantity="500", unit="ME"))
    more = replace(given, drug=Drug(ndc="00409-7332-01", quantity="2", unit="ML"))
    for one in (given, more):
        (made,) = discarded(case(told, payer="medicare"), one)
        assert made.drug == Drug(ndc="00409-7332-01", quantity="500", unit="ME")
