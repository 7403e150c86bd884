"""README's table of results, from committed runs: ``python -m evals.docs [--measure [--development FILE]] [--check]``.

``--measure`` runs the solvers over the shipped sets and writes ``evals/published/*.json`` (commit, model, editions, cases,
rates with intervals; no text of any note). Without it the table is rendered from those files. The tests score the sets
again: a table that says something else than what is measured fails them.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from agent.docs import README, replaced
from evals.case import EvalCase, load_cases
from evals.charts import LOWER_IS_BETTER, percent
from evals.cli import half
from evals.run import commit

Json = dict[str, Any]
PUBLISHED: Final = Path(__file__).parent / "published"
CASES: Final = Path(__file__).parent / "cases"
ROWS: Final = (
    ("diagnoses F1 (required found, acceptable given)", "icd10", "f1"),
    ("diagnoses strict F1", "icd10", "strict_f1"),
    ("diagnoses hierarchical F1", "icd10", "f1_hierarchical"),
    ("first-listed", "icd10", "first_listed"),
    ("visit exact", "em", "exact"),
    ("visit within one level", "em", "within_one"),
    ("visit over-coded", "em", "over"),
    ("visit under-coded", "em", "under"),
    ("lines F1", "lines", "f1"),
    ("links", "links", "accuracy"),
    ("claim worth what it should be", "claim", "right_payment"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Set:
    """A set of cases that is published: name of its file, heading, what it is."""

    name: str
    title: str
    about: str


SETS: Final = (
    Set(
        name="shipped",
        title="shipped encounters",
        about="the development target: a regression gate, no evidence of accuracy",
    ),
    Set(
        name="own",
        title="own cases",
        about="written by ourselves, a rule each, and tuned on: a regression gate too",
    ),
    Set(
        name="development",
        title="development notes, second half",
        about="acted visits that are not in this repository (ACI-BENCH); measured before anybody read them: diagnoses F1 86.3 %, visit exact 80.0 %, links 75.9 %, 2 of 88 must-not; its errors were read on 2026-11-24, so this is a tuned figure",
    ),
)


def own_cases() -> tuple[EvalCase, ...]:
    """Our own cases without the shipped encounters."""
    return tuple(case for case in load_cases(CASES) if case.dataset != "shipped")


def measure(development: Path | None) -> None:
    """Run agent and search-only over every set that is at hand and write what is published of it."""
    sets: dict[str, Sequence[EvalCase]] = {"shipped": load_cases(CASES / "shipped.jsonl"), "own": own_cases()}
    if development is not None:
        sets["development"] = [c for c in load_cases(development) if half(c.id) == "held_out"]
    PUBLISHED.mkdir(exist_ok=True)
    at = commit()
    for name, cases in sets.items():
        told = orjson.dumps(_measured(cases, at), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (PUBLISHED / f"{name}.json").write_bytes(told)


def _measured(cases: Sequence[EvalCase], at: str) -> Json:
    from evals.run import bar, run_cases
    from evals.solvers import open_solver

    found: Json = {}
    for name in ("agent", "search_only"):
        with open_solver(name, model="rules") as opened, bar(len(cases), quiet=False) as step:
            run = run_cases(cases, opened.solver, book=opened.book, model=opened.model, step=step)
        found[name] = published({**run.summary, "commit": at})
    return found


def published(summary: Mapping[str, Any]) -> Json:
    """What is published of a run: no case, no text, no clock."""
    rates = {
        f"{group}.{name}": {"value": summary[group][name], "ci95": summary[group]["ci95"][name]}
        for _, group, name in ROWS
    }
    keys = (
        "cases",
        "failed",
        "model",
        "commit",
        "editions",
        "must_not",
        "fabricated_codes",
        "evidence_verified",
    )
    return {**{key: summary[key] for key in keys}, "severity": summary["claim"]["severity"], "rates": rates}


def load_published() -> dict[str, Json]:
    """The committed runs by name of the set, in the order of the table."""
    paths = {one.name: PUBLISHED / f"{one.name}.json" for one in SETS}
    return {name: orjson.loads(path.read_bytes()) for name, path in paths.items() if path.is_file()}


def table(runs: Mapping[str, Json]) -> str:
    """The table of README: a column a set, a row a measure, each with its interval; then what the columns are."""
    sets = [one for one in SETS if one.name in runs]
    head = "| | " + " | ".join(f"{one.title} ({runs[one.name]['agent']['cases']})" for one in sets) + " |"
    lines = [head, "|---" * (len(sets) + 1) + "|"]
    lines += [
        f"| {title} | "
        + " | ".join(_cell(runs[one.name]["agent"]["rates"][f"{group}.{name}"]) for one in sets)
        + " |"
        for title, group, name in ROWS
    ]
    agents = [runs[one.name]["agent"] for one in sets]
    lines.append(
        "| must-not violations | "
        + " | ".join(f"{a['must_not']['violations']} of {a['must_not']['of']}" for a in agents)
        + " |"
    )
    lines.append("| fabricated codes | " + " | ".join(str(a["fabricated_codes"]) for a in agents) + " |")
    lines.append(
        "| evidence verified | " + " | ".join(percent(a["evidence_verified"]) for a in agents) + " |"
    )
    beside = [_cell(runs[one.name]["search_only"]["rates"]["icd10.f1"]) for one in sets]
    lines.append("| diagnoses F1 of code search alone, for comparison | " + " | ".join(beside) + " |")
    lines += [
        "",
        *(f"* {one.title}: {one.about}; commit `{runs[one.name]['agent']['commit']}`." for one in sets),
    ]
    agent = agents[0]
    editions = ", ".join(
        f"{t} {e}" for t, e in agent["editions"].items() if t in {"icd10cm", "mpfs", "ncci_ptp", "ncci_mue"}
    )
    lines.append(
        f"* Model `{agent['model']}` (the embedded coder), editions {editions}. In brackets 95 % intervals: whole cases "
        "resampled, or Wilson's; `make eval` prints them all, `python -m evals.docs --measure` makes this table."
    )
    return "\n".join(lines)


def _cell(rate: Mapping[str, Any]) -> str:
    if rate["value"] is None:
        return "–"
    if not rate["ci95"]:
        return percent(rate["value"])
    low, high = (f"{100 * edge:.1f}" for edge in rate["ci95"])
    return f"{percent(rate['value'])} ({low}–{high})"


def regenerated(text: str) -> str:
    """README with the table made anew.

    Raises:
        ValueError: the markers are missing.
    """
    return replaced(text, "results", table(load_published()))


def moved(was: Json, now: Json) -> list[str]:
    """Figures of a run that are not as published, a line each (commit and editions do not count)."""
    rates = [
        f"{name}: published {_said(was['rates'][name]['value'])}, measured {_said(rate['value'])}"
        for name, rate in now["rates"].items()
        if _said(was["rates"][name]["value"]) != _said(rate["value"])
    ]
    keys = [k for k in ("cases", "failed", "fabricated_codes", "evidence_verified") if was[k] != now[k]]
    return rates + [f"{k}: published {was[k]}, measured {now[k]}" for k in keys]


def worse(was: Json, now: Json) -> list[str]:
    """Figures that are published better than they are measured: what a reader would be misled by."""
    found = []
    for name, rate in now["rates"].items():
        old, new = was["rates"][name]["value"], rate["value"]
        if old is None or new is None:
            continue
        fallen = new - old if name.endswith(LOWER_IS_BETTER) else old - new
        if fallen > 0.01:
            found.append(f"{name}: published {_said(old)}, measured {_said(new)}")
    return found


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the table, or say whether it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="run the sets and write evals/published")
    parser.add_argument(
        "--development", type=Path, help="JSONL of the development notes, where they are at hand"
    )
    parser.add_argument(
        "--check", action="store_true", help="only say whether README is as the committed runs say"
    )
    options = parser.parse_args(arguments)
    if options.measure:
        measure(options.development)
    text = README.read_text(encoding="utf-8")
    made = regenerated(text)
    if options.check:
        sys.stdout.write(
            "README's results are stale; run make docs\n"
            if made != text
            else "README's results are up to date\n"
        )
        return int(made != text)
    README.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
