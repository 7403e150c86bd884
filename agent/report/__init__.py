"""report.html: one self-contained page of an encounter's coding that a person can read. No script, no outside resource."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from agent.coding import Coding
from agent.report.entity_map import entity_map
from agent.report.highlight import Highlight, highlights, paint
from agent.state import State


def render_report(coding: Coding, state: State) -> str:
    """The page of one encounter; everything from the record is escaped."""
    marks = highlights(coding)
    facts = state["facts"]
    page: str = _template().render(
        style=_resource("report.css"),
        coding=coding,
        facts=facts,
        claim=state["claim"],
        documents=[
            {"document": d, "pieces": paint(d.text, [m for m in marks if m.document == d.id])}
            for d in facts.documents
        ],
        totals=_totals(coding),
        findings=sorted(coding.findings, key=lambda f: ("error", "warning", "info").index(f.level)),
        history={h.reference: h for h in facts.history},
        history_used=_history_used(coding),
        attempts=len(state["rounds"]),
        entities=entity_map(state["messages"]),
    )
    return page


def _totals(coding: Coding) -> dict[str, Any]:
    lines = coding.service_lines
    return {
        "charge": sum(line.charge for line in lines),
        "rvu": sum(line.rvu.total for line in lines if line.rvu),
    }


def _history_used(coding: Coding) -> list[Any]:
    cited = [d.evidence for d in coding.diagnoses]
    cited += [line.evidence for line in coding.service_lines]
    cited += [r.evidence for r in coding.rejected]
    return list({e.reference: e for evidence in cited for e in evidence if e.kind == "fhir"}.values())


def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("report.html"))


__all__ = ["Highlight", "render_report"]
