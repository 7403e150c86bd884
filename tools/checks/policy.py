"""The check policy: which level a rule has here, and which payers switch a rule off, each with its reason."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from knowledge.errors import TableError
from knowledge.records import Finding, Level, Override, Record

if TYPE_CHECKING:
    from tools.checks.rule import Rule

DEFAULT_POLICY = Path(__file__).parent / "data" / "policy.toml"


class Switch(Record):
    """A payer (kind or pack id) for which a rule does not stop a claim, and why."""

    rule: str
    payer: str
    reason: str = Field(min_length=10)
    by: str = "policy file"


class CheckPolicy(Record):
    """What a practice may decide about the self-check; the rules themselves it may not change."""

    name: str = "default"
    levels: dict[str, Level] = Field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    timely_filing_days: int = Field(default=365, ge=1)
    document_days: int = Field(default=30, ge=0, description="a note may be dated this long after the visit")
    structure: bool = Field(default=True, description="whether the 837P is rendered and run through pyx12")
    today: date | None = Field(
        default=None, description="the coding date; the claim's creation date when absent"
    )

    @classmethod
    def load(cls, path: Path) -> "CheckPolicy":
        """Read a policy file.

        Raises:
            TableError: the file is no TOML, has an unknown key, or a switch without a reason.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
            raise TableError(f"{path.name}: {error}") from error

    @classmethod
    def default(cls) -> "CheckPolicy":
        """Return the policy that ships with the project."""
        return _default()

    def settle(self, rule: "Rule", finding: Finding, payers: frozenset[str]) -> Finding:
        """Give a finding the level this policy wants and record the switch that spares a payer from it."""
        switch = next((s for s in self.switches if s.rule == rule.id and s.payer in payers), None)
        if switch is not None:
            spared = Override(by=switch.by, role=f"payer policy {switch.payer}", reason=switch.reason)
            return finding.model_copy(update={"level": "info", "override": spared})
        level = self.levels.get(rule.id)
        return finding if level is None else finding.model_copy(update={"level": level})


@lru_cache(maxsize=1)
def _default() -> CheckPolicy:
    return CheckPolicy.load(DEFAULT_POLICY)
