"""search_guidelines: hits by question and date, batches, and errors the model can act on."""

from datetime import date
from types import SimpleNamespace

import orjson
import pytest
from langchain_core.tools import ToolException

from knowledge.guidelines import GuidelineIndex
from tools.guidelines import checked_queries, find_guidelines, search_guidelines

SUMMER = date(2026, 8, 3)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guidelines")
    opened = GuidelineIndex.open(folder, folder / "index")
    yield opened
    opened.close()


def call(index, queries, on=SUMMER, **rest):
    runtime = SimpleNamespace(
        context=SimpleNamespace(bookshelf=SimpleNamespace(guidelines=index), search_limit=8),
        state={"facts": SimpleNamespace(date_of_service=on)},
    )
    return orjson.loads(search_guidelines.func(queries=queries, runtime=runtime, **rest))


def test_each_query_gets_its_own_hits(index):
    answer = call(index, ["suspected pneumonia", "both knees injected modifier"])
    assert [result["query"] for result in answer["results"]] == [
        "suspected pneumonia",
        "both knees injected modifier",
    ]
    first, second = (result["hits"] for result in answer["results"])
    assert first[0]["id"] == "IV.H"
    assert "MOD.50" in [hit["id"] for hit in second]
    assert set(first[0]) == {"id", "title", "text", "score"}
    assert len(first) == len(second) == 3
    assert answer["edition_mismatch"] is False


def test_a_query_that_means_nothing_gets_no_hits(index):
    assert call(index, ["zzqx"])["results"] == [{"query": "zzqx", "hits": []}]


def test_the_date_of_service_decides(index):
    new = call(index, ["COVID-19: provider-confirmed cases only"], limit=1)["results"][0]["hits"][0]
    old = call(index, ["COVID-19: confirmed cases"], on=date(2025, 5, 1), limit=1)["results"][0]["hits"][0]
    assert new["id"] == old["id"] == "I.C.1.g.1.a"
    assert new["text"] != old["text"]


def test_outside_the_editions_the_nearest_answers_and_says_so(index):
    answer = find_guidelines(index, ["uncertain diagnosis"], on=date(2027, 2, 1), limit=2)
    assert answer["edition_mismatch"] is True
    assert answer["as_of"] == "2026-09-30"
    assert "IV.H" in [hit["id"] for hit in answer["results"][0]["hits"]]


def test_the_limit_never_exceeds_the_contexts(index):
    assert len(call(index, ["diagnosis"], limit=50)["results"][0]["hits"]) == 8


@pytest.mark.parametrize(
    ("queries", "hint"), [([], "at least one question"), (["  "], "needs words"), (["x"] * 17, "at most 16")]
)
def test_bad_queries_are_answered_with_what_to_do(queries, hint):
    with pytest.raises(ToolException, match=hint):
        checked_queries(queries)


def test_a_limit_below_one_is_refused(index):
    with pytest.raises(ToolException, match="at least 1"):
        call(index, ["x"], limit=0)


def test_the_model_sees_queries_and_limit_only():
    assert set(search_guidelines.tool_call_schema.model_json_schema()["properties"]) == {"queries", "limit"}
