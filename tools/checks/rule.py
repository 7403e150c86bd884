"""What a rule of the self-check is: a name, a level, a source and one pure function over the request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from knowledge.records import Finding, Level, Source

if TYPE_CHECKING:
    from tools.checks.request import CheckRequest

Hold = Literal["", "policy", "data", "edition"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """What a rule found wrong, before the catalogue stamps its id and level on it."""

    message: str
    codes: tuple[str, ...] = ()
    line: int | None = None
    source: Source | None = None
    hint: str | None = None


Judge = Callable[["CheckRequest"], Iterator[Doubt]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row of the catalogue.

    Attributes:
        id: stable name, ``area.rule``.
        level: the level when no policy says otherwise.
        what: what the finding means, one sentence.
        source: the guideline section, manual chapter, table or clearinghouse edit it stands on.
        since: the version of the project that brought it.
        overridable: whether a named person may let the finding stand.
        hold: the kind of review a finding asks for even when it is no error ("" for none).
        judge: the pure function that looks for it.
    """

    id: str
    level: Level
    what: str
    source: str
    since: str
    overridable: bool
    hold: Hold
    judge: Judge

    def check(self, request: "CheckRequest") -> Iterator[Finding]:
        """Judge the request and yield the findings at the rule's own level."""
        for doubt in self.judge(request):
            yield Finding(
                rule=self.id,
                level=self.level,
                message=doubt.message,
                codes=doubt.codes,
                line=doubt.line,
                source=doubt.source or Source(table="checks/catalogue", edition=self.since, row=self.id),
                hint=doubt.hint,
            )


def rule(
    rule_id: str,
    level: Level,
    what: str,
    source: str,
    *,
    since: str = "0.1.0",
    overridable: bool = False,
    hold: Hold = "",
) -> Callable[[Judge], Rule]:
    """Turn a judging function into a row of the catalogue."""

    def make(judge: Judge) -> Rule:
        return Rule(
            id=rule_id,
            level=level,
            what=what,
            source=source,
            since=since,
            overridable=overridable,
            hold=hold,
            judge=judge,
        )

    return make


def rules_of(module: ModuleType) -> tuple[Rule, ...]:
    """Return the rules a module defines, in the order in which they are written."""
    return tuple(value for value in vars(module).values() if isinstance(value, Rule))
