"""Each finding is answered by the narrowest change; what can not be mended stays."""

from typing import Any

from agent.coder.conversation import Answer
from agent.coder.repair import repair, saying


def line(code: str, *modifiers: str, pointers: tuple[int, ...] = (1,)) -> dict[str, Any]:
    uses = [{"code": m, "why": "met"} for m in modifiers]
    return {"code": code, "modifiers": uses, "pointers": list(pointers), "citations": []}


def claim(*lines: dict[str, Any], em: str | None = None) -> dict[str, Any]:
    diagnoses: list[dict[str, Any]] = [{"code": c, "citations": []} for c in ("M17.11", "I10")]
    return {
        "diagnoses": diagnoses,
        "service_lines": list(lines),
        "em": {"code": em} if em else None,
        "rejected": [],
    }


def judged(rule: str, *codes: str, at: int | None = None, level: str = "error") -> Answer:
    finding = {
        "rule": rule,
        "level": level,
        "codes": list(codes),
        "line": at,
        "message": f"{' '.join(codes)} is wrong",
    }
    return Answer(data={}, findings=(finding,))


def test_a_refused_modifier_goes_and_the_line_stays() -> None:
    mended = repair(claim(line("20610", "RT", "59")), judged("modifier.59_unsupported", "59", at=1))
    assert [m["code"] for m in mended["service_lines"][0]["modifiers"]] == ["RT"]


def test_a_visit_without_a_problem_of_its_own_gives_way_to_the_procedure() -> None:
    found = judged("line.em_with_procedure", "99213", at=1)
    same = repair(claim(line("99213"), line("20610"), em="99213"), found)
    assert [x["code"] for x in same["service_lines"]] == ["20610"]
    assert same["em"] is None
    apart = repair(claim(line("99213", pointers=(2, 1)), line("20610"), em="99213"), found)
    assert apart["service_lines"][0]["modifiers"][0]["code"] == "25"


def test_a_dropped_diagnosis_moves_the_pointers_and_is_kept_as_rejected() -> None:
    mended = repair(claim(line("99213", pointers=(1, 2))), judged("dx.not_established", "M17.11"))
    assert mended["service_lines"][0]["pointers"] == [1]
    assert mended["rejected"][0]["code"] == "M17.11"


def test_warnings_and_what_no_change_settles_leave_the_claim() -> None:
    given = claim(line("99213"))
    assert repair(given, judged("line.ptp", "99213", at=1, level="warning")) == given
    assert repair(given, judged("claim.total")) == given


def test_a_finding_that_comes_back_after_its_answer_is_left() -> None:
    given = claim(line("99213"), line("20610"))
    found = judged("line.ptp", "20610", at=2)
    assert [x["code"] for x in repair(given, found)["service_lines"]] == ["99213"]
    assert repair(given, found, {saying(f) for f in found.findings}) == given


def test_findings_know_their_lines_whatever_went_before_them() -> None:
    given = claim(line("99213"), line("20610"), line("12001"), line("93000"))
    found = [judged("line.ptp", c, at=n).findings[0] for c, n in (("20610", 2), ("12001", 3))]
    mended = repair(given, Answer(data={}, findings=tuple(found)))
    assert [x["code"] for x in mended["service_lines"]] == ["99213", "93000"]


def _with(*codes: str) -> dict[str, Any]:
    given = claim(line("99213", pointers=tuple(range(1, len(codes) + 1))))
    return {**given, "diagnoses": [{"code": c, "citations": []} for c in codes]}


def _codes(claimed: dict[str, Any]) -> list[str]:
    return [d["code"] for d in claimed["diagnoses"]]


def test_external_causes_go_with_the_last_injury() -> None:
    mended = repair(_with("S93.401A", "I10", "W10.9XXA", "Y92.018"), judged("dx.not_established", "S93.401A"))
    assert _codes(mended) == ["I10"]
    assert mended["service_lines"][0]["pointers"] == [1]


def test_external_causes_stay_while_another_injury_is_left() -> None:
    mended = repair(_with("S93.401A", "S80.01XA", "W10.9XXA"), judged("dx.not_established", "S93.401A"))
    assert _codes(mended) == ["S80.01XA", "W10.9XXA"]


def test_a_claim_is_not_mended_down_to_causes_and_status() -> None:
    for codes in (("S93.401A", "W10.9XXA", "Z79.84"), ("E11.9", "Z79.84"), ("S93.401A",)):
        given = _with(*codes)
        assert repair(given, judged("dx.not_established", codes[0])) == given
