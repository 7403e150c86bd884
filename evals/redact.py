"""Cassettes that name nobody: names, numbers and birth dates of a trajectory are replaced, then it is settled by a replay.

Placeholders are as long as what they replace, so that evidence still lies where it is cited. Because a claim's digest
holds the patient's name, a redacted recording is run once over its own facts, and that run is what is kept; a recording
whose codes would change by redaction is refused. This is for keeping recordings in a repository; training data has its own
de-identification.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from evals.trajectories import FOLDER, StaleCassetteError, load_cassette

if TYPE_CHECKING:
    from agent.context import Context
    from agent.trace import TraceEvent

Json = Any
NPI: Final = "1234567893"
"""A number of no one that passes the check digit."""
_NAMES = frozenset(
    {"last", "first", "middle", "group_name", "payer_name", "plan_name", "author", "line1", "line2", "city"}
)
_NUMBERS = frozenset(
    {"mrn", "member_id", "group_number", "phone", "tax_id", "prior_authorization", "referral_number", "clia"}
)
_PATTERNS: Final = (
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),  # social security number
    re.compile(r"\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b"),  # telephone, fax
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b"),  # e-mail
    re.compile(r"(?i)(?<=mrn[ :#])\s*[A-Z0-9-]{4,}"),  # record number
    re.compile(r"(?i)(?<=dob[ :])\s*\d{1,2}[/-]\d{1,2}[/-]\d{2,4}"),  # birth date
)


def placeholder(text: str) -> str:
    """As long as the text and of its shape: letters become x, digits 9; what separates them stays."""
    return "".join("9" if c.isdigit() else ("X" if c.isupper() else "x") if c.isalpha() else c for c in text)


def replacements(facts: Mapping[str, Any]) -> dict[str, str]:
    """What stands for each name, number and date of a trace's facts, the longest first."""
    found: dict[str, str] = {}
    for key, value in _leaves(facts):
        if key == "npi":
            found[value] = NPI
        elif key in _NUMBERS or (key in _NAMES and len(value) > 1):
            found[value] = placeholder(value)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _leaves(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _leaves(part, "line1" if key in {"lines", "line"} else key)
    elif isinstance(value, str) and value:
        yield key, value


def redacted(value: Json, instead: Mapping[str, str]) -> Json:
    """The value with every replacement made in every text of it, and what looks like a number of a person masked."""
    pattern = (
        re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in instead)) if instead else None
    )
    return _redacted(value, instead, pattern)


def _redacted(value: Json, instead: Mapping[str, str], pattern: "re.Pattern[str] | None") -> Json:
    if isinstance(value, str):
        text = pattern.sub(lambda m: instead[m.group()], value) if pattern else value
        for form in _PATTERNS:
            text = form.sub(lambda m: placeholder(m.group()), text)
        return text
    if isinstance(value, Mapping):
        return {k: _redacted(v, instead, pattern) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [_redacted(v, instead, pattern) for v in value]
    return value


def redacted_events(events: Sequence["TraceEvent"]) -> tuple["TraceEvent", ...]:
    """A trace that names nobody; not yet settled (see ``redact_run``)."""
    facts = next(e.data for e in events if e.event == "facts")
    instead = replacements(facts)
    made = []
    for event in events:
        data = redacted(event.data, instead)
        if event.event == "facts":
            data["patient"] = _born(data["patient"], facts)
            for coverage in data["coverages"]:
                if coverage.get("subscriber"):
                    coverage["subscriber"] = _born(coverage["subscriber"], facts)
        made.append(event.model_copy(update={"data": data}))
    return tuple(made)


def _born(person: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A birth date that gives the same age on the date of service: its first or last day of the year."""
    if not person.get("birth_date"):
        return person
    born, day = (date.fromisoformat(d) for d in (person["birth_date"], facts["date_of_service"]))
    later = (born.month, born.day) > (day.month, day.day)
    return {**person, "birth_date": date(born.year, 12 if later else 1, 31 if later else 1).isoformat()}


def settle(events: Sequence["TraceEvent"], context: "Context", case: str) -> tuple["TraceEvent", ...]:
    """Run a redacted trace over its own facts; the run's own trace is the cassette.

    Raises:
        StaleCassetteError: redaction would change the codes.
    """
    from agent.replay import replay
    from agent.trace import trace_events
    from evals.solvers.recorded import as_recorded

    replayed = replay(events, context)
    if _proposed(events) != _proposed(replayed.events):
        raise StaleCassetteError(
            f"{case}: redaction changes what is coded; keep this recording out of the repository"
        )
    return trace_events(replayed.state, as_recorded(replayed.context, events))


def _proposed(events: Sequence["TraceEvent"]) -> tuple[Json, ...]:
    return (*(e.data["calls"] for e in events if e.event == "turn"), events[-1].data["status"])


def redact_run(source: Path, target: Path) -> int:
    """Write every cassette of a run that can be replayed, redacted and settled; failures are left out.

    Raises:
        StaleCassetteError: nothing to redact, or a recording can not be redacted without changing it.
    """
    from agent.run import make_context
    from agent.settings import load_settings
    from agent.trace import dump_trace

    folders = sorted((source / FOLDER).glob("*/trajectory.json"))
    if not folders:
        raise StaleCassetteError(f"{source}: holds no trajectories; give the folder of a run of the agent")
    context = make_context(load_settings(), model_spec="rules", pdf=False)
    written = 0
    for path in folders:
        told = orjson.loads(path.read_bytes())
        if told["failure"] is not None:
            continue
        cassette = load_cassette(source, told["id"])
        settled = settle(redacted_events(cassette.events), context, told["id"])
        folder = target / FOLDER / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "trace.jsonl").write_bytes(dump_trace(settled))
        (folder / "trajectory.json").write_bytes(
            orjson.dumps({**told, "redacted": True}, option=orjson.OPT_INDENT_2)
        )
        written += 1
    return written
