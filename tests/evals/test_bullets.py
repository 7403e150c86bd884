"""What our own cases have to hold: every bullet of reading, diagnoses, visits, services, modifiers and judgement, with its near miss."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from evals.case import load_cases
from knowledge.tables import read_csv

CASES = Path(__file__).resolve().parents[2] / "evals" / "cases"
FILES = sorted((CASES / "bullets").glob("*.csv"))
IDS = frozenset(case.id for case in load_cases(CASES))


@dataclass(frozen=True, kw_only=True)
class Bullet:
    """A thing that is read, coded or judged; cases (``;`` between) in which it is, and in which it only seems to be."""

    bullet: str
    fires: str
    near_miss: str


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_every_bullet_has_a_case_and_a_near_miss(file: Path) -> None:
    bullets = read_csv(file, Bullet)
    assert len({b.bullet for b in bullets}) == len(bullets)
    for b in bullets:
        fires, near = b.fires.split(";"), b.near_miss.split(";")
        assert set(fires) | set(near) <= IDS, b.bullet
        assert not set(fires) & set(near), f"{b.bullet}: a case can not be its own near miss"


def test_no_table_of_bullets_is_lost() -> None:
    assert [f.stem for f in FILES] == ["diagnoses", "em", "judgement", "modifiers", "reading", "services"]
    assert sum(len(read_csv(f, Bullet)) for f in FILES) >= 200
