"""ToolContext: the frozen surroundings every tool may read (knowledge, dates, limits)."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from pydantic import ConfigDict

from knowledge.bookshelf import Bookshelf
from tools.charges import ChargeMaster
from tools.examples import Examples


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What tools read besides their arguments and the facts in the graph state.

    Attributes:
        bookshelf: the opened knowledge store.
        charge_master: the practice's charges, or None (then charges are derived from the fee schedule).
        charge_multiple: multiple of the schedule amount for derived charges.
        today: the coding date (as-of date of the history).
        locality: Medicare locality as ``MAC-locality`` (None: national amounts).
        search_limit: most hits a search tool may return per query.
        examples: approved cases of the same practice, None where they are switched off.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    bookshelf: Bookshelf
    charge_master: ChargeMaster | None = None
    charge_multiple: str = "1.50"
    today: date = field(default_factory=date.today)
    search_limit: int = 8
    locality: str | None = None
    examples: Examples | None = None
