"""What goes in which box of the CMS-1500 (02/12), page by page.

Sources: the NUCC instruction manual's crosswalk of boxes and 837P loops; payers' manuals for paging.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from tools.claim.cms1500.lines import line_boxes
from tools.claim.cms1500.people import coverage_boxes, people_boxes, provider_boxes
from tools.claim.cms1500.text import money_boxes, plain, short_date
from tools.claim.model import Claim, ClaimDates

LINES_PER_PAGE = 6
Paging = Literal["continued", "each"]
"""``continued``: one total, on the last page, CONTINUED elsewhere; ``each``: every page totals its own."""
_ON_FILE = "SIGNATURE ON FILE"
OTHER_DATES = (
    ("454", "initial_treatment"),
    ("304", "last_seen"),
    ("453", "acute_manifestation"),
    ("439", "accident"),
    ("455", "last_xray"),
    ("471", "prescription"),
    ("090", "assumed_care"),
    ("091", "relinquished_care"),
    ("444", "first_contact"),
)


def pages_of(claim: Claim, paging: Paging = "continued") -> list[dict[str, str]]:
    """Field name -> text for every page; header data is repeated on each, empty fields are left out."""
    count = max(1, -(-len(claim.lines) // LINES_PER_PAGE))
    header = {
        **coverage_boxes(claim),
        **people_boxes(claim),
        **provider_boxes(claim),
        **_circumstances(claim),
        **_diagnoses(claim),
        **_references(claim),
        **_signatures(claim),
    }
    pages = []
    for index in range(count):
        page = {**header, **_page_boxes(claim, index, count, paging)}
        pages.append({name: text for name, text in page.items() if text})
    return pages


def _page_boxes(claim: Claim, index: int, count: int, paging: Paging) -> dict[str, str]:
    lines = claim.lines[index * LINES_PER_PAGE : (index + 1) * LINES_PER_PAGE]
    boxes = {"page": f"PAGE {index + 1} OF {count}"} if count > 1 else {}
    for row, line in enumerate(lines, 1):
        boxes |= line_boxes(claim, line, row)
    last, first = index == count - 1, index == 0
    if paging == "each":
        boxes |= money_boxes("28", sum((line.charge for line in lines), Decimal(0)))
        return boxes | (_paid(claim) if first else {})
    if not last:
        return boxes | {"28_text": "CONTINUED"}
    return boxes | money_boxes("28", claim.total_charge) | _paid(claim)


def _paid(claim: Claim) -> dict[str, str]:
    if claim.patient_paid is None and not claim.payments:
        return {}
    paid = sum((payment.paid for payment in claim.payments), claim.patient_paid or Decimal(0))
    return money_boxes("29", paid)


def _circumstances(claim: Claim) -> dict[str, str]:
    accident = claim.accident
    boxes = {
        _yes_no("10a", yes=accident.employment): "X",
        _yes_no("10b", yes=accident.auto): "X",
        _yes_no("10c", yes=accident.other): "X",
        "10b_state": accident.state or "" if accident.auto else "",
        "10d": " ".join(claim.condition_codes),
        "19": plain(claim.note or ""),
    }
    dates = claim.dates
    if dates.onset or dates.lmp:
        boxes |= _date_boxes("14", dates.onset or dates.lmp)
        boxes["14_qualifier"] = "431" if dates.onset else "484"
    boxes |= _other_date(dates)
    boxes |= _date_boxes("16_from", dates.disability_from or dates.last_worked)
    boxes |= _date_boxes("16_to", dates.disability_to or dates.return_to_work)
    boxes |= _date_boxes("18_from", dates.admission)
    boxes |= _date_boxes("18_to", dates.discharge)
    bought = [line.purchased for line in claim.lines if line.purchased]
    boxes[_yes_no("20", yes=bool(bought))] = "X"
    if bought:
        boxes |= money_boxes("20", sum((service.charge for service in bought), Decimal(0)))
    return boxes


def _other_date(dates: ClaimDates) -> dict[str, str]:
    for qualifier, field in OTHER_DATES:
        moment: date | None = getattr(dates, field)
        if moment:
            return {"15_qualifier": qualifier, **_date_boxes("15", moment)}
    return {}


def _date_boxes(prefix: str, moment: date | None) -> dict[str, str]:
    if moment is None:
        return {}
    month, day, year = short_date(moment)
    return {f"{prefix}_month": month, f"{prefix}_day": day, f"{prefix}_year": year}


def _yes_no(box: str, *, yes: bool) -> str:
    return f"{box}_{'yes' if yes else 'no'}"


def _diagnoses(claim: Claim) -> dict[str, str]:
    boxes = {"21_indicator": "0"}
    for letter, diagnosis in zip("ABCDEFGHIJKL", claim.diagnoses, strict=False):
        boxes[f"21_{letter}"] = diagnosis.code.replace(".", "")
    return boxes


def _references(claim: Claim) -> dict[str, str]:
    boxes: Mapping[str, str] = {
        "22_code": claim.frequency if claim.frequency != "1" else "",
        "22": plain(claim.original_reference or "") if claim.frequency != "1" else "",
        "23": plain(claim.prior_authorization or claim.referral_number or claim.clia or ""),
        "26": claim.claim_id,
    }
    return dict(boxes)


def _signatures(claim: Claim) -> dict[str, str]:
    month, day, year = short_date(claim.created)
    return {
        "12": _ON_FILE,
        "13": _ON_FILE if claim.benefits_assigned == "Y" else "",
        "27_yes" if claim.assignment == "A" else "27_no": "X",
        "31": _ON_FILE if claim.signature_on_file else "",
        "31_date": f"{month}{day}{year}" if claim.signature_on_file else "",
    }
