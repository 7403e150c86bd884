"""Claim.supportingInfo: everything a professional claim says that R4 has no element for."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tools.claim.fhir_claim.codes import (
    CURRENCY,
    INFO_CATEGORY,
    OWN_INFO,
    PCT_FREQUENCY,
    PCT_INFO,
    PLACE_OF_SERVICE,
    Json,
    concept,
)
from tools.claim.model import Attachment, Claim, ClaimLine

DATES = (
    "initial_treatment",
    "last_seen",
    "acute_manifestation",
    "accident",
    "lmp",
    "last_xray",
    "prescription",
    "last_worked",
    "return_to_work",
    "assumed_care",
    "relinquished_care",
    "first_contact",
)
"""Dates under our own codes; onset, hospital stay and disability have HL7's."""
TEXTS = (
    "clia",
    "note",
    "property_casualty_number",
    "mammography_certification",
    "delay_reason",
    "special_program",
    "assignment",
    "benefits_assigned",
    "release_of_information",
)
LINE_TEXTS = ("clia", "note", "prior_authorization", "referral_number")


@dataclass(slots=True)
class Information:
    """Collects entries and hands out their sequence numbers."""

    entries: list[Json] = field(default_factory=list)

    def add(self, system: str, category: str, /, **values: object) -> int:
        """Append an entry of this category; returns its sequence."""
        sequence = len(self.entries) + 1
        self.entries.append({"sequence": sequence, "category": concept(system, category), **values})
        return sequence

    def of_claim(self, claim: Claim) -> None:
        """The entries that concern the whole claim."""
        self.add(PCT_INFO, "claimFrequency", code=concept(PCT_FREQUENCY, claim.frequency))
        self.add(PCT_INFO, "cmspos", code=concept(PLACE_OF_SERVICE, claim.place_of_service))
        self._dates(claim)
        self.add(OWN_INFO, "signature_on_file", valueBoolean=claim.signature_on_file)
        for name in TEXTS:
            text: str | None = getattr(claim, name)
            if text:
                self.add(OWN_INFO, name, valueString=text)
        if claim.patient_paid is not None:
            self.add(OWN_INFO, "patient_paid", valueQuantity=money_quantity(claim.patient_paid))
        for code in claim.condition_codes:
            self.add(OWN_INFO, "condition_code", valueString=code)
        for attachment in claim.attachments:
            self.attachment(attachment)

    def of_line(self, line: ClaimLine) -> list[int]:
        """The entries of one line; returns their sequences for ``informationSequence``."""
        found = [
            self.add(OWN_INFO, f"line_{name}", valueString=text)
            for name in LINE_TEXTS
            if (text := getattr(line, name))
        ]
        if line.purchased:
            charge = money_quantity(line.purchased.charge)
            found.append(self.add(OWN_INFO, "line_purchase_charge", valueQuantity=charge))
        return found + [self.attachment(item, "line_attachment") for item in line.attachments]

    def attachment(self, item: Attachment, code: str = "attachment") -> int:
        """PWK: kind of report, way it travels, its number."""
        value = " ".join(part for part in (item.report_type, item.transmission, item.control_number) if part)
        return self.add(OWN_INFO, code, valueString=value)

    def _dates(self, claim: Claim) -> None:
        dates = claim.dates
        if dates.onset:
            self.add(INFO_CATEGORY, "onset", timingDate=dates.onset.isoformat())
        if dates.admission or dates.discharge:
            self.add(INFO_CATEGORY, "hospitalized", timingPeriod=_period(dates.admission, dates.discharge))
        if dates.disability_from or dates.disability_to:
            period = _period(dates.disability_from, dates.disability_to)
            self.add(INFO_CATEGORY, "employmentimpacted", timingPeriod=period)
        for name in DATES:
            moment: date | None = getattr(dates, name)
            if moment:
                self.add(OWN_INFO, name, timingDate=moment.isoformat())


def money_quantity(amount: Decimal) -> Json:
    """US dollars as a Quantity (supportingInfo has no Money)."""
    return {"value": amount.quantize(Decimal("0.01")), "unit": "USD", "system": CURRENCY, "code": "USD"}


def _period(start: date | None, end: date | None) -> Json:
    ends = (("start", start), ("end", end))
    return {name: moment.isoformat() for name, moment in ends if moment}
