"""Scorers on answers written by hand: every count worked out on paper, and its near miss."""

from datetime import date
from typing import Any

import pytest

from evals.answer import Answer, read_answer
from evals.case import Gold, GoldEm, GoldIcd, GoldLine
from evals.scorers.codes import score_codes
from evals.scorers.confidence import judge_confidence
from evals.scorers.em import EmScore, score_em
from evals.scorers.evidence import score_evidence
from evals.scorers.icd10 import score_icd10
from evals.scorers.lines import score_lines
from evals.scorers.links import score_links
from evals.scorers.visits import family, is_visit, level

NOTE = "Cough – 3 days. Lungs clear."


def answer(*codes: str, lines: list[dict[str, Any]] | None = None, em: str | None = None) -> Answer:
    return read_answer(
        {
            "status": "emitted",
            "date_of_service": "2026-07-01",
            "diagnoses": [{"sequence": n, "code": c} for n, c in enumerate(codes, 1)],
            "service_lines": lines or [],
            "em": {"code": em} if em else None,
        }
    )


def line(code: str, *modifiers: str, pointers: tuple[int, ...] = (), units: float = 1) -> dict[str, Any]:
    return {"code": code, "modifiers": [{"code": m} for m in modifiers], "pointers": pointers, "units": units}


def test_diagnoses_by_hand() -> None:
    gold = GoldIcd(must=("I10", "E11.9", "E78.5"), may=("I10", "E11.9", "E78.5", "Z79.84"), first="E11.9")
    score = score_icd10(gold, answer("E11.9", "I10", "Z79.84", "E78.00", "R05.9"))
    assert (score.must_found, score.must) == (2, 3)
    assert (score.acceptable, score.given) == (3, 5)
    assert score.exact == 2
    assert (score.must3_found, score.must3, score.acceptable3, score.given3) == (3, 3, 4, 5)
    assert score.first is True
    assert score.missed == ("E78.5",)
    assert score.extra == ("E78.00", "R05.9")


def test_may_includes_must_and_a_code_counts_once() -> None:
    score = score_icd10(GoldIcd(must=("I10",), may=("E78.5",)), answer("I10", "I10"))
    assert (score.given, score.acceptable, score.first) == (1, 1, None)


@pytest.mark.parametrize(
    ("given", "right"), [(("I10", "E11.9"), True), (("E11.9", "I10"), False), ((), False)]
)
def test_first_listed(given: tuple[str, ...], right: bool) -> None:
    assert score_icd10(GoldIcd(must=("I10",), first="I10"), answer(*given)).first is right


@pytest.mark.parametrize(
    ("expected", "given", "exact", "within", "over", "under"),
    [
        (("99214",), "99214", True, True, False, False),
        (("99213", "99214"), "99213", True, True, False, False),
        (("99213",), "99214", False, True, True, False),
        (("99215",), "99213", False, False, False, True),
        (("99214",), "99204", False, True, False, False),
        (("99214",), None, False, False, False, True),
        ((), "99213", False, False, True, False),
        ((), None, True, True, False, False),
    ],
)
def test_visit_levels(
    expected: tuple[str, ...], given: str | None, exact: bool, within: bool, over: bool, under: bool
) -> None:
    score = score_em(GoldEm(codes=expected) if expected else None, answer(em=given))
    assert (score.exact, score.within_one, score.over, score.under) == (exact, within, over, under)


def test_a_visit_among_the_lines_counts_where_no_em_block_is_given() -> None:
    assert score_em(GoldEm(codes=("99213",)), answer(lines=[line("99213")])).exact
    assert not is_visit("99396")
    assert (family("98005"), level("98005"), level("99211")) == ("video_established", 3, 1)


def test_lines_by_hand() -> None:
    gold = [
        GoldLine(code="93000"),
        GoldLine(code="20610", modifiers=("RT",)),
        GoldLine(code="36415", must=False),
        GoldLine(code="81002", must=False),
    ]
    given = [line("99213", "25"), line("20610", "LT", units=2), line("36415"), line("71046")]
    score = score_lines(gold, answer(lines=given))
    assert (score.must, score.found, score.wrong, score.optional) == (2, 1, 1, 1)
    assert score.missed == ("93000",)
    assert score.extra == ("71046",)
    assert (score.modifiers_given, score.modifiers_gold, score.modifiers_right) == (1, 1, 0)
    assert score.modifier_faults == ("20610: expected RT, got LT",)
    assert (score.units_right, score.units_of) == (1, 2)


def test_two_lines_of_one_code_need_two_in_gold() -> None:
    both = [line("20610", "RT"), line("20610", "LT")]
    two = [GoldLine(code="20610", modifiers=("LT",)), GoldLine(code="20610", modifiers=("RT",))]
    assert score_lines(two, answer(lines=both)).modifiers_right == 2
    assert score_lines(two[:1], answer(lines=both)).wrong == 1


def test_modifiers_are_unscored_where_gold_lists_none() -> None:
    score = score_lines([GoldLine(code="71046")], answer(lines=[line("71046", "26")]))
    assert (score.modifiers_given, score.modifier_faults) == (0, ())


def test_links_by_hand() -> None:
    gold = {"99214": ("I10", "E11.9"), "93000": ("R00.2",), "36415": ("I10",)}
    given = answer(
        "R00.2",
        "I10",
        "Z79.4",
        lines=[line("99213", pointers=(2, 3)), line("93000", pointers=(1,)), line("36415", pointers=(3,))],
    )
    score = score_links(gold, given)
    assert (score.right, score.of, score.clean) == (2, 3, 1)
    assert score.faults == ("36415: points to Z79.4, accepts I10",)


def test_a_line_without_a_pointer_is_wrong_and_an_unnamed_line_unscored() -> None:
    score = score_links({"93000": ("R00.2",)}, answer("R00.2", lines=[line("93000"), line("71046")]))
    assert (score.right, score.of) == (0, 1)
    assert score.faults == ("93000: points to nothing, accepts R00.2",)


class Book:
    """A book of two diagnoses and one procedure."""

    def diagnosis(self, code: str, on: date | None) -> bool:
        assert on == date(2026, 7, 1)
        return code in {"I10", "J18.9"}

    def procedure(self, code: str, on: date | None) -> bool:
        return code == "99213"


def test_forbidden_fabricated_and_unknown_codes() -> None:
    given = answer("I10", "J18.9", "I10.99", lines=[line("99213"), line("93000"), line("ABCDE")])
    score = score_codes(("J18.9", "R05.9"), given, Book())
    assert (score.must_not, score.violations) == (2, ("J18.9",))
    assert score.fabricated == ("ABCDE", "I10.99")
    assert score.unknown == ("93000",)
    assert score_codes((), given, None).fabricated == ("ABCDE",)


def cited(start: int, end: int, text: str, kind: str = "note") -> Answer:
    piece = {"kind": kind, "document": "d", "start": start, "end": end, "text": text}
    return read_answer({"diagnoses": [{"sequence": 1, "code": "R05.9", "evidence": [piece]}]})


@pytest.mark.parametrize(
    ("given", "verified"),
    [
        (cited(0, 5, "Cough"), 1),
        (cited(8, 14, "3 days"), 1),  # code points: the dash is one character
        (cited(10, 16, "3 days"), 0),  # byte offsets are not
        (cited(0, 5, "cough"), 0),
        (cited(0, 0, ""), 0),
        (answer("R05.9"), 0),
        (cited(0, 0, "code 1", kind="fhir"), 0),
    ],
)
def test_evidence(given: Answer, verified: int) -> None:
    score = score_evidence(given, NOTE, {})
    assert (score.verified, score.of, len(score.faults)) == (verified, 1, 1 - verified)


def test_evidence_is_sought_in_the_document_it_names() -> None:
    assert score_evidence(cited(0, 5, "Cough"), "other", {"d": NOTE}).verified == 1
    assert score_evidence(cited(0, 5, "Cough"), NOTE, {"d": "other"}).verified == 0


def test_confidence_is_paired_with_the_verdict() -> None:
    gold = Gold(icd10=GoldIcd(must=("I10",)), lines=(GoldLine(code="93000"),))
    given = read_answer(
        {
            "diagnoses": [
                {"sequence": 1, "code": "I10", "confidence": 0.9},
                {"sequence": 2, "code": "R05.9", "confidence": 0.3},
                {"sequence": 3, "code": "Z79.4", "confidence": None},
            ],
            "service_lines": [
                {"code": "93000", "confidence": 0.8},
                {"code": "99213", "confidence": 0.8},
            ],
        }
    )
    judged = judge_confidence(gold, given)
    assert [(j.code, j.right) for j in judged] == [("I10", True), ("R05.9", False), ("93000", True)]
    assert judge_confidence(Gold(), given) == ()


def visit(*modifiers: str, gold: tuple[str, ...] | None) -> EmScore:
    given = answer(lines=[line("99213", *modifiers)], em="99213")
    return score_em(GoldEm(codes=("99213",), modifiers=gold), given)


@pytest.mark.parametrize(
    ("used", "gold", "fault"),
    [
        (("25",), ("25",), ()),
        (("24",), ("25",), ("99213: expected 25, got 24",)),
        ((), ("57",), ("99213: expected 57, got none",)),
        (("25",), (), ("99213: expected none, got 25",)),
        (("25",), None, ()),
    ],
)
def test_modifiers_of_the_visit_are_scored_where_gold_tells_them(
    used: tuple[str, ...], gold: tuple[str, ...] | None, fault: tuple[str, ...]
) -> None:
    assert visit(*used, gold=gold).modifier_faults == fault


def test_modifiers_of_the_visit_are_counted_with_those_of_lines() -> None:
    score = visit("25", "95", gold=("25",))
    assert (score.modifiers_given, score.modifiers_gold, score.modifiers_right) == (2, 1, 1)
    unscored = visit("25", gold=None)
    assert (unscored.modifiers_given, unscored.modifiers_gold) == (0, 0)


def test_a_line_that_has_to_be_plain_is_scored_without_modifiers() -> None:
    given = answer(lines=[line("93000", "76")])
    assert score_lines([GoldLine(code="93000", plain=True)], given).modifier_faults == (
        "93000: expected none, got 76",
    )
    assert score_lines([GoldLine(code="93000")], given).modifier_faults == ()
