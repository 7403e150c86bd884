"""report.html: one self-contained page of an encounter's coding that a person can read. No script, no outside resource."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from agent.coding import Coding
from agent.report.entity_map import entity_map
from agent.report.highlight import painted
from agent.state import State


def render_report(coding: Coding, state: State) -> str:
    """The page of one encounter; everything from the record is escaped."""
    facts = state["facts"]
    page: str = _template().render(
        style=_resource("report.css"),
        coding=coding,
        facts=facts,
        documents=painted(coding, facts.documents),
        totals=_totals(coding),
        findings=coding.findings,
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


def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("report.html"))


__all__ = ["render_report"]
