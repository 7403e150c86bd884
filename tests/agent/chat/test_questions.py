"""Questions as people ask them over the ten shipped encounters, and what the facts of the answers must be."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.chat import Conversation, load_view
from tests.agent.coded import Coded

HERE = Path(__file__).parent
Json = dict[str, Any]


def rows(name: str) -> list[Json]:
    return [orjson.loads(line) for line in (HERE / name).read_bytes().splitlines() if line.strip()]


def talk(coded: Coded, number: str) -> Conversation:
    return Conversation(load_view(coded.out(number)), coded.context)


def wrong(expected: Json, facts: Json) -> Json:
    """The expected facts that the answer lacks; a list asks for its members, a dict for its entries."""
    return {k: facts.get(k, "absent") for k, v in expected.items() if not _holds(v, facts.get(k))}


def _holds(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list) and isinstance(found, list):
        return (not wanted and not found) or bool(wanted and all(w in found for w in wanted))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_holds(v, found.get(k)) for k, v in wanted.items())
    return bool(wanted == found)


QUESTIONS = [*rows("questions.jsonl")]
NEAR = rows("near_misses.jsonl")


def ids(given: list[Json]) -> list[str]:
    return [f"{r['encounter']}-{r['ask'][:40]}" for r in given]


@pytest.mark.parametrize("row", QUESTIONS, ids=ids(QUESTIONS))
def test_a_question_is_answered_by_facts(coded: Coded, row: Json) -> None:
    answer = talk(coded, row["encounter"]).ask(row["ask"])
    assert answer.understood, answer.text
    assert wrong(row["facts"], answer.facts) == {}, answer
    assert answer.text


@pytest.mark.parametrize("row", NEAR, ids=ids(NEAR))
def test_what_is_not_ours_to_answer_is_not_answered(coded: Coded, row: Json) -> None:
    answer = talk(coded, row["encounter"]).ask(row["ask"])
    assert not answer.understood, answer
    assert answer.facts == {}
    assert "I did not understand" in answer.text
