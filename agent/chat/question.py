"""A question taken apart: the case it is about, what it names, and the words its pattern caught."""

from dataclasses import dataclass

from agent.chat.naming import in_tables, on_claim, set_aside
from agent.chat.slots import Slots
from agent.chat.view import CaseView
from agent.coding import CodedLine
from agent.context import Context
from knowledge.bookshelf import Bookshelf
from knowledge.icd10cm import IcdCode
from knowledge.procedures import Procedure

CATEGORY = 3
"""Characters of an ICD-10-CM category, which is written without a dot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What an answerer gets.

    Attributes:
        view: the case.
        context: bookshelf and, for what-ifs, the model and charges.
        slots: what the question names.
        name: free words that stand where a code could (``dementia``); empty when none.
    """

    view: CaseView
    context: Context
    slots: Slots
    name: str = ""

    @property
    def shelf(self) -> Bookshelf:
        """The tables."""
        return self.context.bookshelf

    @property
    def code(self) -> str | None:
        """The code meant: one named by number, by its place on the claim, or by words on the claim or set aside."""
        return self.code_of(diagnosis=None)

    def code_of(self, *, diagnosis: bool | None, aside: bool = False, tables: bool = False) -> str | None:
        """The code meant, a diagnosis or a service only when asked; ``aside`` looks among the rejected first."""
        numbered = self.numbered
        if numbered:
            return numbered[0]
        if not self.name:
            return None
        found = set_aside(self.view, self.name) if aside else None
        found = (
            found or on_claim(self.view, self.name, diagnosis=diagnosis) or set_aside(self.view, self.name)
        )
        return found or (in_tables(self.shelf, self.name) if tables else None)

    def icd(self, code: str) -> IcdCode | None:
        """The diagnosis code on the date of service; a HCPCS number is none, though G0439 could be G04.39 unwritten."""
        if "." not in code and len(code) > CATEGORY:
            return None
        return self.shelf.icd.find(code, self.view.facts.date_of_service)

    def procedure(self, code: str) -> Procedure | None:
        """The procedure code on the date of service."""
        return self.shelf.procedures.find(code, self.view.facts.date_of_service)

    @property
    def lines_meant(self) -> list[CodedLine]:
        """The service lines of the codes named, or all when none is."""
        named = set(self.numbered)
        return [x for x in self.view.coding.service_lines if not named or x.code in named]

    @property
    def numbered(self) -> tuple[str, ...]:
        """Codes named by number, then those at the lines and diagnoses that were named."""
        coding = self.view.coding
        lines = [x.code for n in self.slots.lines for x in coding.service_lines if x.line == n]
        dx = [d.code for n in self.slots.dx for d in coding.diagnoses if d.sequence == n]
        return (*self.slots.codes, *lines, *dx)
