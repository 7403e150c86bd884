"""Fault injection: the clean claims pass, every single fault is caught by its rule; the matrix is printed."""

import sys
from collections import Counter
from dataclasses import replace

import pytest

from evals.encounters.expected import load_expected
from knowledge.bookshelf import Bookshelf
from tests.tools.checks.builders import diagnosis
from tests.tools.checks.clean_claims import CONDITIONS, shipped_requests, written_requests
from tests.tools.checks.faults import STRUCTURE
from tools.checks import CheckPolicy, CheckRequest, run_checks
from tools.claim.model import Claim

FAST = CheckPolicy(structure=False)
UNSUPPORTED = {
    "dx.not_established",
    "dx.uncertain_evidence",
    "dx.hypothetical_evidence",
    "dx.negated_evidence",
    "dx.family_evidence",
    "dx.historical_evidence",
    "dx.laterality",
}


@pytest.fixture(scope="module")
def clean(shelf: Bookshelf) -> list[CheckRequest]:
    return [*shipped_requests(shelf).values(), *written_requests(shelf)]


def rules(request: CheckRequest, claim: Claim | None = None) -> set[str]:
    made = replace(request, claim=claim or request.claim, policy=FAST)
    return {f.rule for f in run_checks(made) if f.level != "info"}


def test_there_are_enough_clean_claims_and_none_has_a_finding(clean: list[CheckRequest]) -> None:
    assert len(clean) >= 50
    found = [f for r in clean for f in run_checks(r) if f.level != "info"]
    assert [f"{f.rule}: {f.message}" for f in found] == []


def test_every_structural_fault_is_caught_by_its_rule(
    clean: list[CheckRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    caught: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    escaped = []
    for number, (name, rule, fault) in enumerate(STRUCTURE):
        for request in clean[number % 3 :: 9]:
            broken = fault(request.claim)
            if broken is None or broken == request.claim:
                continue
            tried[name] += 1
            if rule in rules(request, broken):
                caught[name] += 1
            else:
                escaped.append((name, request.claim.encounter_id))
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(f"{n:45} {r:35} {caught[n]}/{tried[n]}\n" for n, r, _ in STRUCTURE))
        sys.stdout.write(f"{'all structural faults':81} {sum(caught.values())}/{sum(tried.values())}\n")
    assert sum(tried.values()) >= 200
    assert min(tried[name] for name, _, _ in STRUCTURE) >= 1
    assert escaped == []


def test_swapped_diagnoses_are_caught(clean: list[CheckRequest], capsys: pytest.CaptureFixture[str]) -> None:
    pool = sorted(
        {d.code for r in clean for d in r.claim.diagnoses if d.code[0] not in "VWXYZ"} | set(CONDITIONS)
    )
    right = load_expected()
    tried, escaped = 0, []
    for turn, request in enumerate(clean):
        acceptable = {c for e in right.values() for c in e.acceptable if c in request.codes} | set(
            request.codes
        )
        strange = [c for c in pool if c[:3] not in {a[:3] for a in acceptable}]
        for code in (strange[turn % len(strange)], strange[(turn * 7 + 3) % len(strange)]):
            first = diagnosis(1, code)
            tried += 1
            swapped = request.claim.model_copy(update={"diagnoses": (first, *request.claim.diagnoses[1:])})
            if not UNSUPPORTED & rules(request, swapped):
                escaped.append((request.claim.encounter_id, code))
    with capsys.disabled():
        sys.stdout.write(f"{'swapped diagnoses':81} {tried - len(escaped)}/{tried} escaped: {escaped}\n")
    assert tried >= 60
    assert len(escaped) / tried <= 0.05
