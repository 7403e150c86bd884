"""The gate: figures of a run that may not be worse than ``baseline.json`` says, by the name of a set of cases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

BASELINE = Path(__file__).with_name("baseline.json")
Floors = Mapping[str, Mapping[str, float]]


class GateError(Exception):
    """The baseline has no such set: the message names those it has."""


def floors(name: str, path: Path = BASELINE) -> Floors:
    """What a set of cases has to reach: ``at_least`` and ``at_most`` by dotted name of the figure.

    Raises:
        GateError: the file holds no such set.
    """
    sets: Mapping[str, Floors] = orjson.loads(path.read_bytes())
    if name not in sets:
        raise GateError(f"{path.name} has no set {name!r}: give one of {', '.join(sets)}")
    return sets[name]


def figure(summary: Mapping[str, Any], name: str) -> float | None:
    """A figure of a summary by its dotted name; None where nothing was scored."""
    found: Any = summary
    for part in name.split("."):
        found = found[part]
    return None if found is None else float(found)


def fallen(summary: Mapping[str, Any], baseline: Floors) -> list[str]:
    """What of a summary is worse than the baseline, a line each; a figure that is no longer scored has fallen too."""
    found = []
    for name, floor in baseline["at_least"].items():
        value = figure(summary, name)
        if value is None or value < floor:
            found.append(f"{name} is {_said(value)}, at least {floor:g} is asked")
    for name, ceiling in baseline["at_most"].items():
        value = figure(summary, name)
        if value is None or value > ceiling:
            found.append(f"{name} is {_said(value)}, at most {ceiling:g} is allowed")
    return found


def _said(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.4g}"
