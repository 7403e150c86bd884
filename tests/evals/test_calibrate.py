"""Confidence: weights fitted from rows; a feature that goes with wrong codes lowers it; null without a table."""

from pathlib import Path

import pytest

from agent import code_encounter
from agent.confidence import features, probability, rate
from agent.run import make_context
from agent.settings import load_settings
from evals.calibrate import ROWS, WEIGHTS, fit, load, measure
from evals.encounters.records import HERE
from tools.proposal import ProposedDiagnosis


def diagnosis(code: str, rationale: str = "assessed today") -> ProposedDiagnosis:
    return ProposedDiagnosis(code=code, evidence=(), rationale=rationale)


def test_a_feature_of_wrong_codes_gets_a_negative_weight_and_an_idle_one_none():
    rows = [
        ({"constant": 1.0, "bad": bad, "idle": 0.0}, right)
        for bad, right in [(0, True)] * 30 + [(1, False)] * 9
    ]
    weights = fit(rows)
    assert weights["bad"] < -1 < 1 < weights["constant"]
    assert weights["idle"] == 0.0
    assert measure(rows, weights)["auroc"] == 1.0


def test_the_average_of_the_fitted_confidence_is_the_share_that_was_right():
    rows = [({"constant": 1.0}, n % 5 != 0) for n in range(100)]
    assert probability({"constant": 1.0}, fit(rows)) == pytest.approx(0.8, abs=0.011)


@pytest.mark.parametrize(
    ("code", "others", "feature"),
    [
        ("W01.0XXA", ["S93.401A", "W01.0XXA"], "external_cause"),
        ("Z87.01", ["Z87.01"], "personal_history"),
        ("R05.9", ["J18.9", "R05.9"], "symptom_beside_disease"),
    ],
)
def test_what_goes_with_wrong_codes_is_seen(code: str, others: list[str], feature: str):
    assert features(diagnosis(code), "", others)[feature] == 1.0
    assert features(diagnosis("I10"), "", ["I10", *others])[feature] == 0.0


def test_a_symptom_alone_stands_beside_no_disease():
    assert features(diagnosis("R05.9"), "Cough", ["R05.9", "Z87.891"])["symptom_beside_disease"] == 0.0


def test_the_share_of_the_title_that_the_record_says():
    found = features(
        diagnosis("M10.071", "assessed today: 'gout'"), "Idiopathic gout, right ankle", ["M10.071"]
    )
    assert found["title_not_said"] == pytest.approx(3 / 4)


def test_the_shipped_weights_are_those_the_shipped_rows_give():
    shipped = (WEIGHTS / "rules.csv").read_text(encoding="utf-8").split("\n", 1)[1]
    weights = fit(load(ROWS / "rules.csv"))
    assert shipped == "".join(f"{k},{v}\n" for k, v in weights.items())


def test_the_embedded_coder_is_calibrated_and_a_model_without_a_table_is_not():
    result = code_encounter(HERE / "01-memory-loss.json", context=make_context(load_settings(), pdf=False))
    proposal, claim = result.state["proposal"], result.state["claim"]
    assert all(0 < d.confidence < 1 for d in proposal.diagnoses)
    bare = proposal.model_copy(
        update={"diagnoses": tuple(d.model_copy(update={"confidence": None}) for d in proposal.diagnoses)}
    )
    assert rate(bare, claim, "bedrock:some.model") == bare


def test_rows_hold_no_text():
    header = Path(ROWS / "rules.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    assert set(header) == {*features(diagnosis("I10"), "", ["I10"]), "right", "source"}
