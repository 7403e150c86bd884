"""What a line is worth: relative values of the schedule, and the practice's charge."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from knowledge.errors import UnknownCodeError
from knowledge.fees import Fee
from tools.claim.model import Rvu
from tools.context import ToolContext
from tools.encounter import EncounterFacts
from tools.proposal import ProposedLine

CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True, slots=True)
class Priced:
    """Charge of all units and where it comes from; relative values of one unit."""

    charge: Decimal
    basis: Literal["charge_master", "derived"]
    rvu: Rvu | None


def price(line: ProposedLine, facts: EncounterFacts, context: ToolContext) -> Priced:
    """Price a line: the practice's own charge, else the schedule amount times the configured multiple.

    A code that neither knows has the charge 0.00, marked derived: the self-check reports it, nobody
    invents one.
    """
    modifiers = tuple(m.code for m in line.modifiers)
    fee = _fee(line, modifiers, facts, context)
    rvu = Rvu(work=fee.work, total=fee.total) if fee else None
    own = _own_charge(line, modifiers, facts, context)
    if own is not None:
        return Priced(charge=_total(own, line.units), basis="charge_master", rvu=rvu)
    amount = fee.amount if fee and fee.amount is not None else _NOTHING
    return Priced(
        charge=_total(amount * Decimal(context.charge_multiple), line.units), basis="derived", rvu=rvu
    )


def _total(unit_charge: Decimal, units: Decimal) -> Decimal:
    """All units at a unit charge of whole cents."""
    return (unit_charge.quantize(CENT, ROUND_HALF_UP) * units).quantize(CENT, ROUND_HALF_UP)


def _fee(
    line: ProposedLine, modifiers: tuple[str, ...], facts: EncounterFacts, context: ToolContext
) -> Fee | None:
    place = context.bookshelf.places.find(line.place_of_service or facts.place_of_service or "")
    try:
        return context.bookshelf.fees.amount(
            line.code,
            modifiers,
            facility=place is not None and place.facility,
            locality=context.locality,
            on=facts.date_of_service,
        )
    except UnknownCodeError:
        return None


def _own_charge(
    line: ProposedLine, modifiers: tuple[str, ...], facts: EncounterFacts, context: ToolContext
) -> Decimal | None:
    if context.charge_master is None:
        return None
    payer = facts.primary.payer_id if facts.primary else None
    return context.charge_master.charge(line.code, modifiers, payer=payer, on=facts.date_of_service)
