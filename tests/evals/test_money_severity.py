"""Claim-level scorers on answers worked out on paper: money, severity, near misses of a code, what was turned down."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from evals.answer import Answer, read_answer
from evals.case import EvalCase, Gold, GoldEm, GoldIcd, SolvedCase
from evals.metrics import mcnemar
from evals.results import CaseResult, judge
from evals.scorers import score_case, severity
from evals.scorers.em import score_em
from evals.scorers.evidence import score_evidence
from evals.scorers.icd10 import score_icd10, tree
from evals.scorers.money import Price, score_money
from evals.scorers.severity import weights
from evals.scorers.turned_down import score_opportunities, score_queries, score_rejected

PRICES = {"99213": 90.0, "99214": 130.0, "71046": 30.0, "93000": 15.0, "20610": 60.0}


class Prices:
    """A fee schedule of five codes; the professional component is a third."""

    def price(self, code: str, modifiers: Sequence[str], place: str | None, on: date | None) -> Price | None:
        if code not in PRICES:
            return None
        share = 1 / 3 if "26" in modifiers else 1.0
        return Price(amount=PRICES[code] * share, rvu=PRICES[code] / 10)


def answer(em: str | None = None, *lines: dict[str, Any], codes: Sequence[str] = (), **more: Any) -> Answer:
    coding = {
        "date_of_service": "2026-07-01",
        "diagnoses": [{"sequence": n, "code": c} for n, c in enumerate(codes, 1)],
        "service_lines": list(lines),
        "em": {"code": em} if em else None,
    }
    return read_answer({**coding, **more})


def line(code: str, *modifiers: str, units: float = 1) -> dict[str, Any]:
    return {"code": code, "modifiers": [{"code": m} for m in modifiers], "units": units}


def gold(em: list[str] | None, *lines: dict[str, Any]) -> Gold:
    return Gold.model_validate({"em": {"codes": em} if em else None, "lines": lines})


@pytest.mark.parametrize(
    ("wanted", "given", "over", "under", "rvu"),
    [
        (gold(["99213"]), answer("99213"), 0, 0, 0),
        (gold(["99213"]), answer("99214"), 40, 0, 4),  # one level over: 130 - 90
        (gold(["99213", "99214"]), answer("99214"), 0, 0, 0),  # either is right
        (gold(["99214"]), answer(None), 0, 130, -13),
        (gold(None), answer("99213"), 90, 0, 9),
        (gold(None, {"code": "71046"}), answer(None, line("93000")), 15, 30, -1.5),  # one missed, one extra
        (gold(None, {"code": "20610", "units": 2}), answer(None, line("20610")), 0, 60, -6),
        (gold(None, {"code": "71046", "modifiers": ["26"]}), answer(None, line("71046")), 20, 0, 0),
        (
            gold(None, {"code": "71046"}),
            answer(None, line("71046", "26")),
            0,
            0,
            0,
        ),  # modifiers unscored: no money
        (gold(None, {"code": "71046", "must": False}), answer(None, line("71046")), 0, 0, 0),
    ],
)
def test_money_by_hand(wanted: Gold, given: Answer, over: float, under: float, rvu: float) -> None:
    score = score_money(wanted, given, Prices(), "11")
    assert score is not None
    assert (score.over, score.under, score.rvu_delta) == pytest.approx((over, under, rvu))
    assert score.given - score.gold == pytest.approx(over - under)


def test_money_is_unscored_without_visit_or_lines_and_what_has_no_price_is_told() -> None:
    assert score_money(Gold.model_validate({"lines": []}), answer(), Prices(), "11") is None
    assert score_money(Gold.model_validate({"em": None}), answer(), Prices(), "11") is None
    score = score_money(gold(None), answer(None, line("0001T")), Prices(), "11")
    assert score is not None
    assert (score.over, score.unpriced) == (0, ("0001T",))


def test_a_near_miss_shares_nodes_of_the_tree() -> None:
    assert tree(["E11.65"]) == {"E11", "E116", "E1165"}
    score = score_icd10(GoldIcd(must=("E11.65",)), answer(codes=["E11.9"]))
    assert (score.tree_must, score.tree_found, score.tree_given, score.tree_acceptable) == (3, 1, 2, 1)


def test_the_order_of_the_codes_that_both_hold() -> None:
    wanted = GoldIcd(must=("I10",), sequence=("I10", "E11.9", "E78.5"))
    score = score_icd10(wanted, answer(codes=["E11.9", "I10"]))
    assert (score.pairs, score.ordered) == (1, 0)
    assert score_icd10(wanted, answer(codes=["I10", "R05.9", "E11.9", "E78.5"])).ordered == 3


def test_elements_of_decision_making_are_scored_where_gold_levels_them() -> None:
    wanted = GoldEm(codes=("99214",), problems=("moderate",), risk=("moderate", "high"))
    said = {
        "code": "99214",
        "problems": {"level": "low"},
        "data": {"level": "low"},
        "risk": {"level": "high"},
    }
    score = score_em(wanted, read_answer({"em": said}))
    assert (score.elements, score.elements_right) == (2, 1)
    assert score.element_faults == ("problems low, expected moderate",)
    assert score_em(wanted, answer("99214")).elements == 0


def test_evidence_that_touches_the_right_passage() -> None:
    note = "Cough. Long-standing hypertension."
    span = {"kind": "note", "document": "n", "text": "hypertension", "start": 21, "end": 33}
    given = read_answer({"diagnoses": [{"sequence": 1, "code": "I10", "evidence": [span]}]})
    assert score_evidence(given, note, {}, {"I10": ("standing hypertension",)}).place_right == 1
    elsewhere = score_evidence(given, note, {}, {"I10": ("Cough",)})
    assert (elsewhere.place_of, elsewhere.place_right, elsewhere.verified) == (1, 0, 1)


def test_what_was_turned_down_and_what_was_asked() -> None:
    given = answer(
        rejected=[{"code": "J18.9", "reason": "only suspected"}, {"code": "I26.99", "reason": ""}],
        queries=[{"question": "Which type of diabetes is it?", "why": "the type is not stated"}],
    )
    turned = score_rejected(("J18.9", "I26.99"), given)
    assert (turned.of, turned.found, turned.missed) == (2, 1, ("I26.99",))
    asked = score_queries((("diabetes", "type"), ("laterality",)), given)
    assert (asked.found, asked.idle, asked.missed) == (1, 0, ("laterality",))
    assert score_queries((), given).idle == 1


def test_opportunities_by_what_they_have_and_lack() -> None:
    told = {"code": "99497", "documented": ["wishes were spoken of"], "missing": ["minutes"]}
    given = answer(opportunities=[told])
    shown = score_opportunities((("99497", "minutes"), ("99406",)), given)
    assert (shown.of, shown.found, shown.missed) == (2, 1, ("99406",))
    assert score_opportunities((("99497", "consent"),), given).found == 0
    assert score_opportunities((), given).idle == 1


def case(**gold: Any) -> EvalCase:
    return EvalCase(id="x", note="Cough.", context={"date_of_service": "2026-07-01"}, gold=gold)


def judged(given: Answer, **gold: Any) -> Any:
    return severity(score_case(case(**gold), given, None, None, Prices()))


def test_what_changes_payment_weighs_more_than_any_neutral_fault() -> None:
    paying = [weight for weight, pays in weights().values() if pays]
    neutral = [weight for weight, pays in weights().values() if not pays]
    assert min(paying) > max(neutral)


def test_severity_by_hand() -> None:
    two_levels = judged(answer("99215"), em={"codes": ["99213"]})
    assert (two_levels.weight, two_levels.faults, two_levels.paying) == (10, 2, 2)
    assert judged(answer("99213"), em={"codes": ["99213"]}).weight == 0
    assert judged(answer("99213"), em=None).kinds == {"visit_over": 3}
    assert judged(answer("99203"), em={"codes": ["99213"]}).kinds == {"visit_family": 1}
    lines = judged(answer(None, line("93000")), lines=[{"code": "71046"}])
    assert lines.kinds == {"line_missed": 1, "line_extra": 1, "evidence": 1}
    assert lines.weight == 5 + 6 + 2


def test_every_kind_of_fault_that_can_be_counted_has_a_weight() -> None:
    worst = judged(
        answer("99215", line("93000", "LT", units=2), codes=["E11.9", "I10"]),
        icd10={"must": ["I10", "R05.9"], "first": "I10", "sequence": ["I10", "E11.9"]},
        em={"codes": ["99213"]},
        lines=[{"code": "93000", "modifiers": ["RT"]}],
        links={"93000": ["R05.9"]},
        must_not=["E11.9"],
        rejected=["J18.9"],
        queries=[["type"]],
    )
    assert set(worst.kinds) <= set(weights())
    assert len(worst.kinds) == 12


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(0, 0, None), (1, 0, 1.0), (5, 0, 0.0625), (8, 1, 20 / 512), (3, 3, 1.0)]
)
def test_mcnemar_by_hand(better: int, worse: int, p: float | None) -> None:
    assert mcnemar(better, worse) == (p if p is None else pytest.approx(p))


@pytest.mark.parametrize(
    ("findings", "status", "clean"),
    [
        ([], "emitted", True),
        ([{"rule": "ptp.bundled", "level": "error"}], "held", False),
        ([{"rule": "ptp.bundled", "level": "error", "override": {"by": "x"}}], "held", True),
        ([{"rule": "ptp.bundled", "level": "warning"}], "held", True),
        ([{"rule": "claim.payer_id", "level": "error"}], "held", True),
        ([], "blocked", False),
    ],
)
def test_a_clean_claim_is_one_whose_codes_are_not_refused(
    findings: list[dict[str, Any]], status: str, clean: bool
) -> None:
    result: CaseResult = judge(
        case(), SolvedCase(coding={"status": status, "findings": findings}, seconds=0), None
    )
    assert result.clean is clean
