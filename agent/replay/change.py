"""What is changed in a what-if: facts, the note, settings, the proposal, the model. Parsed strictly, applied elsewhere."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from pydantic import Field, ValidationError

from agent.context import Context
from agent.policy import Policy
from agent.replay.errors import ForkError
from knowledge.records import Record

FACTS = ("new_patient", "payer", "place", "age", "sex", "date")
SETTINGS = ("review", "today")
LINE = re.compile(r"line\.(\d+)\.(code|modifiers|units|pointers|place)")
DIAGNOSIS = re.compile(r"dx\.(\d+)\.code")
POLICY = re.compile(r"policy\.([a-z_]+)")


class Change(Record):
    """A what-if.

    ``sets`` are ``key=value`` pairs: facts (new_patient, payer, place, age, sex, date), settings (review, today,
    ``policy.<field>``), the proposal (``line.2.modifiers=25,RT``, ``line.2.units``, ``line.2.pointers``,
    ``line.2.place``, ``line.2.code``, ``dx.1.code``). Lines and diagnoses are counted from 1 as they are in the claim
    before the change.
    """

    sets: dict[str, str] = Field(default_factory=dict)
    replace_note: tuple[tuple[str, str], ...] = ()
    add_note: str | None = None
    drop_lines: tuple[int, ...] = ()
    drop_diagnoses: tuple[int, ...] = ()
    model: str | None = None

    @property
    def facts(self) -> dict[str, str]:
        """Sets that change what was gathered."""
        return {k: v for k, v in self.sets.items() if k in FACTS}

    @property
    def settings(self) -> dict[str, str]:
        """Sets that change the surroundings."""
        return {k: v for k, v in self.sets.items() if k in SETTINGS or POLICY.fullmatch(k)}

    @property
    def proposal(self) -> dict[str, str]:
        """Sets that change the claim that was handed in."""
        return {k: v for k, v in self.sets.items() if LINE.fullmatch(k) or DIAGNOSIS.fullmatch(k)}

    @property
    def recodes(self) -> bool:
        """Whether a coder has to work again: its input, its tools' setting or the coder itself is another."""
        return bool(self.facts or self.replace_note or self.add_note or self.model or "today" in self.sets)

    @property
    def reclaims(self) -> bool:
        """Whether the claim that was handed in is changed by hand."""
        return bool(self.proposal or self.drop_lines or self.drop_diagnoses)

    def told(self) -> str:
        """The change in a few words."""
        parts = [f"{k} = {v}" for k, v in self.sets.items()]
        parts += [f"note: “{old}” → “{new}”" for old, new in self.replace_note]
        parts += [f"note with “{self.add_note}”"] if self.add_note else []
        parts += [f"without line {n}" for n in self.drop_lines]
        parts += [f"without diagnosis {n}" for n in self.drop_diagnoses]
        parts += [f"coded by {self.model}"] if self.model else []
        return "; ".join(parts) or "nothing changed"


def parse_sets(pairs: Iterable[str]) -> dict[str, str]:
    """``key=value`` words as a dict.

    Raises:
        ForkError: no ``=``, or a key that nothing knows; says which exist.
    """
    sets = {}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not value:
            raise ForkError(f"{pair!r}: write KEY=VALUE")
        known = key in (*FACTS, *SETTINGS) or any(p.fullmatch(key) for p in (LINE, DIAGNOSIS, POLICY))
        if not known:
            keys = ", ".join((*FACTS, *SETTINGS))
            raise ForkError(
                f"{key!r} can not be set; known: {keys}, policy.<field>, "
                "line.<n>.code|modifiers|units|pointers|place, dx.<n>.code"
            )
        sets[key] = value
    return sets


def changed_settings(change: Change, context: Context) -> Context:
    """The surroundings with the change's settings.

    Raises:
        ForkError: a value that can not be used.
    """
    given = change.settings
    policy = {m[1]: _value(v) for k, v in given.items() if (m := POLICY.fullmatch(k))}
    try:
        if "today" in given:
            context = replace(context, today=date.fromisoformat(given["today"]))
        if policy:
            context = replace(
                context, policy=Policy.model_validate({**context.policy.model_dump(), **policy})
            )
    except ValidationError as error:
        raise ForkError(f"policy.{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from error
    except ValueError as error:
        raise ForkError(f"today={given['today']}: write a date as 2026-08-05") from error
    if "review" in given and given["review"] not in {"auto", "always", "never"}:
        raise ForkError(f"review={given['review']}: auto, always or never")
    return replace(context, review=given.get("review", context.review))


def _value(text: str) -> object:
    """A policy's value as TOML would read it; words stay words, several become a list."""
    if text in {"true", "false"}:
        return text == "true"
    return text.split(",") if "," in text else text
