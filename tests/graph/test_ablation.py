"""The embedded coder decides on what the tools answer: blanking a tool's answer changes or holds the claim where it matters."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from langchain_core.tools import BaseTool, StructuredTool

from agent.context import Context
from tests.graph.conftest import ENCOUNTERS, run
from tools import load_tools

EMPTY: dict[str, dict[str, Any]] = {
    "get_history": {"as_of": None, "items": []},
    "read_note": {"documents": []},
    "search_codes": {"results": []},
    "look_up_codes": {"codes": []},
    "search_guidelines": {"results": []},
    "modifier_rules": {},
    "check_linkage": {"links": []},
    "em_level": {},
}


def blanked(*names: str) -> Sequence[BaseTool]:
    """The registry with some tools answering nothing."""
    return [_blank(t) if t.name in names else t for t in load_tools()]


def _blank(tool: BaseTool) -> BaseTool:
    def answer(**_: Any) -> str:
        return orjson.dumps(EMPTY[tool.name]).decode()

    return StructuredTool.from_function(
        func=answer, name=tool.name, description=tool.description, args_schema=tool.tool_call_schema
    )


def coded(context: Context, encounter: str, *names: str) -> tuple[str, list[str], list[str]]:
    """Status, diagnoses, and lines with modifiers, of one shipped encounter with some tools blanked."""
    result = run(context, path=ENCOUNTERS / f"{encounter}.json", tools=blanked(*names))
    lines = ["-".join([line.code, *(m.code for m in line.modifiers)]) for line in result.coding.service_lines]
    return result.status, [d.code for d in result.coding.diagnoses], lines


@pytest.mark.parametrize(
    ("encounter", "tool"),
    [
        ("01-memory-loss", "read_note"),
        ("01-memory-loss", "search_codes"),
        ("02-diabetes-heart-depression", "look_up_codes"),
        ("03-chest-pain", "check_linkage"),
        ("08-telehealth-adhd", "modifier_rules"),
        ("05-ankle-injury", "modifier_rules"),
        ("01-memory-loss", "em_level"),
    ],
)
def test_a_blanked_answer_changes_or_holds_the_claim(context: Context, encounter: str, tool: str) -> None:
    full = coded(context, encounter)
    blank = coded(context, encounter, tool)
    assert blank != full, f"{tool} was not decisive"


def test_the_history_decides_between_a_first_and_a_later_wellness_visit(
    context: Context, tmp_path: Path
) -> None:
    """The note calls the visit the first here; only the record knows that there was one before."""
    bundle = orjson.loads((ENCOUNTERS / "04-wellness-hypertension-flu.json").read_bytes())
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "DocumentReference":
            attachment = entry["resource"]["content"][0]["attachment"]
            note = base64.b64decode(attachment["data"]).decode()
            note = note.replace("Last annual wellness visit: August 20, 2025\n", "")
            note = note.replace("ANNUAL WELLNESS VISIT (SUBSEQUENT)", "FIRST WELLNESS VISIT HERE")
            attachment["data"] = base64.b64encode(note.encode()).decode()
            attachment.pop("hash", None)
            attachment.pop("size", None)
    path = tmp_path / "first.json"
    path.write_bytes(orjson.dumps(bundle))

    def lines(*names: str) -> list[str]:
        return [x.code for x in run(context, path=path, tools=blanked(*names)).coding.service_lines]

    assert "G0439" in lines()
    assert "G0439" not in lines("get_history")


def test_without_the_guideline_a_symptom_is_no_diagnosis(context: Context) -> None:
    full = run(context).coding
    assert [g.id for g in full.diagnoses[0].guidelines] == ["IV.D"]
    blank = run(context, tools=blanked("search_guidelines")).coding
    assert blank.status == "held"
    assert blank.diagnoses == ()


def test_nothing_found_is_held_not_guessed(context: Context) -> None:
    status, diagnoses, lines = coded(context, "01-memory-loss", "search_codes", "look_up_codes")
    assert status == "held"
    assert diagnoses == []
    assert lines == []


def test_a_trace_holds_every_kind_of_call(context: Context) -> None:
    run(context, path=ENCOUNTERS / "08-telehealth-adhd.json")
    assert context.out is not None
    events = [orjson.loads(line) for line in (context.out / "trace.jsonl").read_bytes().splitlines()]
    called = {call["tool"] for e in events if e["event"] == "turn" for call in e["data"]["calls"]}
    wanted = {
        "get_history",
        "search_guidelines",
        "search_codes",
        "look_up_codes",
        "modifier_rules",
        "check_linkage",
    }
    assert wanted <= called
