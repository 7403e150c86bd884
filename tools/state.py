"""The part of the graph state that tools may read."""

from typing_extensions import TypedDict

from tools.encounter import EncounterFacts


class ToolState(TypedDict):
    """What every tool can rely on: the gathered facts of the encounter."""

    facts: EncounterFacts
