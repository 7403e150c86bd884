"""The read_note tool: which documents, and an answer that is compact and stable."""

import hashlib
from datetime import date
from types import SimpleNamespace

import orjson
import pytest
from langchain_core.tools import ToolException

from tests.tools.text.small import SMALL
from tools.encounter import ClinicalDocument, EncounterFacts, Name, Person
from tools.note import read_documents, read_note


def document(name: str, text: str) -> ClinicalDocument:
    return ClinicalDocument(id=name, title=name, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())


FACTS = EncounterFacts(
    encounter_id="e1",
    encounter_reference="Encounter/e1",
    date_of_service=date(2026, 7, 1),
    place_of_service="11",
    patient=Person(id="p1", name=Name(last="Doe"), birth_date=None, sex="unknown"),
    age_years=None,
    documents=(document("n1", "HPI\nShe denies fever."), document("n2", "Addendum: cough.")),
)


def call(documents: list[str] | None) -> dict[str, list[dict[str, object]]]:
    runtime = SimpleNamespace(
        state={"facts": FACTS}, context=SimpleNamespace(bookshelf=SimpleNamespace(vocabulary=SMALL))
    )
    answer = read_note.func(documents, runtime)
    return orjson.loads(answer)


def test_all_documents_are_read() -> None:
    answer = call(None)
    assert [d["id"] for d in answer["documents"]] == ["n1", "n2"]
    first = answer["documents"][0]
    assert set(first) == {"id", "text", "sections", "sentences", "mentions"}
    assert first["sections"] == [{"name": "HPI", "kind": "hpi", "start": 0, "end": 21}]
    assert first["sentences"] == [[4, 21, 0]]
    (mention,) = first["mentions"]
    assert (mention["text"], mention["start"], mention["end"]) == ("fever", 15, 20)
    assert mention["assertion"] == "absent"
    assert "dose" not in mention


def test_one_document_is_read() -> None:
    assert [d["id"] for d in call(["n2"])["documents"]] == ["n2"]


def test_an_unknown_document_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ToolException, match="no document n9; this encounter has: n1, n2"):
        call(["n9"])


def test_no_tool_answer_carries_codes() -> None:
    answer = orjson.dumps(read_documents(FACTS.documents, SMALL)).decode()
    assert "R50" not in answer
    assert "code" not in answer
