"""An emitted encounter run again on a later day: unchanged it is the same bytes, changed it is a correction."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from agent.context import Context
from agent.run import CodingResult, code_encounter
from agent.store import Store
from tests.graph.conftest import MEMORY_LOSS

FIRST, LATER, YEARS = date(2026, 8, 20), date(2026, 9, 3), date(2029, 1, 2)


def on(day: date, context: Context, tmp_path: Path) -> CodingResult:
    store = Store(tmp_path / "store")
    return code_encounter(MEMORY_LOSS, context=replace(context, today=day, store=store, pdf=True))


def files(context: Context) -> dict[str, bytes]:
    assert context.out is not None
    return {p.name: p.read_bytes() for p in context.out.iterdir() if p.name.startswith("claim.")}


@pytest.mark.parametrize("day", [LATER, YEARS])
def test_unchanged_on_a_later_day_writes_the_same_bytes(context: Context, tmp_path: Path, day: date) -> None:
    assert on(FIRST, context, tmp_path).status == "emitted"
    before = files(context)
    again = on(day, context, tmp_path)
    assert (again.status, again.coding.review.reasons) == ("emitted", ())
    assert files(context) == before
    assert {"claim.837", "claim.json", "claim.fhir.json", "claim.cms1500.pdf"} == set(before)
    assert again.claim is not None
    assert again.claim.created == FIRST


def test_a_first_run_takes_its_own_day(context: Context, tmp_path: Path) -> None:
    result = on(LATER, context, tmp_path)
    assert result.claim is not None
    assert result.claim.created == LATER
    assert b"260903" in files(context)["claim.837"]
    assert orjson.loads(files(context)["claim.json"])["created"] == "2026-09-03"
