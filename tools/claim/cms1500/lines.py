"""Box 24: one service line in its shaded and plain half."""

from decimal import Decimal

from tools.claim.cms1500.text import money_boxes, plain, short_date
from tools.claim.model import Claim, ClaimLine
from tools.claim.money import x12_number
from tools.encounter import Provider

_LETTERS = "ABCDEFGHIJKL"
_TAXONOMY = "ZZ"


def line_boxes(claim: Claim, line: ClaimLine, row: int) -> dict[str, str]:
    """The fields of service line ``row`` (1 to 6) of a page."""
    boxes = {
        f"24_{row}_supplement": _supplement(line),
        f"24b_{row}": line.place_of_service,
        f"24c_{row}": "Y" if line.emergency else "",
        f"24d_{row}": line.code,
        f"24e_{row}": "".join(_LETTERS[p - 1] for p in line.pointers if 1 <= p <= len(_LETTERS)),
        f"24g_{row}": x12_number(line.units),
        f"24h_{row}_epsdt": "Y" if line.epsdt else "",
        f"24h_{row}_family": "Y" if line.family_planning else "",
    }
    for end, moment in (("from", line.date_from), ("to", line.date_to)):
        for part, text in zip(("month", "day", "year"), short_date(moment), strict=True):
            boxes[f"24a_{row}_{end}_{part}"] = text
    for place, modifier in enumerate(line.modifiers[:4], 1):
        boxes[f"24d_{row}_modifier_{place}"] = modifier
    boxes |= money_boxes(f"24f_{row}", line.charge)
    rendering = _rendering(claim, line)
    if rendering:
        boxes[f"24j_{row}"] = rendering.npi or ""
        if rendering.taxonomy:
            boxes |= {f"24i_{row}": _TAXONOMY, f"24j_{row}_other": rendering.taxonomy}
    return boxes


def _rendering(claim: Claim, line: ClaimLine) -> Provider | None:
    billing = claim.billing_provider
    alone = billing if billing and billing.is_person else None
    return line.rendering or claim.rendering_provider or alone


def _supplement(line: ClaimLine) -> str:
    """NDC with unit and quantity, then the note, in the order NUCC lists them."""
    parts = []
    if line.drug:
        parts.append(f"N4{line.drug.ndc} {line.drug.unit}{_quantity(line.drug.quantity)}")
    if line.unit_basis == "MJ":
        parts.append(f"7MINUTES {x12_number(line.units)}")
    if line.note:
        parts.append(plain(f"ZZ{line.note}"))
    return "   ".join(parts)


def _quantity(quantity: Decimal) -> str:
    return x12_number(quantity)
