"""Questions as people ask them over the ten shipped encounters, and what the facts of the answers must be."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.chat import CaseView, Conversation
from tests.agent.coded import Coded

HERE = Path(__file__).parent
Json = dict[str, Any]


def rows(name: str) -> list[Json]:
    return [orjson.loads(line) for line in (HERE / name).read_bytes().splitlines() if line.strip()]


def wrong(expected: Json, facts: Json) -> Json:
    """The expected facts that the answer lacks; a list asks for its members, a dict for its entries."""
    return {k: facts.get(k, "absent") for k, v in expected.items() if not _holds(v, facts.get(k))}


def _holds(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list) and isinstance(found, list):
        return (not wanted and not found) or bool(wanted and all(w in found for w in wanted))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_holds(v, found.get(k)) for k, v in wanted.items())
    return bool(wanted == found)


QUESTIONS = [
    row
    for name in ("questions.jsonl", "later.jsonl", "later_still.jsonl", "latest.jsonl", "last.jsonl")
    for row in rows(name)
]
"""The first file was written before the patterns; each later one before the patterns were looked at again."""
NEAR = [
    row
    for name in ("near_misses.jsonl", "near_misses_later.jsonl", "near_misses_last.jsonl", "not_yet.jsonl")
    for row in rows(name)
]
"""Not about the coding of this encounter; the last file is, and is not understood yet: then that is what is said."""


def test_there_are_forty_questions_and_more_over_all_ten_encounters() -> None:
    assert len(QUESTIONS) >= 100
    assert {row["encounter"] for row in QUESTIONS} == {f"{n:02}" for n in range(1, 11)}


def ids(given: list[Json]) -> list[str]:
    return [f"{r['encounter']}-{r['ask'][:40]}" for r in given]


@pytest.mark.parametrize("row", QUESTIONS, ids=ids(QUESTIONS))
def test_a_question_is_answered_by_facts(coded: Coded, views: dict[str, CaseView], row: Json) -> None:
    answer = Conversation(views[row["encounter"]], coded.context).ask(row["ask"])
    assert answer.understood, answer.text
    assert wrong(row["facts"], answer.facts) == {}, answer
    assert answer.text


@pytest.mark.parametrize("row", NEAR, ids=ids(NEAR))
def test_what_is_not_ours_to_answer_is_not_answered(
    coded: Coded, views: dict[str, CaseView], row: Json
) -> None:
    answer = Conversation(views[row["encounter"]], coded.context).ask(row["ask"])
    assert not answer.understood, answer
    assert answer.facts == {}
    assert "I did not understand" in answer.text
