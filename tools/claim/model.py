"""The claim object: one frozen record from which every rendering is written. Money is Decimal, US dollars."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from knowledge.records import CodeSystem, Evidence, Record
from tools.encounter import Address, CoverageFacts, Person, Provider


class ClaimDiagnosis(Record):
    """A diagnosis on the claim, ICD-10-CM with its dot; ``sequence`` 1 is first-listed; at most 12."""

    sequence: int
    code: str
    display: str
    evidence: tuple[Evidence, ...] = ()


class Drug(Record):
    """The NDC of a drug line (837P loop 2410)."""

    ndc: str = Field(description="11 digits, no dashes")
    quantity: Decimal
    unit: Literal["F2", "GR", "ME", "ML", "UN"]
    prescription_number: str | None = Field(default=None, description="REF*XZ of loop 2410")


class Attachment(Record):
    """Paper or electronic support for the claim or a line (PWK): kind, how it travels, its number."""

    report_type: str = Field(description="PWK01, e.g. 'OZ' support data, '03' report of treatment")
    transmission: Literal["AA", "BM", "EL", "EM", "FT", "FX"]
    control_number: str | None = Field(default=None, description="PWK06; needed unless transmission is AA")


class PurchasedService(Record):
    """A service bought from an outside supplier (PS1 and loop 2420B, box 20)."""

    provider: Provider
    charge: Decimal


class Rvu(Record):
    """Relative values of one unit in the setting of the claim."""

    work: Decimal
    total: Decimal


class Adjustment(Record):
    """A payer's adjustment (837P/835 CAS): group code, CARC, amount, quantity."""

    group: str
    carc: str
    amount: Decimal
    quantity: Decimal | None = None


class LinePayment(Record):
    """What an earlier payer did with the line (loop 2430)."""

    payer_id: str
    paid: Decimal
    units: Decimal
    paid_on: date
    code: str | None = None
    modifiers: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    remaining: Decimal | None = Field(default=None, description="patient's remaining liability, AMT*EAF")


class ClaimPayment(Record):
    """What an earlier payer did with the claim (loop 2320)."""

    payer_id: str
    paid: Decimal
    paid_on: date | None = None
    adjustments: tuple[Adjustment, ...] = ()
    non_covered: Decimal | None = Field(default=None, description="AMT*A8")
    remaining: Decimal | None = Field(default=None, description="patient's remaining liability, AMT*EAF")
    control_number: str | None = Field(default=None, description="that payer's claim number, 2330B REF*F8")
    remark_codes: tuple[str, ...] = Field(default=(), description="MOA03 to MOA07")


class ClaimLine(Record):
    """One service line. ``units`` of UN (units) or MJ (anaesthesia minutes); ``charge`` is for all units."""

    number: int
    code: str
    system: CodeSystem
    display: str
    modifiers: tuple[str, ...] = Field(default=(), max_length=99)
    units: Decimal
    unit_basis: Literal["UN", "MJ"] = "UN"
    place_of_service: str
    date_from: date
    date_to: date
    charge: Decimal
    charge_basis: Literal["charge_master", "derived", "given"] = "given"
    pointers: tuple[int, ...]
    rvu: Rvu | None = None
    drug: Drug | None = None
    emergency: bool = False
    rendering: Provider | None = None
    ordering: Provider | None = None
    referring: Provider | None = None
    supervising: Provider | None = None
    facility: Provider | None = None
    purchased: PurchasedService | None = None
    prior_authorization: str | None = None
    referral_number: str | None = None
    epsdt: bool = False
    family_planning: bool = False
    attachments: tuple[Attachment, ...] = ()
    control_number: str | None = Field(default=None, description="REF*6R, at most 30 characters")
    clia: str | None = None
    note: str | None = None
    evidence: tuple[Evidence, ...] = ()
    payments: tuple[LinePayment, ...] = ()


class ClaimDates(Record):
    """Claim-level dates of loop 2300."""

    onset: date | None = None
    initial_treatment: date | None = None
    last_seen: date | None = None
    accident: date | None = None
    lmp: date | None = None
    admission: date | None = None
    discharge: date | None = None
    disability_from: date | None = None
    disability_to: date | None = None
    acute_manifestation: date | None = None
    last_xray: date | None = None
    prescription: date | None = None
    last_worked: date | None = None
    return_to_work: date | None = None
    assumed_care: date | None = None
    relinquished_care: date | None = None
    first_contact: date | None = None


class Accident(Record):
    """Related causes (CLM11, box 10)."""

    employment: bool = False
    auto: bool = False
    other: bool = False
    state: str | None = None


class Claim(Record):
    """The whole professional claim.

    ``draft`` is True until the encounter is emitted. ``frequency`` is 1 original, 7 replacement, 8 void; the
    last two carry ``original_reference`` (payer claim control number).
    """

    schema_version: Literal["1"] = "1"
    claim_id: str = Field(description="CLM01, at most 20 upper-case alphanumerics, globally unique")
    encounter_id: str
    tenant: str = "default"
    draft: bool = True
    frequency: Literal["1", "7", "8"] = "1"
    original_reference: str | None = None
    patient: Person
    coverages: tuple[CoverageFacts, ...]
    billing_provider: Provider | None
    rendering_provider: Provider | None
    referring_provider: Provider | None = None
    supervising_provider: Provider | None = None
    facility: Provider | None = None
    pay_to: Address | None = None
    place_of_service: str
    diagnoses: tuple[ClaimDiagnosis, ...]
    lines: tuple[ClaimLine, ...]
    total_charge: Decimal
    patient_paid: Decimal | None = None
    prior_authorization: str | None = None
    referral_number: str | None = None
    clia: str | None = None
    dates: ClaimDates = ClaimDates()
    accident: Accident = Accident()
    note: str | None = None
    payments: tuple[ClaimPayment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    condition_codes: tuple[str, ...] = Field(default=(), description="HI*BG, box 10d")
    anesthesia_procedures: tuple[str, ...] = Field(default=(), description="HI*BP and BO, at most 2")
    property_casualty_number: str | None = Field(default=None, description="REF*Y4, box 11b")
    mammography_certification: str | None = Field(default=None, description="REF*EW")
    delay_reason: str | None = Field(default=None, description="CLM20")
    special_program: Literal["02", "03", "05", "09"] | None = Field(default=None, description="CLM12")
    billed_order: int | None = Field(
        default=None,
        description="order of the coverage billed; None = the first that has not paid yet",
    )
    signature_on_file: bool = True
    assignment: Literal["A", "B", "C"] = "A"
    benefits_assigned: Literal["Y", "N", "W"] = "Y"
    release_of_information: Literal["Y", "I"] = "Y"
    created: date
    editions: dict[str, str] = Field(default_factory=dict, description="table -> edition used")

    @property
    def primary(self) -> CoverageFacts | None:
        """The coverage this claim bills first."""
        return min(self.coverages, key=lambda c: c.order, default=None)

    @property
    def billed(self) -> CoverageFacts | None:
        """The coverage this claim is sent to: ``billed_order``, else the first unpaid, else the last."""
        ordered = sorted(self.coverages, key=lambda c: c.order)
        if self.billed_order is not None:
            return next((c for c in ordered if c.order == self.billed_order), None)
        paid = {p.payer_id for p in self.payments}
        unpaid = [c for c in ordered if c.payer_id not in paid]
        return next(iter(unpaid), ordered[-1] if ordered else None)

    @property
    def others(self) -> tuple[CoverageFacts, ...]:
        """The coverages this claim is not sent to, in order of benefits."""
        billed = self.billed
        return tuple(c for c in sorted(self.coverages, key=lambda c: c.order) if c is not billed)
