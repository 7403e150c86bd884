"""The ten shipped encounters, coded once a session into folders, with what coded them."""

from dataclasses import dataclass, replace
from pathlib import Path

from agent.context import Context
from agent.graph import build_graph
from agent.models.rules import RulesModel
from agent.policy import load_policy
from agent.run import CodingResult, code_encounter
from agent.trace import TraceEvent, load_trace
from knowledge.bookshelf import Bookshelf
from tests.conftest import ROOT
from tools.checks import CheckPolicy

ENCOUNTERS = ROOT / "evals" / "encounters"


@dataclass(frozen=True)
class Coded:
    """Output folders by the encounter's number ("01" to "10")."""

    context: Context
    results: dict[str, CodingResult]

    def out(self, number: str) -> Path:
        out = self.results[number].out
        assert isinstance(out, Path)
        return out

    def events(self, number: str) -> tuple[TraceEvent, ...]:
        return load_trace(self.out(number))


def surroundings_of(shelf: Bookshelf) -> Context:
    return Context(
        bookshelf=shelf,
        model=RulesModel(),
        model_spec="rules",
        policy=load_policy(ENCOUNTERS / "policy.toml"),
        check_policy=CheckPolicy.default(),
        pdf=False,
    )


def code_all(shelf: Bookshelf, folder: Path) -> Coded:
    context, graph = surroundings_of(shelf), build_graph()
    found = sorted(ENCOUNTERS.glob("[01]*.json"))
    results = {
        p.stem[:2]: code_encounter(p, context=replace(context, out=folder / p.stem), graph=graph)
        for p in found
    }
    return Coded(context, results)
