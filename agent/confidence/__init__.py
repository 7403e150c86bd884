"""How sure a diagnosis is, calibrated against gold: a logistic curve over what the coding itself shows.

The weights of a model stand in ``<model>.csv`` beside this file and are fitted by ``python -m evals.calibrate``.
A model without such a table is not calibrated, and its codes carry null: a model's own opinion is never asked.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from agent.coding import CodedDiagnosis
from knowledge.tables import read_csv
from tools.claim.model import Claim
from tools.proposal import Proposal, ProposedDiagnosis

WORD: Final = re.compile(r"[a-z]{3,}")
PLAIN: Final = re.compile(
    r"unspecified|other|encounter|initial|subsequent|sequela|for|and|with|the|without|due|not|elsewhere|classified|"
    r"disorders?|diseases?|essential|primary|specified|complications?|type|long|term|current|use|personal|history"
)
"""Words of titles that nobody says, or everybody."""
PAIN: Final = ("M25.5", "M54.2", "M54.5", "M54.9", "M79.6")

Features = dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """What one feature adds to the log-odds of being right."""

    feature: str
    weight: Decimal


def rate(proposal: Proposal, claim: Claim, model: str, learned: Path | None = None) -> Proposal:
    """The proposal with a confidence on each diagnosis, or with none where the model is not calibrated.

    Weights that were fitted to the practice's own cases (``learned/confidence.csv``, of the embedded coder) stand before the shipped.
    Service lines carry none: too few wrong ones are known to calibrate on.
    """
    weights = _weights(model.partition(":")[0], learned)
    if weights is None:
        return proposal
    codes = [d.code for d in proposal.diagnoses]
    displays = {d.sequence: d.display for d in claim.diagnoses}
    rated = tuple(
        d.model_copy(update={"confidence": probability(features(d, displays.get(n, ""), codes), weights)})
        for n, d in enumerate(proposal.diagnoses, 1)
    )
    return proposal.model_copy(update={"diagnoses": rated})


def features(diagnosis: ProposedDiagnosis | CodedDiagnosis, display: str, codes: list[str]) -> Features:
    """What is known to go with wrong codes, each 0 to 1; ``codes`` are all diagnoses of the claim."""
    code = diagnosis.code
    said = _stems(" ".join([diagnosis.rationale, *(e.text for e in diagnosis.evidence)]))
    wanted = _stems(display)
    return {
        "constant": 1.0,
        "title_not_said": 1 - len(wanted & said) / len(wanted) if wanted else 0.0,
        "external_cause": float(code[0] in "VWXY"),
        "personal_history": float(code[:3] in ("Z85", "Z86", "Z87")),
        "symptom_beside_disease": float(_symptom(code) and any(_disease(c) for c in codes if c != code)),
        "unspecified": float("unspecified" in display.lower()),
        "said_once": float(len(diagnosis.evidence) < 2),
        "later_in_list": min(codes.index(code), 4) / 4,
    }


def probability(found: Features, weights: dict[str, float]) -> float:
    """The chance that the code is acceptable, to two digits."""
    total = sum(weights.get(name, 0.0) * value for name, value in found.items())
    return round(1 / (1 + math.exp(-total)), 2)


def _stems(text: str) -> frozenset[str]:
    return frozenset(w[:5] for w in WORD.findall(text.lower()) if not PLAIN.fullmatch(w))


def _symptom(code: str) -> bool:
    return code[0] == "R" or code.startswith(PAIN)


def _disease(code: str) -> bool:
    return code[0] not in "RVWXYZ" and not code.startswith(PAIN)


@cache
def _weights(model: str, learned: Path | None = None) -> dict[str, float] | None:
    own = learned / "confidence.csv" if learned and model == "rules" else None
    table = own if own and own.is_file() else Path(__file__).parent / f"{model}.csv"
    if not table.is_file():
        return None
    return {row.feature: float(row.weight) for row in read_csv(table, Weight)}
